import base64
import json
from datetime import timedelta

import jwt
import pytest

from leonidas_jupyter.core import tokens
from leonidas_jupyter.core.errors import ErrorCode, LeonidasError
from leonidas_jupyter.core.ids import now
from leonidas_jupyter.core.keys import Keyring, key_id
from leonidas_jupyter.core.tokens import AccessTokens, Refresh, RefreshTokens, bearer, is_ours

OLD, NEW, OTHER = "o" * 40, "n" * 40, "x" * 40


def signing_key(secret):
    return Keyring([secret]).derive("access tokens")[0]


def forged(secret=NEW, *, header=None, **changes):
    """A token signed with the right key, but not what we issue."""
    key = signing_key(secret)
    claims = {
        "sub": "u",
        "fam": "f",
        "aud": "leonidas",
        "iat": now(),
        "exp": now() + timedelta(minutes=5),
        **changes,
    }
    claims = {name: value for name, value in claims.items() if value is not None}
    headers = {"typ": "leo+jwt", "kid": key_id(key), **(header or {})}
    return jwt.encode(claims, key, algorithm="HS256", headers=headers)


def refusal(token, secrets=(NEW,)):
    with pytest.raises(LeonidasError) as caught:
        AccessTokens(Keyring(secrets), 60).verify(token)
    assert caught.value.status == 401
    return caught.value.code


def test_what_was_issued_is_verified():
    access = AccessTokens(Keyring([NEW]), 60)
    token = access.issue("u1", "f1")
    claims = access.verify(token)
    assert (claims.user_id, claims.family_id) == ("u1", "f1")
    assert jwt.get_unverified_header(token) == {
        "typ": "leo+jwt",
        "alg": "HS256",
        "kid": key_id(signing_key(NEW)),
    }
    assert is_ours(token)
    AccessTokens(Keyring([NEW]), 60).verify(forged())  # so that the refusals below mean something


def test_keys_rotate_the_first_signs_and_all_verify():
    before = AccessTokens(Keyring([OLD]), 60).issue("u", "f")
    both = AccessTokens(Keyring([NEW, OLD]), 60)
    assert both.verify(before).user_id == "u"
    assert refusal(both.issue("u", "f"), (OLD,)) is ErrorCode.UNAUTHENTICATED
    assert refusal(before) is ErrorCode.UNAUTHENTICATED


def test_algorithm_none_is_refused():
    def part(data):
        return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()

    kid = key_id(signing_key(NEW))
    claims = {"sub": "u", "fam": "f", "aud": "leonidas", "exp": 9e9, "iat": 1}
    for algorithm in ("none", "None", "HS512", "RS256"):
        header = {"typ": "leo+jwt", "alg": algorithm, "kid": kid}
        assert refusal(f"{part(header)}.{part(claims)}.") is ErrorCode.UNAUTHENTICATED
    strong = jwt.encode(
        claims, signing_key(NEW) * 2, algorithm="HS512", headers={"typ": "leo+jwt", "kid": kid}
    )
    assert refusal(strong) is ErrorCode.UNAUTHENTICATED


def test_wrong_key_is_refused_even_under_a_known_name():
    kid = key_id(signing_key(NEW))
    assert refusal(forged(OTHER, header={"kid": kid})) is ErrorCode.UNAUTHENTICATED
    assert refusal(forged(OTHER)) is ErrorCode.UNAUTHENTICATED


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"aud": "somebody else"}, ErrorCode.UNAUTHENTICATED),
        ({"aud": None}, ErrorCode.UNAUTHENTICATED),
        ({"sub": None}, ErrorCode.UNAUTHENTICATED),
        ({"fam": None}, ErrorCode.UNAUTHENTICATED),
        ({"exp": None}, ErrorCode.UNAUTHENTICATED),
        ({"exp": now() - timedelta(seconds=1)}, ErrorCode.TOKEN_EXPIRED),
    ],
)
def test_claims_are_checked(changes, code):
    assert refusal(forged(**changes)) is code


def test_another_type_is_not_ours():
    plain = forged(header={"typ": "JWT"})
    assert not is_ours(plain)
    assert refusal(plain) is ErrorCode.UNAUTHENTICATED


def test_a_token_that_was_verified_before_expires_all_the_same(monkeypatch):
    access = AccessTokens(Keyring([NEW]), 60)
    token = access.issue("u", "f")
    access.verify(token)
    later = now() + timedelta(seconds=61)
    monkeypatch.setattr(tokens, "now", lambda: later)
    with pytest.raises(LeonidasError) as caught:
        access.verify(token)
    assert caught.value.code is ErrorCode.TOKEN_EXPIRED


@pytest.mark.parametrize(
    "text", ["", "a", "a.b", "a.b.c", "....", "é.b.c", "e30.e30.e30", "W10.b.c"]
)
def test_what_is_no_token_is_refused(text):
    assert not is_ours(text)
    assert refusal(text) is ErrorCode.UNAUTHENTICATED


def test_refresh_tokens_are_the_same_whoever_computes_them_and_cannot_be_made_up():
    first, second = RefreshTokens(Keyring([NEW])), RefreshTokens(Keyring([NEW, OLD]))
    token = first.token(Refresh("f", 3))
    assert token == second.token(Refresh("f", 3))
    assert second.verify(token) == Refresh("f", 3)
    assert second.verify(RefreshTokens(Keyring([OLD])).token(Refresh("f", 1))) == Refresh("f", 1)
    for bad in (token[:-2] + "xx", token.replace(".3.", ".4."), "", "x", "ü.1.é", token + "."):
        with pytest.raises(LeonidasError) as caught:
            first.verify(bad)
        assert caught.value.code is ErrorCode.UNAUTHENTICATED


def test_access_and_refresh_keys_differ():
    keyring = Keyring([NEW])
    assert keyring.derive("access tokens") != keyring.derive("refresh tokens")


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer  abc ", "abc"),
        ("token abc", "abc"),
        ("Basic abc", None),
        ("Bearer", None),
        ("", None),
        (None, None),
    ],
)
def test_the_token_of_a_header(header, token):
    assert bearer(header) == token
