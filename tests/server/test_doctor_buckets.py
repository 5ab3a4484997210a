"""What the doctor says of a bucket: written and read, and whether browsers may use it."""

import asyncio
import json

import pytest
from traitlets.config import Config

from leonidas_jupyter.core.config import load_settings
from leonidas_jupyter.core.s3place import parse_s3
from leonidas_jupyter.server.engine_looks import look_at_storage
from leonidas_jupyter.server.troubles import Trouble
from leonidas_jupyter.storage.s3cors import RULE, allowed_origins
from scripts.servers.s3 import root_client

GOOD = json.loads(RULE)


@pytest.fixture
def look(s3_url, tmp_path):
    def look(**settings):
        config = {"storage_url": s3_url, "data_dir": str(tmp_path), **settings}
        return asyncio.run(look_at_storage(load_settings(Config({"Leonidas": config}), {})))

    return look


@pytest.fixture
def cors(s3_url, s3_endpoint):
    """Sets the rules of the bucket; they are gone at the end."""
    root, bucket = root_client("s3", s3_endpoint), parse_s3(s3_url).bucket

    def put(*rules):
        root.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": list(rules)})

    yield put
    root.delete_bucket_cors(Bucket=bucket)
    root.close()


def test_a_bucket_without_rules_is_not_for_browsers(look):
    with pytest.raises(Trouble, match="browsers may not") as said:
        look()
    assert said.value.verdict == "warning"
    assert RULE in said.value.remedy
    assert "transfer = 'proxy'" in said.value.remedy


def test_by_proxy_no_rule_is_needed(look):
    assert look(transfer="proxy") == "s3, written, read and deleted"


def test_the_rule_that_is_named_does(look, cors):
    cors({**GOOD, "AllowedOrigins": ["https://hub.example.org"]})
    assert look().endswith("; pages of https://hub.example.org may use the bucket")


@pytest.mark.parametrize(
    "change",
    [
        {"AllowedMethods": ["GET"]},
        {"AllowedHeaders": ["content-type"]},
        {"ExposeHeaders": []},
        {"AllowedHeaders": None},
    ],
)
def test_what_a_rule_lacks_is_seen(change):
    assert allowed_origins([GOOD]) == ["https://YOUR-JUPYTER"]
    rule = {name: value for name, value in {**GOOD, **change}.items() if value is not None}
    assert allowed_origins([rule]) == []


def test_a_bucket_that_is_not_there_is_said(look, s3_url):
    with pytest.raises(Trouble, match=r"does not exist; create it|does not allow") as said:
        look(storage_url=s3_url.replace("leonidas-tests", "leonidas-none"))
    assert said.value.verdict == "failed"
