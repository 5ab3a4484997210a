import asyncio
import json
import logging

import pytest

from leonidas_jupyter.core.http import RateLimit, Response, Route
from leonidas_jupyter.core.ids import now
from leonidas_jupyter.storage.base import StoreUnavailable
from leonidas_jupyter.tables.base import Missing, Stale, Unavailable

MEBIBYTE = 1024**2


async def test_unknown_paths_are_404_in_our_shape_whoever_asks(api):
    for path in ("", "/", "/nothing", "/projects/", "/projects/x/y/z", "/projects//files"):
        for auth in ("jupyter", None):
            answer = await api("GET", path, auth=auth)
            assert (answer.status, answer.code) == (404, "not_found"), path


@pytest.mark.parametrize("name", ["%00", "a%00b", "%2e%2e%2f", "a%2Fb", "%ff", "%0d%0aX:1", "%5c"])
async def test_odd_names_in_paths_are_404(api, name):
    answer = await api("GET", f"/projects/{name}")
    assert (answer.status, answer.code) == (404, "not_found")
    assert "at this address" in answer.json["error"]["message"]  # no service was asked


async def test_wrong_methods_are_405_and_say_which_are_right(api):
    answer = await api("DELETE", "/projects")
    assert (answer.status, answer.code) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert (await api("PATCH", "/projects/x")).code == "method_not_allowed"
    for method in ("TRACE", "PROPFIND", "BREW"):
        answer = await api(method, "/projects")
        assert (answer.status, answer.code) == (405, "method_not_allowed")
        assert "GET" in answer.headers["allow"]


async def test_options_names_the_methods_and_opens_nothing(api):
    origin = {"Origin": "https://evil.example", "Access-Control-Request-Method": "PUT"}
    answer = await api("OPTIONS", "/projects/x", auth=None, headers=origin)
    assert answer.status == 204
    assert answer.headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PUT"
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert (await api("OPTIONS", "/nothing", auth=None)).code == "not_found"


async def test_no_answer_opens_cors_even_to_a_token(api):
    answer = await api("GET", "/projects", headers={"Origin": "https://evil.example"})
    assert answer.status == 200
    assert not [name for name in answer.headers if name.startswith("access-control-")]


async def test_the_administrators_headers_stay_but_for_cors(api, jp_serverapp):
    jp_serverapp.web_app.settings["headers"] = {
        "Access-Control-Allow-Origin": "*",
        "Strict-Transport-Security": "max-age=60",
        "X-Content-Type-Options": "whatever",
    }
    answer = await api("GET", "/projects")
    assert answer.headers["strict-transport-security"] == "max-age=60"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in answer.headers


async def test_head_is_get_without_a_body(api):
    got, head = await api("GET", "/auth/me"), await api("HEAD", "/auth/me")
    assert head.status == 200
    assert head.body == b""
    assert head.headers["content-length"] == got.headers["content-length"]
    assert (await api("HEAD", "/auth/me", auth=None)).status == 401


async def test_every_answer_has_the_security_headers(api):
    for answer in (await api("GET", "/auth/me"), await api("GET", "/x"), await api("PUT", "/x")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "etag" not in answer.headers


async def test_request_ids_are_taken_if_sane_and_else_made(api):
    answer = await api("GET", "/x", headers={"X-Request-ID": "my-id.1"})
    assert answer.headers["x-request-id"] == "my-id.1"
    assert answer.code == "not_found"  # which looks at the id in the body, too
    for odd in ("a b", "x" * 65, "<script>", "é"):
        made = (await api("GET", "/auth/me", headers={"X-Request-ID": odd})).headers["x-request-id"]
        assert made != odd
        assert len(made) == 36


async def test_request_ids_stand_in_the_log_and_tokens_do_not(api, caplog):
    caplog.set_level(logging.DEBUG)
    path = "/blobs/secret-token?token=another-secret"
    await api("GET", path, headers={"X-Request-ID": "find-me"})
    ours = [r for r in caplog.records if r.name == "leonidas_jupyter.server.access"]
    assert any("/blobs/{token}" in r.getMessage() and "find-me" in r.getMessage() for r in ours)
    assert not [r for r in caplog.records if "secret-token" in r.getMessage()]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{", ""),
        (b"[]", ""),
        (b"null", ""),
        (b'"text"', ""),
        (b"\xff\xfe", ""),
        (b"[" * 100_000, ""),
        (b'{"name": "x", "colour": "red"}', "colour"),
        (b'{"name": 5}', "name"),
        (b'{"name": "\\ud800"}', ""),
        (b"", "name"),
    ],
)
async def test_bad_bodies_are_400_with_the_field(api, body, field):
    answer = await api("POST", "/projects", body=body)
    assert (answer.status, answer.code) == (400, "invalid_request")
    fields = [entry["field"] for entry in answer.json["error"]["detail"]["fields"]]
    assert field in fields


