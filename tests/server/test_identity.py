"""Each sentence of "Who is calling" in the API's description."""

import asyncio
import getpass
import json
import os

import pytest
from jupyter_server.auth import Authorizer, IdentityProvider, User
from tornado.httputil import parse_cookie

from leonidas_jupyter.auth.service import AuthService
from leonidas_jupyter.core.keys import Keyring
from leonidas_jupyter.core.tokens import AccessTokens
from leonidas_jupyter.server.identity import read_identity

SECRET = "LEONIDAS_KERNEL_SECRET"


class Named(IdentityProvider):
    """Names whoever says so in a header, as a proxy that signs people in would."""

    def get_user(self, handler):
        name = handler.request.headers.get("X-Remote-User")
        return User(name) if name else None


class ReadOnly(Authorizer):
    def is_authorized(self, _handler, _user, action, resource):
        return action == "read" or resource != "leonidas"


async def cookies(api, jp_base_url):
    """The cookies of a browser that opened the login page and signed in with Jupyter's token."""
    found = {}
    for headers in ({}, {"Authorization": "token a-jupyter-token"}):
        response = await api.fetch(
            f"{jp_base_url}login", headers=headers, raise_error=False, follow_redirects=False
        )
        for line in response.headers.get_list("Set-Cookie"):
            name, _, rest = line.partition("=")
            found[name] = rest.partition(";")[0]
    return found


def header(jar):
    return "; ".join(f"{name}={value}" for name, value in jar.items())


@pytest.fixture
def sign_in(api, jp_base_url):
    """Signs a browser in; gives the headers that its pages send."""

    async def go():
        jar = await cookies(api, jp_base_url)
        assert any(name.startswith("username-") for name in jar)
        return {"Cookie": header(jar), "X-XSRFToken": parse_cookie(header(jar))["_xsrf"]}

    return go


async def never_published():
    for _ in range(20):
        await asyncio.sleep(0)
    assert SECRET not in os.environ
    assert "LEONIDAS_URL" not in os.environ


# 1. A token whose JOSE header has typ=leo+jwt is ours.


async def test_a_valid_token_of_ours_says_who(api):
    bob = await api.sign_up("bob")
    answer = await api("GET", "/auth/me", auth=bob)
    assert answer.json["email"] == "bob@example.org"
    by_scheme = await api("GET", "/auth/me", headers={"Authorization": f"token {bob}"})
    assert by_scheme.json["email"] == "bob@example.org"


async def test_no_cookie_is_read_beside_a_token_so_xsrf_does_not_apply(api, sign_in):
    browser = await sign_in()
    bob = await api.sign_up("bob")
    only_cookie = {"Cookie": browser["Cookie"]}  # and no X-XSRFToken
    answer = await api("GET", "/auth/me", auth=bob, headers=only_cookie)
    assert answer.json["email"] == "bob@example.org"
    answer = await api("POST", "/projects", auth=bob, headers=only_cookie, json_body={"name": "b"})
    assert answer.status == 201
    assert "set-cookie" not in answer.headers
    foreign = {**only_cookie, "Origin": "https://elsewhere.example"}
    answer = await api("POST", "/projects", auth=bob, headers=foreign, json_body={"name": "c"})
    assert answer.status == 201


async def bad_tokens(api, services):
    good = await api.sign_up("bob")
    yield "tampered", good[:-4] + "AAAA", "unauthenticated"
    foreign = AccessTokens(Keyring(["x" * 40]), 60).issue("u", "f")
    yield "wrong key", foreign, "unauthenticated"
    service = (await services())[AuthService]
    old = AccessTokens(Keyring(["x" * 40]), -5)
    old._keys, old._signing = service._access._keys, service._access._signing
    yield "expired", old.issue("u", "f"), "token_expired"
    yield "unknown family", service._access.issue("u", "f"), "unauthenticated"
    yield "unknown kind", good.split(".")[0] + ".e30.x", "unauthenticated"
    await api("POST", "/auth/logout", auth=good)
    yield "revoked", good, "unauthenticated"


async def test_a_bad_token_of_ours_is_401_and_never_falls_back_to_a_cookie(api, sign_in, services):
    browser = await sign_in()
    async for name, token, code in bad_tokens(api, services):
        for method, path in (("GET", "/projects"), ("POST", "/projects"), ("POST", "/auth/token")):
            answer = await api(method, path, auth=token, headers=browser)
            assert (answer.status, answer.code) == (401, code), name
            assert answer.headers["www-authenticate"].startswith("Bearer")
            answer = await api(method, f"{path}?token=a-jupyter-token", auth=token)
            assert answer.status == 401, name


