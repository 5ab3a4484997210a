"""S3 on bad days: every call refused, silent or cut off; what is said, and what is left."""

import asyncio
import hashlib
import http.client
import http.server
import threading
from dataclasses import replace

import pytest

from leonidas_jupyter.core import aws
from leonidas_jupyter.core.aws import AwsOptions
from leonidas_jupyter.storage import s3reading
from leonidas_jupyter.storage.base import ObjectMissing, StoreUnavailable
from leonidas_jupyter.storage.s3 import S3Store
from tests.storage.conftest import SIGNER

CONTENT = bytes(range(256)) * 14_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()

SENTENCES = {
    "SlowDown": (503, "more than it takes at the moment"),
    "InternalError": (500, "has a fault; try again soon"),
    "RequestTimeTooSkewed": (403, "clock differs too much"),
    "ExpiredToken": (400, "credentials have expired"),
    "InvalidAccessKeyId": (403, "does not know the server's AWS credentials"),
    "AccessDenied": (403, "does not allow the server to do this; grant it s3:"),
    "NoSuchBucket": (404, "does not exist; create it, or correct c.Leonidas.storage_url"),
    "InvalidRequest": (400, "check its region, endpoint and settings"),
}

JOURNEY = {
    "put": lambda store: store.put("k", b"x"),
    "put in parts": lambda store: store.put("k", CONTENT),
    "get": lambda store: read(store, "k"),
    "list": lambda store: names(store),
    "delete": lambda store: store.delete("k"),
    "delete prefix": lambda store: store.delete_prefix("k/"),
    "purge": lambda store: store.purge("k/"),
    "copy": lambda store: store.copy("k", "l"),
    "begin parts": lambda store: store.begin_parts("k", 10**9),
    "collect": lambda store: store.collect("k", size=1),
    "sweep": lambda store: store.sweep(),
    "ping": lambda store: store.ping(),
}


async def read(store, key):
    return b"".join([chunk async for chunk in store.get(key)])


async def names(store):
    return [info.key async for info in store.list("")]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    """Two attempts of boto3's, without pauses, in place of five."""
    monkeypatch.setattr(aws, "ATTEMPTS", 2)
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", _at_once)
    monkeypatch.setattr("leonidas_jupyter.storage.s3removing.ATTEMPTS", 2)


def _at_once(_self, _context):
    return 0


class Answer:
    """An answer as botocore reads it, in place of the network's."""

    def __init__(self, status, body=b"", headers=None):
        from botocore.awsrequest import AWSResponse

        class Raw:
            def stream(self, *_args, **_options):
                yield body

        self.made = AWSResponse("http://s3", status, headers or {}, Raw())


def refusing(store, code, status):
    """Every call is answered with this error; how often that was."""
    asked = []
    body = f"<Error><Code>{code}</Code><Message>No.</Message></Error>".encode()

    def answer(**_request):
        asked.append(code)
        return Answer(status, body).made

    store._calls.client.meta.events.register("before-send.s3", answer)
    return asked


@pytest.mark.parametrize("code", SENTENCES)
@pytest.mark.parametrize("step", JOURNEY)
def test_each_refusal_is_one_sentence(on_s3, code, step):
    status, sentence = SENTENCES[code]

    async def body(store):
        asked = refusing(store, code, status)
        with pytest.raises(StoreUnavailable) as said:
            await JOURNEY[step](store)
        text = str(said.value)
        if step not in {"copy", "collect"}:  # they begin with HEAD, whose answers name no code
            assert sentence in text
        assert text.endswith(".")
        assert "http" not in text
        assert said.value.retry_after >= 1
        assert asked

    on_s3(body)


def test_what_boto3_tries_again_succeeds(on_s3):
    async def body(store):
        faults = [503]

        def once(**_request):
            return Answer(faults.pop()).made if faults else None

        store._calls.client.meta.events.register("before-send.s3.PutObject", once)
        assert (await store.put("k", b"x")).size == 1
        assert await read(store, "k") == b"x"
        assert faults == []

    on_s3(body)


def test_nobody_at_the_endpoint(place):
    async def body():
        nowhere = replace(place, aws=replace(place.aws, endpoint_url="http://127.0.0.1:9"))
        store = S3Store(nowhere, SIGNER)
        with pytest.raises(StoreUnavailable, match="cannot be reached; check the network"):
            await store.ping()
        await store.close()

    asyncio.run(body())


def test_what_cannot_be_opened_is_said(place):
    options = AwsOptions(region="eu-central-1", profile="nobody")
    with pytest.raises(StoreUnavailable, match="profile that is set does not stand"):
        S3Store(replace(place, aws=options), SIGNER)