async def test_a_json_body_of_10_mb_is_refused_and_the_client_reads_why(api):
    big = json.dumps({"name": "x" * 10_000_000})
    answer = await api("POST", "/projects", body=big)
    assert (answer.status, answer.code) == (413, "file_too_large")
    assert answer.json["error"]["detail"] == {"limit": 8 * MEBIBYTE}
    # It was drained, not cut off: the connection works on, and a chunked one gets the same.
    answer = await api("POST", "/projects", body_producer=chunked(big.encode()))
    assert (answer.status, answer.code) == (413, "file_too_large")
    assert (await api("GET", "/projects")).json["items"][1:] == []


async def test_a_huge_body_is_refused_before_it_is_sent(api):
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    head = f"POST {api.url('/projects')} HTTP/1.1\r\nHost: 127.0.0.1:{api.port}\r\n"
    head += "Authorization: token a-jupyter-token\r\nContent-Length: 5000000000\r\n\r\n"
    writer.write(head.encode())
    answer = await asyncio.wait_for(reader.read(), 60)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"file_too_large" in answer
    writer.close()


async def test_who_is_nobody_sends_no_body(api):
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    head = f"POST {api.url('/projects')} HTTP/1.1\r\nHost: 127.0.0.1:{api.port}\r\n"
    head += "Expect: 100-continue\r\nContent-Length: 1000\r\n\r\n"
    writer.write(head.encode())
    answer = await asyncio.wait_for(reader.read(), 60)
    assert answer.startswith(b"HTTP/1.1 401 ")
    writer.close()


def chunked(content):
    async def produce(write):
        for at in range(0, len(content), 65536):
            await write(content[at : at + 65536])

    return produce


async def test_another_host_name_is_refused(api, jp_serverapp):
    jp_serverapp.web_app.settings["allow_remote_access"] = False
    answer = await api("GET", "/projects", headers={"Host": "rebound.example"})
    assert (answer.status, answer.code) == (403, "forbidden_by_policy")


async def test_if_match_guards_put_and_delete(api):
    project = (await api("POST", "/projects", json_body={"name": "a"})).json
    path = f"/projects/{project['project_id']}"
    renamed = await api("PUT", path, json_body={"name": "b"}, headers={"If-Match": '"1"'})
    assert renamed.json["version"] == 2
    for method, body in (("PUT", {"name": "c"}), ("DELETE", None)):
        stale = await api(method, path, json_body=body, headers={"If-Match": "1"})
        assert (stale.status, stale.code) == (412, "version_mismatch")
        odd = await api(method, path, json_body=body, headers={"If-Match": "W/x"})
        assert (odd.status, odd.code) == (400, "invalid_request")
    assert (await api("GET", path)).json["name"] == "b"
    assert (await api("DELETE", path, headers={"If-Match": "2"})).status == 204


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (Stale(), 412, "version_mismatch"),
        (Missing(), 404, "not_found"),
        (Unavailable("The disk is full; free some.", 7), 503, "backend_unavailable"),
        (StoreUnavailable("The disk is full; free some.", 7), 503, "backend_unavailable"),
        (RuntimeError("secret path /etc/x"), 500, "internal"),
        (KeyError("secret"), 500, "internal"),
        (ExceptionGroup("secret", [ValueError("secret")]), 500, "internal"),
    ],
)
async def test_failures_of_every_kind_have_one_shape(api, serve, caplog, failure, status, code):
    async def fail(_request, _services):
        raise failure

    base = await serve(Route("GET", "/fail", "Fails", who="open", handler=fail))
    answer = await api("GET", f"{base}/fail", raw=True, headers={"X-Request-ID": "failing"})
    assert (answer.status, answer.code) == (status, code)
    assert b"secret" not in answer.body
    assert answer.headers.get("retry-after") == ("7" if status == 503 else None)
    if status == 503:
        assert answer.json["error"]["message"] == "The disk is full; free some."
    if status == 500:
        assert [r for r in caplog.records if r.exc_info and "failing" in r.getMessage()]


