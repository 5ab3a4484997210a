"""What a handler can read from a request, and what it refuses."""

import pytest
from pydantic import BaseModel, ConfigDict

from leonidas_jupyter.core.errors import STATUS, ErrorCode, LeonidasError
from leonidas_jupyter.core.http import Request, Services
from leonidas_jupyter.core.security import PERMISSIONS, Action, Role, allows


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    size: int = 0


def request(**given) -> Request:
    base = {"method": "POST", "path": "/x", "params": {}, "query": {}, "headers": {}}
    return Request(**{**base, "request_id": "r", "base_url": "/api", **given})


def refusal(call) -> LeonidasError:
    with pytest.raises(LeonidasError) as caught:
        call()
    return caught.value


def test_a_body_becomes_its_shape():
    assert request(body=b'{"name": "a", "size": 2}').json(Shape) == Shape(name="a", size=2)


@pytest.mark.parametrize(
    ("body", "field"),
    [(b"", "name"), (b'{"name": 1}', "name"), (b'{"name": "a", "more": 1}', "more"), (b"{", "")],
)
def test_a_wrong_body_names_the_field(body, field):
    error = refusal(lambda: request(body=body).json(Shape))
    assert error.code is ErrorCode.INVALID_REQUEST
    assert error.detail["fields"][0]["field"] == field


def test_a_wrong_body_is_not_echoed():
    error = refusal(lambda: request(body=b'{"name": {"password": "hunter2-canary"}}').json(Shape))
    assert "canary" not in str(error.body("r"))


def test_nobody_is_no_user():
    assert refusal(lambda: request().user).code is ErrorCode.UNAUTHENTICATED


@pytest.mark.parametrize(("raw", "version"), [('"3"', 3), ("3", 3), (None, None)])
def test_if_match_is_a_version(raw, version):
    assert request(headers={} if raw is None else {"if-match": raw}).if_match == version


def test_if_match_refuses_what_is_no_version():
    assert refusal(lambda: request(headers={"if-match": "*"}).if_match).status == 400


@pytest.mark.parametrize("raw", ["0", "201", "-1", "x", "", "1.5", "²"])
def test_a_page_size_out_of_range_is_refused(raw):
    assert refusal(lambda: request(query={"limit": raw}).limit()).status == 400


def test_a_page_size_has_a_default():
    assert request().limit() == 50
    assert request(query={"limit": "200"}).limit() == 200


def test_services_are_found_by_their_class():
    services, shape = Services(), Shape(name="x")
    services.add(shape)
    assert services[Shape] is shape


def test_each_code_has_a_status():
    assert set(STATUS) == set(ErrorCode)


def test_each_role_may_do_what_the_lesser_one_may():
    assert PERMISSIONS[Role.VIEWER] < PERMISSIONS[Role.EDITOR] < PERMISSIONS[Role.OWNER]
    assert PERMISSIONS[Role.OWNER] == set(Action)
    assert not allows(Role.VIEWER, Action.CHAT)