class TestTornDownloads:
    """Between the store and S3 stands one who cuts connections."""

    @pytest.fixture
    def cutter(self, place):
        """A proxy that ends the first answers after so many bytes; what was asked of it."""
        from urllib.parse import urlsplit

        target = urlsplit(place.aws.endpoint_url)

        class Cutter(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            cuts: list[int] = []  # noqa: RUF012 - set by each test
            flips = False
            asked: list[str | None] = []  # noqa: RUF012 - set below

            def do_GET(self):
                upstream = http.client.HTTPConnection(target.netloc, timeout=60)
                headers = {**dict(self.headers.items()), "Host": target.netloc}
                upstream.request("GET", self.path, headers=headers)
                answer = upstream.getresponse()
                content = answer.read()
                Cutter.asked.append(self.headers.get("Range"))
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in {"transfer-encoding", "connection", "date"}:
                        self.send_header(name, value)
                self.end_headers()
                if Cutter.flips:
                    content = content[:-1] + bytes([content[-1] ^ 1])
                if Cutter.cuts and answer.status < 300:
                    content = content[: Cutter.cuts.pop(0)]
                    self.close_connection = True
                self.wfile.write(content)
                upstream.close()

            def log_message(self, *_):
                """Say nothing."""

        Cutter.asked = []
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Cutter)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        Cutter.address = f"127.0.0.1:{server.server_port}"
        yield Cutter
        server.shutdown()
        server.server_close()

    @pytest.fixture
    def through(self, cutter, on_s3):
        """Runs ``body(store)`` with a store whose GETs go by way of the cutter."""

        def run(body):
            async def main(store):
                await store.put("k", CONTENT, sha256=SHA256)

                def divert(request, **_):
                    if request.method == "GET":
                        scheme, _, rest = request.url.partition("://")
                        request.url = f"{scheme}://{cutter.address}/{rest.partition('/')[2]}"

                store._calls.client.meta.events.register("before-send.s3.GetObject", divert)
                return await body(store)

            return on_s3(main)

        return run

    def test_reading_goes_on_where_it_broke(self, through, cutter):
        cutter.cuts = [100_000, 2_000_000, 0]

        async def body(store):
            assert await read(store, "k") == CONTENT

        through(body)
        assert cutter.asked[0] is None
        assert all(asked.startswith("bytes=") for asked in cutter.asked[1:])
        assert len(cutter.asked) == 4

    def test_what_keeps_breaking_is_given_up(self, through, cutter, monkeypatch):
        monkeypatch.setattr(s3reading, "ATTEMPTS", 2)
        cutter.cuts = [0] * 10

        async def body(store):
            with pytest.raises(StoreUnavailable, match=r"cannot be reached|broke"):
                await read(store, "k")

        through(body)

    def test_bytes_that_changed_on_the_way_are_found(self, through, cutter):
        cutter.flips = True

        async def body(store):
            with pytest.raises(StoreUnavailable, match="other bytes than were stored"):
                await read(store, "k")

        through(body)

    def test_another_object_is_not_gone_on_with(self, through, cutter):
        cutter.cuts = [100_000, 2_000_000]

        async def body(store):
            reading = store.get("k")
            await anext(reading)
            await store.put("k", CONTENT[::-1])
            with pytest.raises(StoreUnavailable, match="changed while it was read"):
                async for _ in reading:
                    pass

        through(body)


def test_what_could_not_be_deleted_is_tried_again_and_said(on_s3):
    async def body(store):
        await store.put("p/a", b"x")
        entry = "<Error><Key>{}</Key><Code>AccessDenied</Code><Message>No</Message></Error>"
        key = entry.format(f"{store._objects}p/a")
        asked = []

        def refuse(**_request):
            asked.append(None)
            return Answer(200, f"<DeleteResult>{key}</DeleteResult>".encode()).made

        events = store._calls.client.meta.events
        events.register("before-send.s3.DeleteObjects", refuse)
        with pytest.raises(StoreUnavailable, match="grant it s3:DeleteObject"):
            await store.delete_prefix("p/")
        assert len(asked) == 2
        events.unregister("before-send.s3.DeleteObjects", refuse)
        await store.delete_prefix("p/")
        with pytest.raises(ObjectMissing):
            await read(store, "p/a")

    on_s3(body)


def test_a_thousand_objects_go_at_once(on_s3, calls, monkeypatch):
    from leonidas_jupyter.storage import s3removing

    monkeypatch.setattr(s3removing, "AT_ONCE", 2)

    async def body(store):
        for number in range(5):
            await store.put(f"p/{number}", b"x")
        calls.clear()
        await store.delete_prefix("p/")
        assert calls.count("delete_objects") == 3
        assert await names(store) == []

    on_s3(body)