async def test_rates_are_kept_per_user_and_route(api, serve):
    async def ok(_request, _services):
        return Response(204)

    limited = RateLimit("chat_rate")
    base = await serve(
        Route("GET", "/limited", "Limited", handler=ok, rate_limit=limited),
        chat_rate="2/hour",
    )
    other = await api.sign_up("bob")
    for _ in range(2):
        assert (await api("GET", f"{base}/limited", raw=True)).status == 204
    answer = await api("GET", f"{base}/limited", raw=True)
    assert (answer.status, answer.code) == (429, "rate_limited")
    assert 1700 <= int(answer.headers["retry-after"]) <= 1800
    assert (await api("GET", f"{base}/limited", raw=True, auth=other)).status == 204


async def test_admin_routes_are_for_admins(api, serve, services):
    async def ok(_request, _services):
        return Response(204)

    base = await serve(Route("GET", "/admin/x", "Admin", who="admin", handler=ok))
    answer = await api("GET", f"{base}/admin/x", raw=True)
    assert (answer.status, answer.code) == (403, "forbidden_by_policy")
    assert (await api("GET", f"{base}/admin/x", raw=True, auth=None)).status == 401


async def test_handlers_never_see_cookies(api, serve):
    async def shown(request, _services):
        return Response(body=json.dumps(dict(request.headers)).encode())

    base = await serve(Route("GET", "/seen", "Seen", who="open", handler=shown))
    sent = {"Cookie": "username=a-secret", "X-Other": "seen"}
    answer = await api("GET", f"{base}/seen", raw=True, headers=sent)
    assert answer.json["x-other"] == "seen"
    assert "cookie" not in answer.json


async def test_requests_count_as_activity(api, jp_serverapp):
    before = now()
    await api("GET", "/healthz", auth=None)
    assert "api_last_activity" not in jp_serverapp.web_app.settings
    await api("GET", "/projects")
    assert jp_serverapp.web_app.settings["api_last_activity"] >= before


async def test_health_is_open_and_says_nothing(api, services, monkeypatch):
    answer = await api("GET", "/healthz", auth=None)
    assert (answer.status, answer.json) == (200, {"status": "ok"})
    from leonidas_jupyter.server.health import Health

    health = (await services())[Health]

    async def down():
        raise Unavailable("secret host is down")

    monkeypatch.setattr(health._database, "ping", down)
    health._last.forget("")
    answer = await api("GET", "/healthz", auth=None)
    assert (answer.status, answer.code) == (503, "backend_unavailable")
    assert b"secret" not in answer.body


async def test_metrics_count_routes_and_hold_no_content(api):
    await api("POST", "/projects", json_body={"name": "very-private"})
    project = (await api("GET", "/projects")).json["items"][0]["project_id"]
    await api("GET", f"/projects/{project}")
    assert (await api("GET", "/metrics", auth=None)).status == 401
    answer = await api("GET", "/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    text = answer.body.decode()
    line = 'leonidas_requests_total{method="GET",route="/projects/{project_id}",status="200"}'
    assert line in text
    assert 'leonidas_request_seconds_count{method="POST",route="/projects"}' in text
    assert "python_gc_objects" in text or "http_request_duration_seconds" in text  # Jupyter's own
    for private in ("very-private", project, "a-jupyter-token"):
        assert private not in text
