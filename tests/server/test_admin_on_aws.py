"""Accounts exported and erased where rows are in DynamoDB and files in S3, with versions."""

import getpass
import io
import json
import zipfile
from base64 import b64encode
from random import Random
from urllib.parse import parse_qs, urlsplit

import pytest

from leonidas_jupyter.chat.repository import MESSAGES
from leonidas_jupyter.projects.repository import MEMBERS
from leonidas_jupyter.projects.schemas import Member
from leonidas_jupyter.server.health import Health
from leonidas_jupyter.tables.dynamodb_spill import FOLDER, owner_of
from scripts.servers.s3 import root_client
from tests.server.test_admin import erased, until, user_id
from tests.server.test_matrix import CSV, world

NOISE = b64encode(Random(5).randbytes(700_000)).decode()  # noqa: S311 - no secret
"""More than an item of DynamoDB takes, also compressed."""


@pytest.fixture
def leonidas_settings(leonidas_settings, s3_url, dynamodb_url):
    return leonidas_settings | {
        "admins": [getpass.getuser()],
        "database_url": dynamodb_url,
        "storage_url": s3_url,
        "create_tables": True,
        "transfer": "proxy",
    }


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Erasures that wait for no other process."""
    monkeypatch.setattr("leonidas_jupyter.admin.schemas.SETTLE_SECONDS", 0.0)


@pytest.fixture
def bucket(s3_url):
    """What the bucket holds below the prefix of the test, with every version."""
    url = urlsplit(s3_url)
    root = root_client("s3", parse_qs(url.query)["endpoint_url"][0])
    keeping = {"Bucket": url.netloc, "VersioningConfiguration": {"Status": "Enabled"}}
    root.put_bucket_versioning(**keeping)

    def held():
        """The bytes of every version, and the keys of every version and mark of deletion."""
        pages = root.get_paginator("list_object_versions")
        contents, keys = [], []
        for page in pages.paginate(Bucket=url.netloc, Prefix=url.path.strip("/") + "/"):
            keys += [each["Key"] for each in page.get("DeleteMarkers", [])]
            for each in page.get("Versions", []):
                at = {"Bucket": url.netloc, "Key": each["Key"], "VersionId": each["VersionId"]}
                contents.append(root.get_object(**at)["Body"].read())
                keys.append(each["Key"])
        return contents, [key.partition("/objects/")[2] for key in keys]

    yield held
    keeping["VersioningConfiguration"]["Status"] = "Suspended"
    root.put_bucket_versioning(**keeping)
    root.close()


def items(database):
    """Every item of every table, as DynamoDB has it."""
    for table in database.tables.values():
        for page in database.client.get_paginator("scan").paginate(TableName=table):
            yield from page["Items"]


def large_of(keys):
    """The ids of the sessions whose messages lie in objects, by the keys of those."""
    found = [owner_of(key) for key in keys if key.startswith(f"{FOLDER}/")]
    return {json.loads(owner)[0] for owner, _ in found}


async def test_an_account_is_exported_from_aws_and_erased_there(api, services, bucket):
    bob, ann = await api.sign_up("bob"), await api.sign_up("ann")
    owned, others = await world(api, bob), await world(api, ann)
    who = await user_id(api, bob)
    database = (await services())[Health]._database
    messages = database.table(MESSAGES)
    await messages.update((owned["session_id"], owned["message_id"]), {"content": NOISE})
    await database.table(MEMBERS).put(
        Member(
            project_id=others["project_id"],
            member="user:bob@example.org",
            role="editor",
            added_by="ann@example.org",
        )
    )
    chat = f"/sessions/{others['session_id']}/chat"
    said = {"content": "what did bob write here"}
    asked = (await api("POST", chat, auth=bob, json_body=said)).json
    asked_at = (await api("GET", chat, auth=ann)).json["items"][2]["message_id"]
    await messages.update((others["session_id"], asked_at), {"content": "bob wrote " + NOISE})
    kept = (others["session_id"], others["message_id"])
    await messages.update(kept, {"content": NOISE[::-1]})

    async def ready():
        answer = await api("POST", f"/admin/users/{who}/export", json_body={})
        assert answer.status == 202, answer.body
        assert answer.json["status"] != "failed"
        return answer.json if answer.json["status"] == "ready" else None

    shown = await until(ready)
    got = await api("GET", shown["download_url"], auth=None, raw=True)
    archive = zipfile.ZipFile(io.BytesIO(got.body))
    assert archive.testzip() is None
    folder = f"projects/{owned['project_id']}/"
    assert archive.read(f"{folder}files/{owned['file_id']}/a.csv") == CSV
    assert NOISE in archive.read(f"{folder}messages.jsonl").decode()
    assert "bob wrote " + NOISE in archive.read("questions.jsonl").decode()
    assert not any(b"argon2" in archive.read(name) for name in archive.namelist())
    assert not any(NOISE[::-1].encode() in archive.read(name) for name in archive.namelist())

    confirm = {"confirm": "bob@example.org"}
    begun = await api("POST", f"/admin/users/{who}/erase", json_body=confirm)
    assert begun.status == 202, begun.body
    assert any("Point-in-time recovery" in each for each in begun.json["remains"])
    assert any("deleted before" in each for each in begun.json["remains"])
    await erased(api, who)

    contents, keys = bucket()
    assert large_of(keys) == {others["session_id"]}
    assert len([key for key in keys if key.startswith(f"{FOLDER}/")]) == 1
    assert (await messages.get(kept)).content == NOISE[::-1]
    left = repr((list(items(database)), contents, keys))
    for gone in (who, "bob@example.org", "what did bob write", *owned.values()):
        if gone != owned["call_id"]:
            assert gone not in left, gone
    assert asked["run_id"] in left
    assert (await api("GET", f"/files/{others['file_id']}", auth=ann)).status == 200