# 2. Anything else is Jupyter's business.


async def test_a_cookie_with_xsrf_names_the_user(api, sign_in):
    browser = await sign_in()
    read = await api("GET", "/auth/me", auth=None, headers={"Cookie": browser["Cookie"]})
    assert read.json["username"] == getpass.getuser()
    made = await api("POST", "/projects", auth=None, headers=browser, json_body={"name": "a"})
    assert made.status == 201


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/projects"),
        ("PUT", "/projects/x"),
        ("DELETE", "/projects/x"),
        ("POST", "/auth/token"),
        ("POST", "/auth/register"),
        ("POST", "/auth/logout"),
    ],
)
async def test_a_cookie_without_xsrf_changes_nothing(api, sign_in, method, path):
    browser = await sign_in()
    for sent in (
        {"Cookie": browser["Cookie"]},
        {**browser, "X-XSRFToken": "wrong"},
        {**browser, "Origin": "https://elsewhere.example"},
    ):
        answer = await api(method, path, auth=None, headers=sent, json_body={"name": "a"})
        assert (answer.status, answer.code) == (403, "xsrf_failed")
    assert [p["name"] for p in (await api("GET", "/projects")).json["items"]] == [
        "My first project"
    ]


async def test_another_origin_reads_nothing_with_a_cookie(api, sign_in):
    browser = await sign_in()
    sent = {"Cookie": browser["Cookie"], "Origin": "https://elsewhere.example"}
    answer = await api("GET", "/projects", auth=None, headers=sent)
    assert (answer.status, answer.code) == (403, "xsrf_failed")


async def test_jupyters_token_works_in_the_url_and_in_the_header(api):
    for scheme in ("token", "Bearer"):
        sent = {"Authorization": f"{scheme} a-jupyter-token"}
        assert (await api("GET", "/auth/me", auth=None, headers=sent)).status == 200
    by_url = await api(
        "POST", "/projects?token=a-jupyter-token", auth=None, json_body={"name": "u"}
    )
    assert by_url.status == 201


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "token wrong"},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic dTpw"},
        {"Cookie": "username-localhost=made-up"},
    ],
)
async def test_nobody_named_is_401_in_our_shape(api, headers):
    for method, path in (("GET", "/projects"), ("POST", "/projects"), ("DELETE", "/projects/x")):
        answer = await api(method, path, auth=None, headers=headers)
        assert (answer.status, answer.code) == (401, "unauthenticated")


async def test_a_foreign_jwt_is_jupyters_business(api):
    import jwt

    foreign = jwt.encode({"sub": "x"}, "k" * 32, headers={"typ": "JWT"})
    assert (await api("GET", "/projects", auth=foreign)).code == "unauthenticated"


async def test_every_anonymous_browser_is_the_one_local_user(api, jp_base_url):
    first, second = await cookies(api, jp_base_url), await cookies(api, jp_base_url)
    seen = set()
    for jar in (first, second):
        answer = await api("GET", "/auth/me", auth=None, headers={"Cookie": header(jar)})
        seen.add((answer.json["user_id"], answer.json["username"]))
    assert first != second
    assert [name for _, name in seen] == [getpass.getuser()]


async def test_the_users_row_is_made_on_first_sight_once_even_by_two_at_once(api, services):
    answers = await asyncio.gather(*(api("GET", "/auth/me") for _ in range(8)))
    assert len({answer.json["user_id"] for answer in answers}) == 1
    projects = (await api("GET", "/projects")).json["items"]
    assert [project["name"] for project in projects] == ["My first project"]


@pytest.mark.parametrize("jp_argv", [["--ServerApp.allow_unauthenticated_access=False"]])
class TestNamed:
    """A provider that gives real names."""

    @pytest.fixture
    def jp_server_config(self, jp_server_config):
        jp_server_config["ServerApp"]["identity_provider_class"] = Named
        return jp_server_config

    async def test_it_is_that_name(self, api):
        ann, bob = ({"X-Remote-User": name} for name in ("ann", "bob"))
        ids = {}
        for sent in (ann, bob, ann):
            answer = await api("GET", "/auth/me", auth=None, headers=sent)
            ids.setdefault(answer.json["username"], set()).add(answer.json["user_id"])
        assert set(ids) == {"ann", "bob"}
        assert all(len(found) == 1 for found in ids.values())
        assert (await api("GET", "/auth/me", auth=None)).code == "unauthenticated"

    async def test_accounts_come_from_the_provider(self, api):
        sent = {"X-Remote-User": "ann"}
        for path in ("/auth/register", "/auth/login"):
            answer = await api("POST", path, auth=None, headers=sent, json_body={})
            assert (answer.status, answer.code) == (403, "forbidden_by_policy")

    async def test_kernels_are_nobody_in_particular(self, api):
        await never_published()
        answer = await api("POST", "/auth/token", auth=None, json_body={"kernel_secret": ""})
        assert answer.code == "unauthenticated"


