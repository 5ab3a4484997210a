"""A store in a bucket of a real S3-like server, and what stands behind its signed URLs."""

import asyncio
import re
from dataclasses import replace

import pytest

from leonidas_jupyter.core.s3place import parse_s3
from leonidas_jupyter.storage import s3uploads, s3writing
from leonidas_jupyter.storage.s3 import S3Store
from leonidas_jupyter.storage.signing import UrlSigner
from scripts.servers.s3 import root_client

SIGNER = UrlSigner(b"k" * 32, "/leonidas/api/v1")


@pytest.fixture
def place(s3_url):
    """Below whose prefix there is nothing yet."""
    return parse_s3(s3_url)


@pytest.fixture
def on_s3(place):
    """Runs ``body(store)`` on a store whose signed URLs are the bucket's own."""

    def run(body, **changes):
        async def main():
            store = S3Store(replace(place, **changes), SIGNER)
            try:
                return await body(store)
            finally:
                await store.close()

        return asyncio.run(main())

    return run


@pytest.fixture
def small_parts(monkeypatch):
    """Parts of 1 MiB in place of 8, so that the tests are quick; this server takes them."""
    monkeypatch.setattr(s3writing, "PART_BYTES", 1024**2)
    monkeypatch.setattr(s3writing, "COPY_BYTES", 1024**2)
    monkeypatch.setattr(s3uploads, "PART_BYTES", 1024**2)
    monkeypatch.setattr(s3uploads, "PARTED_BYTES", 2 * 1024**2)


@pytest.fixture
def calls(monkeypatch):
    """The names of the calls that are made, as they are made."""
    from leonidas_jupyter.storage.s3calls import S3Calls

    made = []
    whole = S3Calls.call

    async def call(self, operation, **parameters):
        made.append(re.sub(r"_v2$", "", operation))
        return await whole(self, operation, **parameters)

    monkeypatch.setattr(S3Calls, "call", call)
    return made


@pytest.fixture
def s3_versions(s3_endpoint, place):
    """The bucket keeps versions; what lists them, and marks of deletion, below a prefix of keys."""
    root = root_client("s3", s3_endpoint)

    def keep(status):
        root.put_bucket_versioning(Bucket=place.bucket, VersioningConfiguration={"Status": status})

    def listed(store, prefix):
        page = root.list_object_versions(Bucket=place.bucket, Prefix=store._objects + prefix)
        return [*page.get("Versions", []), *page.get("DeleteMarkers", [])]

    keep("Enabled")
    yield listed
    keep("Suspended")
    root.close()
