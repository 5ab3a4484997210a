"""The client on bad days: expired tokens, busy servers, broken connections, strangers."""

import socket
import time

import pytest

from leonidas_jupyter.kernel.client import Client, Endpoint, check_version
from leonidas_jupyter.kernel.errors import ConnectionLost, LeonidasError
from leonidas_jupyter.kernel.tokens import Credentials


def ok(body: dict):
    return lambda call: call.answer(200, body)


def test_the_kernel_secret_is_exchanged_once_and_connections_are_kept(stub):
    client = Client(Endpoint(stub.base, Credentials(kernel_secret="s3cret"), "a stub"))
    stub.on["GET", "/projects"] = [ok({"items": [], "next": None})]
    for _ in range(3):
        assert list(client.pages("/projects")) == []
    exchange, *rest = stub.calls
    assert exchange.json == {"kernel_secret": "s3cret"}
    assert "authorization" not in exchange.headers
    assert [call.headers["authorization"] for call in rest] == ["Bearer access-first"] * 3
    assert len({call.headers["x-request-id"] for call in rest}) == 3
    assert stub.connections == 1
    client.transport.close()


def test_an_expired_token_is_refreshed_and_the_call_repeated(stub, client):
    stub.on["GET", "/auth/me"] = [
        lambda call: call.fail(401, "token_expired", "The token has expired."),
        ok({"username": "ann", "api_version": "1.0"}),
    ]
    stub.on["POST", "/auth/refresh"] = [ok(stub.tokens("second"))]
    assert client.sign_in().username == "ann"
    assert stub.calls[2].json == {"refresh_token": "refresh-first"}
    assert stub.calls[3].headers["authorization"] == "Bearer access-second"


def test_a_revoked_family_is_asked_for_anew_with_what_we_came_with(stub, client):
    stub.on["GET", "/auth/me"] = [
        lambda call: call.fail(401, "unauthenticated", "Sign in."),
        ok({"username": "ann", "api_version": "1.0"}),
    ]
    stub.on["POST", "/auth/refresh"] = [lambda call: call.fail(401, "unauthenticated", "No.")]
    client.sign_in()
    assert stub.paths() == [
        "POST /auth/token",
        "GET /auth/me",
        "POST /auth/refresh",
        "POST /auth/token",
        "GET /auth/me",
    ]
    assert stub.calls[3].headers["authorization"] == "token jt"


def test_a_token_of_ours_that_is_refused_is_not_tried_for_ever(stub):
    stub.on["GET", "/auth/me"] = [lambda call: call.fail(401, "unauthenticated", "No.")]
    client = Client(Endpoint(stub.base, Credentials(access_token="old"), "a stub"))
    with pytest.raises(LeonidasError, match="not valid any more"):
        client.sign_in()
    assert stub.paths() == ["GET /auth/me"]
    client.transport.close()


def test_a_busy_server_is_asked_again_when_it_says(stub, client):
    def busy(status, code):
        return lambda call: call.fail(status, code, "Busy.", {"Retry-After": "1"})

    stub.on["GET", "/projects"] = [
        busy(429, "rate_limited"),
        busy(503, "backend_unavailable"),
        ok({"items": [{"a": 1}]}),
    ]
    before = time.monotonic()
    assert list(client.pages("/projects")) == [{"a": 1}]
    assert time.monotonic() - before >= 2.0


@pytest.mark.parametrize(
    ("status", "code", "wait"),
    [
        (429, "budget_exhausted", "1"),
        (429, "rate_limited", "3600"),
        (503, "backend_unavailable", "0"),
    ],
)
def test_what_waiting_does_not_help_is_said_at_once(stub, client, status, code, wait):
    stub.on["POST", "/projects"] = [
        lambda call: call.fail(status, code, "No.", {"Retry-After": wait})
    ]
    with pytest.raises(LeonidasError, match=r"^No\.$") as caught:
        client.call("POST", "/projects", body={"name": "x"})
    assert (caught.value.code, caught.value.request_id) == (code, "r1")
    assert stub.paths().count("POST /projects") == 1


def test_a_post_whose_connection_broke_is_not_sent_twice(stub, client):
    stub.on["GET", "/projects"] = [ok({"items": []})]
    stub.on["POST", "/projects"] = [lambda call: call.hang_up()]
    list(client.pages("/projects"))
    with pytest.raises(ConnectionLost, match="was lost"):
        client.call("POST", "/projects", body={"name": "x"})
    assert stub.paths().count("POST /projects") == 1


def test_a_get_on_a_kept_connection_that_broke_is_sent_again(stub, client):
    stub.on["GET", "/projects"] = [
        ok({"items": []}),
        lambda call: call.hang_up(),
        ok({"items": [{"a": 1}]}),
    ]
    list(client.pages("/projects"))
    assert list(client.pages("/projects")) == [{"a": 1}]


def test_a_stranger_at_the_address_is_recognised(stub, client):
    stub.on["GET", "/auth/me"] = [lambda call: call.answer(404, b"<html>Jupyter</html>")]
    with pytest.raises(LeonidasError, match="runs without Leonidas: install it there"):
        client.sign_in()


def test_nobody_at_the_address_is_one_sentence():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{probe.getsockname()[1]}/leonidas/api/v1"
        client = Client(Endpoint(base, Credentials(jupyter_token="x"), "nobody"))
        with pytest.raises(LeonidasError, match="No server answers at") as caught:
            client.sign_in()
    assert caught.value.code == "unreachable"


def test_pages_follow_the_cursor(stub, client):
    stub.on["GET", "/projects"] = [
        lambda call: call.answer(200, {"items": [1, 2], "next": "c1"}),
        lambda call: call.answer(200, {"items": [3], "next": None}),
    ]
    assert list(client.pages("/projects", query={"limit": 2})) == [1, 2, 3]
    assert [call.query for call in stub.calls[1:]] == [
        {"limit": "2"},
        {"limit": "2", "after": "c1"},
    ]


@pytest.mark.parametrize("theirs", ["1.0", "1.1"])
def test_one_minor_version_either_way_works(theirs):
    check_version(theirs)


@pytest.mark.parametrize(
    ("theirs", "older"), [("1.2", "kernel"), ("2.0", "kernel"), ("0.9", "server")]
)
def test_versions_that_do_not_fit_say_which_side_to_upgrade(theirs, older):
    with pytest.raises(LeonidasError, match=rf"upgrade leonidas-jupyter in the {older}\.$"):
        check_version(theirs)


@pytest.mark.parametrize("theirs", ["", "one", "1", "1.x"])
def test_a_version_that_is_none_is_said(theirs):
    with pytest.raises(LeonidasError, match="cannot read"):
        check_version(theirs)


@pytest.mark.parametrize("url", ["ftp://h/", "http:///x"])
def test_an_address_that_is_none_is_said(url):
    with pytest.raises(LeonidasError, match="is not the address of a server"):
        Client(Endpoint(url, Credentials(jupyter_token="x"), "a mistake"))