# 3. Every verb of every route is marked for Jupyter.


@pytest.mark.parametrize(
    "jp_argv",
    [
        ["--ServerApp.allow_unauthenticated_access=True"],
        ["--ServerApp.allow_unauthenticated_access=False"],
    ],
)
async def test_it_works_whatever_jupyter_lets_in(api, jp_argv):
    token = await api.token()
    assert (await api("GET", "/healthz", auth=None)).status == 200
    assert (await api("GET", "/projects", auth=token)).status == 200
    made = await api("POST", "/projects", auth=token, json_body={"name": "x"})
    path = f"/projects/{made.json['project_id']}"
    assert (await api("PUT", path, auth=token, json_body={"name": "y"})).status == 200
    assert (await api("DELETE", path, auth=token)).status == 204
    assert (await api("OPTIONS", path, auth=None)).status == 204
    assert (await api("HEAD", "/projects", auth=token)).status == 200
    assert (await api("PATCH", path, auth=token)).code == "method_not_allowed"
    assert (await api("POST", "/auth/refresh", auth=None, json_body={})).code == "invalid_request"
    assert (await api("GET", "/projects", auth=None)).code == "unauthenticated"


async def test_jupyters_authorizer_is_asked(api, jp_serverapp):
    jp_serverapp.web_app.settings["authorizer"] = ReadOnly()
    assert (await api("GET", "/projects")).status == 200
    answer = await api("POST", "/projects", json_body={"name": "x"})
    assert (answer.status, answer.code) == (403, "forbidden_by_policy")


# 4. Registering and signing in.


async def test_on_a_personal_server_accounts_are_for_who_is_in_already(api):
    account = {"email": "Bob@Example.org", "password": "correct horse battery"}
    for path in ("/auth/register", "/auth/login"):
        assert (await api("POST", path, auth=None, json_body=account)).code == "unauthenticated"
    made = await api("POST", "/auth/register", json_body=account)
    assert made.status == 201
    bob = made.json["user"]
    assert bob["email"] == bob["username"] == "bob@example.org"
    again = await api("POST", "/auth/login", json_body=account)
    assert again.json["user"]["user_id"] == bob["user_id"]
    mine = (await api("GET", "/auth/me")).json
    assert mine["user_id"] != bob["user_id"]


@pytest.mark.parametrize("leonidas_auth", ["password"])
class TestPassword:
    """c.Leonidas.auth = "password"."""

    @pytest.fixture
    def login_rate(self):
        return "10/minute"

    @pytest.fixture
    def leonidas_settings(self, leonidas_settings, leonidas_auth, login_rate):
        return {**leonidas_settings, "auth": leonidas_auth, "login_rate": login_rate}

    async def test_accounts_are_open_and_jupyters_identity_does_not_count(self, api, sign_in):
        browser = await sign_in()
        account = {"email": "bob@example.org", "password": "correct horse battery"}
        made = await api("POST", "/auth/register", auth=None, json_body=account)
        assert made.status == 201
        signed_in = await api("POST", "/auth/login", auth=None, json_body=account)
        token = signed_in.json["access_token"]
        assert (await api("GET", "/auth/me", auth=token)).json["email"] == "bob@example.org"
        assert (await api("GET", "/auth/me")).code == "unauthenticated"
        assert (await api("GET", "/auth/me", auth=None, headers=browser)).code == "unauthenticated"
        assert (await api("POST", "/auth/token")).code == "unauthenticated"

    @pytest.mark.parametrize("login_rate", ["4/hour"])
    async def test_guessing_is_limited_by_address(self, api):
        codes = []
        for number in range(5):
            guess = {"email": f"bob{number}@example.org", "password": "correct horse battery"}
            answer = await api("POST", "/auth/login", auth=None, json_body=guess)
            codes.append(answer.code)
        assert codes == ["unauthenticated"] * 4 + ["rate_limited"]
        assert int(answer.headers["retry-after"]) > 800
        made = await api("POST", "/auth/register", auth=None, json_body=guess)
        assert made.code == "rate_limited"

    @pytest.mark.usefixtures("api")
    async def test_kernels_have_no_account(self):
        await never_published()


