"""DynamoDB and S3 fail at one call of the journey from an account to an answer and away again."""

import asyncio
from contextlib import asynccontextmanager
from itertools import count
from urllib.parse import urlsplit

import pytest

from leonidas_jupyter.core import aws
from leonidas_jupyter.core.s3place import parse_s3
from leonidas_jupyter.server.engines import SPECS
from leonidas_jupyter.server.spilled import SpilledObjects
from leonidas_jupyter.storage import s3uploads, s3writing
from leonidas_jupyter.storage.s3 import S3Store
from leonidas_jupyter.storage.signing import UrlSigner
from leonidas_jupyter.tables.dynamodb import open_dynamodb
from tests.reliability.awsfaults import FAULTS, Call, Injector, watching
from tests.reliability.faultcells import ALL_STEPS, Cells
from tests.reliability.faultserver import hosts

_BELOW = "*objects/projects/*/files/*/1"
_RUN = "messages run_events runs"
MAIN = [
    # step, service, call, about, fault, lasting
    ("start", "dynamodb", "DescribeTable", "runs", "expired", True),
    ("register", "dynamodb", "TransactWriteItems", "users", "lost", True),
    ("login", "dynamodb", "GetItem", "token_families", "throttled", True),
    ("create", "dynamodb", "PutItem", "projects", "lost", False),
    ("upload", "dynamodb", "TransactWriteItems", "files projects", "clock", False),
    ("upload", "s3", "CopyObject", f"{_BELOW}/original", "lost", True),
    ("upload", "s3", "PutObject", f"{_BELOW}/frame-*.parquet", "denied", True),
    ("upload", "s3", "GetObject", f"{_BELOW}/profile-*.json", "torn", True),
    ("upload_parts", "s3", "CompleteMultipartUpload", f"{_BELOW}/original", "lost", False),
    ("listing", "dynamodb", "BatchGetItem", "files", "left over", True),
    ("ask", "dynamodb", "TransactWriteItems", f"{_RUN} sessions", "lost", True),
    ("ask", "s3", "GetObject", f"{_BELOW}/frame-*.parquet", "silence", True),
    ("ask", "dynamodb", "TransactWriteItems", _RUN, "denied", False),
    ("ask", "dynamodb", "TransactWriteItems", _RUN, "error 503", True),
    ("rename", "dynamodb", "TransactWriteItems", "files", "conflict", True),
    ("remove", "s3", "DeleteObjects", "", "left over", True),
    ("leave", "dynamodb", "DeleteItem", "projects", "torn", False),
]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    """Attempts follow one another at once; parts of uploads are small."""
    delay = "botocore.retries.standard.ExponentialBackoff.delay_amount"
    monkeypatch.setattr(delay, lambda _self, _context: 0)
    monkeypatch.setattr(aws, "ATTEMPTS", 3)
    for module in ("tables.dynamodb_calls", "storage.s3reading", "storage.s3removing"):
        monkeypatch.setattr(f"leonidas_jupyter.{module}._FIRST_PAUSE", 0.0)
    monkeypatch.setattr(s3uploads, "PART_BYTES", 32_768)
    monkeypatch.setattr(s3uploads, "PARTED_BYTES", 65_536)
    monkeypatch.setattr(s3writing, "PART_BYTES", 65_536)


@pytest.fixture
def cells(tmp_path, dynamodb_url, s3_url, monkeypatch):
    """Cells on tables and a prefix of their own each."""
    parts, s3 = urlsplit(dynamodb_url), urlsplit(s3_url)
    numbers = count()

    @asynccontextmanager
    async def fresh(transfer):
        number = f"{next(numbers):05}"
        database_url = parts._replace(path=f"{parts.path}-{number}").geturl()
        storage_url = s3._replace(path=f"{s3.path}/{number}").geturl()
        store = S3Store(parse_s3(storage_url), UrlSigner(b"k" * 32, ""))
        database = open_dynamodb(database_url, SPECS, create=True, objects=SpilledObjects(store))
        settings = {
            "data_dir": str(tmp_path / number),
            "database_url": database_url,
            "storage_url": storage_url,
            "transfer": transfer,
            "auth": "password",
            "demo_project": False,
            "signing_keys": ["k" * 40],
        }
        try:
            yield settings, database, store
        finally:
            await database.close()
            await store.close()

    @asynccontextmanager
    async def cells(transfer="direct"):
        injector = Injector()
        async with hosts(monkeypatch) as host:
            with watching(injector, monkeypatch):
                yield Cells(host, injector, lambda: fresh(transfer), FAULTS)

    return cells


# Connections that were torn or went silent are left to the garbage collector by botocore.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.timeout(1200)  # seventeen journeys, on a machine that may be busy
def test_the_main_calls(cells):
    async def body():
        async with cells() as made:
            wrong = []
            for step, service, operation, about, fault, lasting in MAIN:
                call = Call(step, service, operation, about)
                wrong += await made.tried(call, 1, fault, lasting=lasting)
            assert wrong == []
            assert made.ran == len(MAIN)

    asyncio.run(body())


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.soak
@pytest.mark.parametrize(
    ("transfer", "step"),
    [("direct", step) for step in ALL_STEPS] + [("proxy", "upload"), ("proxy", "upload_parts")],
)
def test_every_fault_at_every_call(cells, transfer, step):
    async def body():
        async with cells(transfer) as made:
            assert await made.matrix(step) == []

    asyncio.run(body())
