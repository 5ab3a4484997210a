"""Results that a kernel saves: what they say of where they come from and how they are written."""

import hashlib

from leonidas_jupyter.core.errors import ErrorCode
from leonidas_jupyter.files.schemas import FileLimits
from tests.projects.world import BOB

CSV = b"code,amount\n00501,1\n10001,2\n"
SAVED = {"source": "APP_GENERATED", "dialect": {"text_columns": ["amount"], "delimiter": ","}}


def test_a_saved_result_names_its_sources(run, gate):
    async def body(world):
        project_id = await world.project()
        sources = [(await world.upload(project_id, CSV, f"{n}.csv"))["file_id"] for n in "ab"]
        told = {**SAVED, "derived_from": [*sources, sources[0]]}
        saved = await world.upload(project_id, CSV, "saved.csv", **told)
        assert saved["source"] == "APP_GENERATED"
        assert saved["derived_from"] == ",".join(sources)
        assert saved["override"]["text_columns"] == ["amount"]
        plain = await world.file(sources[0])
        assert (plain["source"], plain["derived_from"]) == ("USER_UPLOAD", None)

    run(body)


def test_sources_are_files_of_the_same_project(run, gate):
    async def body(world):
        project_id = await world.project()
        theirs = await world.project(caller=BOB)
        place = await world.call(
            "POST",
            f"/projects/{theirs}/files/upload-url",
            {"filename": "b.csv", "size": 1},
            caller=BOB,
        )
        path = f"/projects/{project_id}/files/upload-url"
        for foreign in (place.json["file_id"], "none"):
            told = {"filename": "a.csv", "size": 1, **SAVED, "derived_from": [foreign]}
            await world.refused(ErrorCode.NOT_FOUND, "POST", path, told)
        wrong = {"filename": "a.csv", "size": 1, "dialect": {"delimiter": '"', "quote": '"'}}
        await world.refused(ErrorCode.INVALID_REQUEST, "POST", path, wrong)
        assert (await world.call("GET", f"/projects/{project_id}/files")).json["items"] == []

    run(body)


def test_what_takes_the_place_of_a_file_says_where_it_comes_from_itself(run, gate):
    async def body(world):
        project_id = await world.project()
        source = await world.upload(project_id, CSV, "a.csv")
        first = await world.upload(project_id, CSV, "b.csv")
        told = {**SAVED, "derived_from": [source["file_id"]], "replaces": first["file_id"]}
        place = await world.begin(project_id, CSV + b"3,4\n", "b.csv", **told)
        assert (await world.file(first["file_id"]))["source"] == "USER_UPLOAD"  # until it stands
        await world.put(place, CSV + b"3,4\n")
        await world.confirm(place["file_id"])
        saved = await world.done(first["file_id"])
        assert (saved["source"], saved["content_version"]) == ("APP_GENERATED", 2)
        assert saved["derived_from"] == source["file_id"]
        again = await world.upload(project_id, CSV, "b.csv", replaces=first["file_id"])
        assert (again["source"], again["derived_from"]) == ("USER_UPLOAD", None)

    run(body)


def test_a_corrected_dialect_keeps_where_a_file_comes_from(run, gate):
    async def body(world):
        project_id = await world.project()
        saved = await world.upload(project_id, CSV, "b.csv", **SAVED)
        await world.call("PUT", f"/files/{saved['file_id']}/dialect", {"delimiter": ";"})
        now = await world.done(saved["file_id"])
        assert now["source"] == "APP_GENERATED"
        assert now["override"]["delimiter"] == ";"
        assert now["override"]["text_columns"] is None

    run(body)


def test_the_frames_digest_is_that_of_its_bytes(run):
    async def body(world):
        project_id = await world.project()
        file = await world.upload(project_id, CSV)
        place = await world.call("GET", f"/files/{file['file_id']}/download-url?form=frame")
        answer = await world.call("GET", place.json["download_url"])
        assert file["frame_sha256"] == hashlib.sha256(answer.content).hexdigest()
        saved = await world.upload(project_id, CSV, "b.csv", **SAVED)
        assert [column["type"] for column in saved["profile"]["columns"]] == ["text", "text"]

    run(body)


def test_saved_results_take_no_more_of_a_project_than_is_allowed(run, gate):
    async def body(world):
        project_id = await world.project()
        await world.upload(project_id, CSV * 9, "own.csv")
        saved = await world.upload(project_id, CSV, "saved.csv", **SAVED)
        path = f"/projects/{project_id}/files/upload-url"
        more = {"filename": "more.csv", "size": len(CSV) + 1}
        await world.refused(ErrorCode.FILE_TOO_LARGE, "POST", path, {**more, **SAVED})
        instead = {**more, **SAVED, "replaces": saved["file_id"]}
        assert (await world.call("POST", path, instead)).status == 201
        assert (await world.call("POST", path, more)).status == 201

    run(body, limits=FileLimits(saved_bytes=2 * len(CSV)))