class JupyterHubLike(Named):
    __module__ = "jupyterhub.singleuser.extension"


class TestHub:
    """A user's server inside a JupyterHub."""

    @pytest.fixture
    def jp_server_config(self, jp_server_config, monkeypatch):
        monkeypatch.setenv("JUPYTERHUB_USER", "ann")
        jp_server_config["ServerApp"]["identity_provider_class"] = JupyterHubLike
        return jp_server_config

    async def test_it_serves_its_owner_only(self, api):
        ann = await api("GET", "/auth/me", auth=None, headers={"X-Remote-User": "ann"})
        assert ann.json["username"] == "ann"
        bob = await api("GET", "/auth/me", auth=None, headers={"X-Remote-User": "bob"})
        assert (bob.status, bob.code) == (403, "forbidden_by_policy")

    async def test_accounts_come_from_jupyterhub(self, api):
        for path in ("/auth/register", "/auth/login"):
            answer = await api("POST", path, auth=None, json_body={})
            assert (answer.status, answer.code) == (403, "forbidden_by_policy")
            assert "JupyterHub" in answer.json["error"]["message"]

    async def test_its_kernels_are_its_owner(self, api):
        await published()
        sent = {"kernel_secret": os.environ[SECRET]}
        answer = await api("POST", "/auth/token", auth=None, json_body=sent)
        assert answer.json["user"]["username"] == "ann"


# 5. Kernels.


async def published():
    async with asyncio.timeout(60):
        while SECRET not in os.environ:  # noqa: ASYNC110 - of the code under test
            await asyncio.sleep(0.01)


async def test_kernels_inherit_the_real_address_and_a_secret(api, jp_http_port, jp_base_url):
    await published()
    assert os.environ["LEONIDAS_URL"] == f"http://localhost:{jp_http_port}{jp_base_url}"


async def test_the_secret_gives_the_servers_own_user_a_token_without_any_cookie(api):
    await published()
    sent = {"kernel_secret": os.environ[SECRET]}
    answer = await api("POST", "/auth/token", auth=None, json_body=sent)
    assert answer.status == 200
    assert answer.json["user"]["username"] == getpass.getuser()
    token = answer.json["access_token"]
    assert (await api("GET", "/projects", auth=token)).status == 200
    assert "set-cookie" not in answer.headers


async def test_a_wrong_secret_is_401_even_beside_a_good_cookie(api, sign_in):
    browser = await sign_in()
    await published()
    for wrong in ("", "wrong", os.environ[SECRET] + "x", "\u00e9", os.environ[SECRET][:-1]):
        sent = {"kernel_secret": wrong}
        answer = await api("POST", "/auth/token", auth=None, headers=browser, json_body=sent)
        assert (answer.status, answer.code) == (401, "unauthenticated")


async def test_nothing_else_accepts_the_secret(api):
    await published()
    secret = os.environ[SECRET]
    for headers in (
        {"Authorization": f"Bearer {secret}"},
        {"Authorization": f"token {secret}"},
        {"X-Kernel-Secret": secret},
    ):
        for method, path in (("GET", "/projects"), ("GET", "/auth/me"), ("POST", "/auth/token")):
            answer = await api(method, path, auth=None, headers=headers)
            assert answer.code == "unauthenticated"
    sent = {"kernel_secret": secret, "name": "x"}
    assert (await api("POST", "/projects", auth=None, json_body=sent)).code == "unauthenticated"
    assert (await api("GET", f"/projects?kernel_secret={secret}", auth=None)).status == 401


async def test_the_secret_leaves_the_environment_with_the_server(api, extension):
    await published()
    await extension.stop_extension()
    assert SECRET not in os.environ
    assert "LEONIDAS_URL" not in os.environ


def test_names_are_real_wherever_any_part_of_naming_was_replaced():
    from leonidas_jupyter.core.config import Leonidas

    class Cookie(IdentityProvider):
        def user_from_cookie(self, cookie_value):
            return User(json.loads(cookie_value)["email"])

    def names(provider):
        return read_identity(Leonidas(), provider, {}).names_people

    assert not names(IdentityProvider())
    assert names(Named())
    assert names(Cookie())
