"""Bytes up and down: signed addresses, broken connections, refusals, files that change."""

import hashlib
import subprocess
import sys

import pytest

from leonidas_jupyter.kernel.errors import ConnectionLost, LeonidasError
from leonidas_jupyter.kernel.transfers import ATTEMPTS, Signed, receive, send
from tests.kernel.conftest import PREFIX

CONTENT = bytes(range(256)) * 20_000
UP = Signed(f"{PREFIX}/blobs/up", "PUT", {"content-type": "text/csv"})
DOWN = Signed(f"{PREFIX}/blobs/down", "GET", {})


class Counter:
    def __init__(self) -> None:
        self.total = 0

    def __call__(self, size: int) -> None:
        self.total += size


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(CONTENT)
    return path


@pytest.mark.parametrize("absolute", [False, True])
def test_an_upload_is_counted_hashed_and_carries_no_token(stub, source, absolute):
    stub.on["PUT", "/blobs/up"] = [lambda call: call.answer(204)]
    signed = Signed(stub.origin + UP.url, UP.method, UP.headers) if absolute else UP
    advance = Counter()
    origin = "http://127.0.0.1:9" if absolute else stub.origin
    assert send(source, signed, origin, advance) == hashlib.sha256(CONTENT).hexdigest()
    (call,) = stub.calls
    assert call.body == CONTENT
    assert advance.total == len(CONTENT)
    assert call.headers["content-length"] == str(len(CONTENT))
    assert call.headers["content-type"] == "text/csv"
    assert "authorization" not in call.headers
    assert "transfer-encoding" not in call.headers


def test_an_empty_file_is_sent_as_such(stub, tmp_path):
    stub.on["PUT", "/blobs/up"] = [lambda call: call.answer(204)]
    (tmp_path / "empty.csv").touch()
    send(tmp_path / "empty.csv", UP, stub.origin, Counter())
    assert stub.calls[0].headers["content-length"] == "0"


def test_a_refused_upload_says_why(stub, source):
    stub.on["PUT", "/blobs/up"] = [lambda call: call.fail(413, "file_too_large", "Too large.")]
    with pytest.raises(LeonidasError, match=r"^Too large\.$"):
        send(source, UP, stub.origin, Counter())


def test_a_file_that_shrinks_while_it_is_read_is_said(stub, source):
    stub.on["PUT", "/blobs/up"] = [lambda call: call.answer(204)]

    def cut(_size):
        with source.open("r+b") as file:
            file.truncate(1 << 20)

    with pytest.raises(LeonidasError, match="became shorter while it was read"):
        send(source, UP, stub.origin, cut)


def test_a_broken_download_is_tried_again(stub, tmp_path):
    stub.on["GET", "/blobs/down"] = [
        lambda call: call.hang_up(),
        lambda call: call.answer(200, CONTENT[:1000]),
        lambda call: call.answer(200, CONTENT),
    ]
    advance = Counter()
    receive(tmp_path / "down", DOWN, stub.origin, len(CONTENT), advance)
    assert (tmp_path / "down").read_bytes() == CONTENT
    assert advance.total == len(CONTENT)


def test_a_download_that_keeps_breaking_is_said(stub, tmp_path):
    stub.on["GET", "/blobs/down"] = [lambda call: call.answer(200, b"short")]
    with pytest.raises(ConnectionLost, match="broke off after 5 of 10 bytes"):
        receive(tmp_path / "down", DOWN, stub.origin, 10, Counter())
    assert len(stub.calls) == ATTEMPTS


def test_an_expired_address_is_not_tried_again(stub, tmp_path):
    stub.on["GET", "/blobs/down"] = [lambda call: call.fail(401, "token_expired", "Expired.")]
    with pytest.raises(LeonidasError, match=r"^Expired\.$"):
        receive(tmp_path / "down", DOWN, stub.origin, 10, Counter())
    assert len(stub.calls) == 1


def test_scripts_load_nothing_of_ipython_or_pandas():
    code = (
        "import sys, leonidas_jupyter\n"
        "assert not [m for m in sys.modules if m.startswith('leonidas_jupyter.kernel')]\n"
        "import leonidas_jupyter.kernel.connection\n"
        "print(sorted({m.partition('.')[0] for m in sys.modules}"
        " & {'IPython', 'pandas', 'pyarrow', 'tqdm', 'jupyter_core', 'jupyter_server'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")
