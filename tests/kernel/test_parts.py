"""Large files in parts and ranges: tried again, gone on with, stopped, refused."""

import hashlib
import threading

import pytest

from leonidas_jupyter.kernel import parts as parts_module
from leonidas_jupyter.kernel import ranges as ranges_module
from leonidas_jupyter.kernel import transfers
from leonidas_jupyter.kernel.errors import ConnectionLost, LeonidasError
from leonidas_jupyter.kernel.parts import Part, parts_in, send_parts
from leonidas_jupyter.kernel.ranges import receive_ranges
from leonidas_jupyter.kernel.transfers import Signed, receive
from tests.kernel.test_transfers import Counter

CONTENT = bytes(range(256)) * 400
PART = 30_000


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(transfers, "PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(ranges_module, "RANGE_BYTES", PART)


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(CONTENT)
    return path


def xml(code, message="No."):
    return f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"


def keep(call):
    call.answer(200, b"", {"ETag": f'"{hashlib.md5(call.body).hexdigest()}"'})  # noqa: S324 - S3's


def place(stub, known=()):
    sizes = [min(PART, len(CONTENT) - at) for at in range(0, len(CONTENT), PART)]
    return [
        {
            "number": n,
            "size": size,
            "url": f"{stub.origin}/bucket/k?partNumber={n}",
            "etag": f'"e{n}"' if n in known else None,
        }
        for n, size in enumerate(sizes, start=1)
    ]


def never():
    raise AssertionError("nothing was over")


def sent(stub):
    return sorted(int(call.query["partNumber"]) for call in stub.calls)


class TestUploads:
    def test_the_parts_make_the_file(self, stub, source):
        stub.on["PUT", "/bucket/k"] = [keep]
        advance = Counter()
        parts = parts_in({"parts": place(stub)})
        confirmed = send_parts(source, parts, never, advance)
        calls = sorted(stub.calls, key=lambda call: int(call.query["partNumber"]))
        assert b"".join(call.body for call in calls) == CONTENT
        assert [each["number"] for each in confirmed] == [1, 2, 3, 4]
        assert all(len(each["etag"]) == 34 for each in confirmed)
        assert advance.total == len(CONTENT)
        assert all("authorization" not in call.headers for call in calls)
        assert all("content-md5" in call.headers for call in calls)

    def test_what_is_there_is_not_sent_again(self, stub, source):
        stub.on["PUT", "/bucket/k"] = [keep]
        advance = Counter()
        parts = parts_in({"parts": place(stub, known={1, 3})})
        confirmed = send_parts(source, parts, never, advance)
        assert sent(stub) == [2, 4]
        assert [each["etag"] for each in confirmed][::2] == ['"e1"', '"e3"']
        assert advance.total == len(CONTENT)

    def test_several_are_under_way_at_once(self, stub, source):
        together = threading.Barrier(3, timeout=60)

        def wait(call):
            if int(call.query["partNumber"]) <= 3:
                together.wait()
            keep(call)

        stub.on["PUT", "/bucket/k"] = [wait]
        send_parts(source, parts_in({"parts": place(stub)}), never, Counter())
        assert sent(stub) == [1, 2, 3, 4]

    def test_a_busy_store_and_a_broken_connection_are_tried_again(self, stub, source):
        stub.on["PUT", "/bucket/k"] = [
            lambda call: call.answer(503, xml("SlowDown").encode()),
            lambda call: call.hang_up(),
            lambda call: call.answer(500, xml("InternalError").encode()),
            keep,
        ]
        advance = Counter()
        send_parts(source, parts_in({"parts": place(stub)}), never, advance)
        assert len(stub.calls) == 7
        assert advance.total == len(CONTENT)

    def test_what_keeps_failing_is_said_and_the_rest_is_stopped(self, stub, source):
        stub.on["PUT", "/bucket/k"] = [lambda call: call.answer(503, xml("SlowDown").encode())]
        with pytest.raises(LeonidasError, match=r"store is busy \(SlowDown\); try again"):
            send_parts(source, parts_in({"parts": place(stub)}), never, Counter())

    def test_a_refusal_is_said_at_once(self, stub, source):
        stub.on["PUT", "/bucket/k"] = [lambda call: call.answer(400, xml("BadDigest").encode())]
        with pytest.raises(LeonidasError, match=r"refused the transfer \(BadDigest\)"):
            send_parts(source, parts_in({"parts": place(stub)}), never, Counter())
        assert len(stub.calls) <= 4

    def test_addresses_that_are_over_are_asked_for_again(self, stub, source):
        expired = xml("AccessDenied", "Request has expired").encode()

        def answer(call):
            if len(stub.calls) == 2:
                call.answer(403, expired)
            else:
                keep(call)

        stub.on["PUT", "/bucket/k"] = [answer]
        asked = []

        def again():
            asked.append(None)
            return parts_in({"parts": place(stub, known={1})})

        advance = Counter()
        confirmed = send_parts(source, parts_in({"parts": place(stub)}), again, advance)
        assert len(asked) == 1
        assert [each["number"] for each in confirmed] == [1, 2, 3, 4]
        assert confirmed[0]["etag"] == '"e1"'
        assert advance.total == len(CONTENT)

    def test_addresses_that_are_over_again_and_again_are_given_up(self, stub, source, monkeypatch):
        monkeypatch.setattr(parts_module, "RENEWALS", 2)
        stub.on["PUT", "/bucket/k"] = [lambda call: call.answer(403, xml("ExpiredToken").encode())]
        asked = []

        def again():
            asked.append(None)
            return parts_in({"parts": place(stub)})

        with pytest.raises(LeonidasError, match="is over; try again"):
            send_parts(source, parts_in({"parts": place(stub)}), again, Counter())
        assert len(asked) == 2

    def test_an_interrupt_stops_the_parts_under_way(self, stub, source, monkeypatch):
        stub.on["PUT", "/bucket/k"] = [keep]

        def interrupted(futures, **_):
            raise KeyboardInterrupt

        monkeypatch.setattr("leonidas_jupyter.kernel.together.wait", interrupted)
        with pytest.raises(KeyboardInterrupt):
            send_parts(source, parts_in({"parts": place(stub)}), never, Counter())
        assert len([t for t in threading.enumerate() if "leonidas-transfer" in t.name]) == 0

    def test_parts_are_read_from_where_they_begin(self):
        found = parts_in(
            {
                "parts": [
                    {"number": 2, "url": "b", "size": 5, "etag": None},
                    {"number": 1, "url": "a", "size": 9, "etag": "x"},
                ]
            }
        )
        assert found == [Part(1, "a", 0, 9, "x"), Part(2, "b", 9, 5)]
        assert parts_in({"parts": None}) == []


def serve(call):
    """As a store answers: the range that is asked for."""
    first, _, last = call.headers.get("range", "bytes=0-").removeprefix("bytes=").partition("-")
    end = int(last) + 1 if last else len(CONTENT)
    headers = {"Content-Range": f"bytes {first}-{end - 1}/{len(CONTENT)}"}
    call.answer(206 if "range" in call.headers else 200, CONTENT[int(first) : end], headers)


class TestDownloads:
    def down(self, stub):
        return Signed(f"{stub.origin}/bucket/k?X-Amz-Signature=x", "GET", {})

    def test_ranges_make_the_file(self, stub, tmp_path):
        stub.on["GET", "/bucket/k"] = [serve]
        advance = Counter()
        receive_ranges(tmp_path / "d", self.down(stub), "http://127.0.0.1:9", len(CONTENT), advance)
        assert (tmp_path / "d").read_bytes() == CONTENT
        assert advance.total == len(CONTENT)
        assert sorted(call.headers["range"] for call in stub.calls)[0] == f"bytes=0-{PART - 1}"
        assert len(stub.calls) == 4

    def test_this_server_is_asked_for_the_whole(self, stub, tmp_path):
        stub.on["GET", "/blobs/down"] = [serve]
        down = Signed("/base/leonidas/api/v1/blobs/down", "GET", {})
        receive_ranges(tmp_path / "d", down, stub.origin, len(CONTENT), Counter())
        assert [call.headers.get("range") for call in stub.calls] == [None]

    def test_a_store_without_ranges_is_asked_for_the_whole(self, stub, tmp_path):
        stub.on["GET", "/bucket/k"] = [lambda call: call.answer(200, CONTENT)]
        advance = Counter()
        receive_ranges(tmp_path / "d", self.down(stub), stub.origin, len(CONTENT), advance)
        assert (tmp_path / "d").read_bytes() == CONTENT
        assert advance.total == len(CONTENT)

    def test_broken_ranges_go_on(self, stub, tmp_path):
        def cut(call):
            first = int(call.headers["range"].removeprefix("bytes=").partition("-")[0])
            part = CONTENT[first : first + 1000]
            call.answer(206, part, {"Content-Range": f"bytes {first}-{first + PART - 1}/9"})

        faults = [
            cut,
            lambda call: call.hang_up(),
            lambda call: call.answer(503, xml("SlowDown").encode()),
            serve,
        ]
        stub.on["GET", "/bucket/k"] = faults
        advance = Counter()
        receive_ranges(tmp_path / "d", self.down(stub), stub.origin, len(CONTENT), advance)
        assert (tmp_path / "d").read_bytes() == CONTENT
        assert advance.total == len(CONTENT)
        assert len(stub.calls) == 7

    def test_ranges_that_keep_breaking_are_said(self, stub, tmp_path):
        stub.on["GET", "/bucket/k"] = [lambda call: call.hang_up()]
        with pytest.raises(ConnectionLost):
            receive_ranges(tmp_path / "d", self.down(stub), "", len(CONTENT), Counter())

    def test_a_refused_range_is_said(self, stub, tmp_path):
        stub.on["GET", "/bucket/k"] = [
            lambda call: call.answer(403, xml("SignatureDoesNotMatch").encode())
        ]
        with pytest.raises(LeonidasError, match="SignatureDoesNotMatch"):
            receive_ranges(tmp_path / "d", self.down(stub), "", len(CONTENT), Counter())

    def test_one_connection_goes_on_where_it_broke(self, stub, tmp_path):
        def short(call):
            call.answer(200, CONTENT[:5000])

        stub.on["GET", "/bucket/k"] = [short, serve]
        advance = Counter()
        receive(tmp_path / "d", self.down(stub), "", len(CONTENT), advance)
        assert (tmp_path / "d").read_bytes() == CONTENT
        assert [call.headers.get("range") for call in stub.calls] == [None, "bytes=5000-"]
        assert advance.total == len(CONTENT)
