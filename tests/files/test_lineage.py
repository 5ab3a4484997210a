"""What files tell of each other: likely joins, and what a saved result was computed from."""

import json

CUSTOMERS = b"id,name\n" + b"".join(b"%d,n%d\n" % (i, i) for i in range(1, 41))
ORDERS = b"customer_id,amount\n" + b"".join(b"%d,%d.5\n" % (i % 30 + 1, i) for i in range(90))
JOIN = {
    "column": "customer_id",
    "frame": "customers",
    "other_column": "id",
    "share": 1.0,
    "other_share": 0.75,
    "exact": True,
    "unique_here": False,
    "unique_there": True,
}


def test_a_file_tells_its_likely_joins_and_no_sketch(run):
    async def body(world):
        project_id = await world.project()
        orders = await world.upload(project_id, ORDERS, "orders.csv")
        assert orders["joins"] == []
        customers = await world.upload(project_id, CUSTOMERS, "customers.csv")
        # The other file arrived later, and nothing of the first is read again.
        answer = await world.call("GET", f"/files/{orders['file_id']}")
        assert answer.json["joins"] == [JOIN]
        assert "hashes" not in str(answer.json)
        assert [join["column"] for join in customers["joins"]] == ["id"]
        (listed, _) = (await world.call("GET", f"/projects/{project_id}/files")).json["items"]
        assert (listed["joins"], listed["profile"]) == (None, None)
        await world.call("DELETE", f"/files/{customers['file_id']}")
        assert (await world.file(orders["file_id"]))["joins"] == []

    run(body)


def test_frames_of_other_projects_are_not_told(run):
    async def body(world):
        orders = await world.upload(await world.project(), ORDERS, "orders.csv")
        await world.upload(await world.project("Other"), CUSTOMERS, "customers.csv")
        assert (await world.file(orders["file_id"]))["joins"] == []

    run(body)


def test_a_frame_that_is_lost_takes_no_joins_from_the_others(run):
    async def body(world):
        project_id = await world.project()
        orders = await world.upload(project_id, ORDERS, "orders.csv")
        lost = await world.upload(project_id, CUSTOMERS, "customers.csv")
        for name in await world.objects():
            if lost["file_id"] in name and "profile" in name:
                await world.store.delete(name)
        await world.upload(project_id, CUSTOMERS, "clients.csv")
        world.files._frames._profiles.clear()
        joins = (await world.file(orders["file_id"]))["joins"]
        # "customer" is no client, and whole numbers from 1 join by names alone
        assert joins == []

    run(body)


def test_profiles_that_were_stored_before_joins_were_known_are_read(run):
    async def body(world):
        project_id = await world.project()
        orders = await world.upload(project_id, ORDERS, "orders.csv")
        await world.upload(project_id, CUSTOMERS, "customers.csv")
        for name in [name for name in await world.objects() if "profile" in name]:
            profile = json.loads(b"".join([chunk async for chunk in world.store.get(name)]))
            assert profile.pop("keys")
            for column in profile["columns"]:
                del column["quantiles_exact"], column["mean_length"]
            await world.store.put(name, json.dumps(profile).encode())
        world.files._frames._profiles.clear()
        file = await world.file(orders["file_id"])
        assert (file["joins"], file["profile"]["rows"]) == ([], 90)

    run(body)


def test_what_a_result_was_computed_from_is_told_by_names(run):
    async def body(world):
        project_id = await world.project()
        orders = await world.upload(project_id, ORDERS, "orders.csv")
        other = await world.upload(project_id, CUSTOMERS, "customers.csv")
        sources = [orders["file_id"], other["file_id"]]
        saved = await world.upload(
            project_id, b"a\n1\n", "saved.csv", source="APP_GENERATED", derived_from=sources
        )
        assert saved["derived_from_names"] == ["orders.csv", "customers.csv"]
        path = f"/files/{orders['file_id']}/rename"
        await world.call("PUT", path, {"filename": "Orders 2024.csv"})
        await world.call("DELETE", f"/files/{other['file_id']}")
        listed = (await world.call("GET", f"/projects/{project_id}/files")).json["items"]
        names = {file["filename"]: file["derived_from_names"] for file in listed}
        assert names == {
            "saved.csv": ["Orders 2024.csv", "a deleted file"],
            "Orders 2024.csv": None,
        }

    run(body)
