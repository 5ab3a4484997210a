"""Which server is found, in which order, and what is said when none is."""

import base64
import json
import os
import subprocess
import sys

import pytest

from leonidas_jupyter.kernel import private
from leonidas_jupyter.kernel.discovery import api_base, find, running_servers
from leonidas_jupyter.kernel.errors import LeonidasError
from leonidas_jupyter.kernel.tokens import Credentials

TOKEN = "tok"
pytestmark = pytest.mark.usefixtures("bare")


@pytest.fixture
def dead_pid():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def leave(tmp_path, stub, *, pid, token=TOKEN, number=1, **other):
    info = {"url": f"{stub.origin}/base/", "token": token, "pid": pid, "sock": "", **other}
    (tmp_path / "runtime" / f"jpserver-{number}.json").write_text(json.dumps(info))


def healthy(stub):
    stub.on["GET", "/healthz"] = [lambda call: call.answer(200, {"status": "ok"})]


@pytest.mark.parametrize(
    "url",
    [
        "http://h:8888/u/ann",
        "http://h:8888/u/ann/",
        "http://h:8888/u/ann/lab?token=x",
        "http://h:8888/u/ann/lab/tree/notes/a.ipynb",
        "http://h:8888/u/ann/notebooks/a.ipynb#top",
        "http://h:8888/u/ann/leonidas/api/v1",
        "h:8888/u/ann/tree",
    ],
)
def test_any_address_of_the_server_will_do(url):
    assert api_base(url) == "http://h:8888/u/ann/leonidas/api/v1"


def test_a_page_of_a_server_at_the_root():
    assert api_base("http://h:8888/lab") == "http://h:8888/leonidas/api/v1"


def test_the_environment_comes_before_running_servers(monkeypatch, tmp_path, stub):
    healthy(stub)
    leave(tmp_path, stub, pid=os.getpid())
    monkeypatch.setenv("LEONIDAS_URL", f"{stub.origin}/base/")
    monkeypatch.setenv("LEONIDAS_KERNEL_SECRET", "s3cret")
    endpoint = find()
    assert endpoint.base == stub.base
    assert endpoint.credentials == Credentials(kernel_secret="s3cret")
    assert "s3cret" not in repr(endpoint)


def test_scripts_may_have_a_token_in_the_environment(monkeypatch, stub):
    healthy(stub)
    monkeypatch.setenv("LEONIDAS_URL", f"{stub.origin}/base/lab")
    monkeypatch.setenv("LEONIDAS_TOKEN", TOKEN)
    assert find().credentials == Credentials(jupyter_token=TOKEN)
    assert find(f"{stub.origin}/base").credentials == Credentials(jupyter_token=TOKEN)


def test_a_dead_server_in_the_environment_is_said(monkeypatch):
    monkeypatch.setenv("LEONIDAS_URL", "http://127.0.0.1:9/")
    monkeypatch.setenv("LEONIDAS_KERNEL_SECRET", "s3cret")
    with pytest.raises(LeonidasError, match="restart the kernel from a running server"):
        find()


def test_a_running_server_with_the_extension_is_found(tmp_path, stub):
    healthy(stub)
    leave(tmp_path, stub, pid=os.getpid())
    endpoint = find()
    assert endpoint.base == stub.base
    assert endpoint.credentials == Credentials(jupyter_token="tok")
    assert endpoint.found == f"the running Jupyter server, {stub.origin}/base/"


def test_a_running_server_without_the_extension_is_passed_over(tmp_path, stub):
    stub.on["GET", "/healthz"] = [
        lambda call: call.answer(404, b"<html>", {"Content-Type": "text/html"})
    ]
    leave(tmp_path, stub, pid=os.getpid())
    assert find() is None
    assert stub.paths() == ["GET /healthz"]


def test_what_has_ended_is_not_asked(tmp_path, stub, dead_pid):
    healthy(stub)
    leave(tmp_path, stub, pid=dead_pid, number=1)
    leave(tmp_path, stub, pid=os.getpid(), number=2, sock="x.sock")
    leave(tmp_path, stub, pid=os.getpid(), number=3, token="")
    (tmp_path / "runtime" / "jpserver-4.json").write_text("{not json")
    assert find() is None
    assert stub.calls == []


def test_the_kernels_own_server_comes_first(monkeypatch, tmp_path, stub):
    for number in (1, 2, 3):
        leave(tmp_path, stub, pid=os.getpid(), token=f"t{number}", number=number)
        os.utime(tmp_path / "runtime" / f"jpserver-{number}.json", (number, number))
    assert [server.token for server in running_servers()] == ["t3", "t2", "t1"]
    monkeypatch.setenv("JPY_PARENT_PID", "1")
    assert [server.token for server in running_servers()] == ["t1", "t3", "t2"]


def test_under_a_hub_the_users_token_serves(monkeypatch, tmp_path, stub):
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "hub")
    leave(tmp_path, stub, pid=os.getpid(), token="")
    assert [server.token for server in running_servers()] == ["hub"]


def test_a_named_server_needs_a_token(tmp_path, stub):
    with pytest.raises(LeonidasError, match=r"pass token=, or a URL with \?token="):
        find(f"{stub.origin}/base")
    leave(tmp_path, stub, pid=os.getpid())
    assert find(f"{stub.origin}/base/lab").credentials == Credentials(jupyter_token="tok")
    assert find(f"{stub.origin}/base?token=mine").credentials == Credentials(jupyter_token="mine")


def test_tokens_are_told_apart_by_their_type():
    def jwt(header):
        return base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=") + ".e.s"

    ours, other = jwt({"typ": "leo+jwt"}), jwt({"typ": "JWT"})
    assert Credentials.of_token(ours) == Credentials(access_token=ours)
    for token in (other, "abc", "a.b", "§.x"):
        assert Credentials.of_token(token) == Credentials(jupyter_token=token)


def test_without_the_server_extra_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(private, "_NEEDED", ("json", "no_such_package"))
    with pytest.raises(LeonidasError, match=r"pip install 'leonidas-jupyter\[server\]'"):
        private.PrivateServer()
