"""Signed URLs expire, fit one key and one verb, and cannot be forged."""

import base64
import json
import string
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leonidas_jupyter.core.errors import ErrorCode, LeonidasError
from leonidas_jupyter.storage.signing import SignedGrant, UrlSigner

KEY = b"0123456789abcdef0123456789abcdef"
START = datetime(2030, 1, 1, 12, 0, 0, 400_000, tzinfo=UTC)


def signer(key=KEY, clock=lambda: START):
    return UrlSigner(key, "/base/leonidas/api/v1/", clock=clock)


def token(url):
    head, _, token = url.url.rpartition("/")
    assert head == "/base/leonidas/api/v1/blobs"
    return token


def refusal(token, method="PUT", by=None):
    with pytest.raises(LeonidasError) as refused:
        (by or signer()).verify(token, method)
    return refused.value.code


def put_token(**options):
    options = {"expires_in": 60, "size": 7, "sha256": "ab" * 32} | options
    return token(signer().sign("PUT", "projects/p/original", **options))


def test_what_is_signed_is_granted():
    url = signer().sign("PUT", "a/k", expires_in=60, size=0, sha256="ab")
    assert signer().verify(token(url), "PUT") == SignedGrant("a/k", 0, "ab", None)
    assert url.method == "PUT"
    assert timedelta(seconds=59) < url.expires_at - START <= timedelta(seconds=60)
    url = signer().sign("GET", "a/k", expires_in=60, filename='Ü"\r\n/../x.csv')
    assert signer().verify(token(url), "GET") == SignedGrant("a/k", None, None, 'Ü"\r\n/../x.csv')


def test_a_token_is_safe_in_a_path():
    assert set(put_token()) <= set(string.ascii_letters + string.digits + "-_.")


@pytest.mark.parametrize("method", ["GET", "POST", "put", "", None])
def test_another_verb_is_refused(method):
    assert refusal(put_token(), method) is ErrorCode.UNAUTHENTICATED


def test_it_ends_at_its_time():
    url = signer().sign("PUT", "k", expires_in=60, size=7)
    made, end = token(url), url.expires_at
    last = end - timedelta(microseconds=1)
    assert signer(clock=lambda: last).verify(made, "PUT").size == 7
    over = signer(clock=lambda: end)
    assert refusal(made, by=over) is ErrorCode.TOKEN_EXPIRED
    assert refusal(put_token(expires_in=0)) is ErrorCode.TOKEN_EXPIRED


def test_another_servers_key_is_refused():
    other = signer(b"f" * 32)
    assert refusal(token(other.sign("PUT", "k", expires_in=9))) is ErrorCode.UNAUTHENTICATED


def test_every_changed_character_is_refused():
    made = put_token()
    for place, character in enumerate(made):
        other = "A" if character != "A" else "B"
        forged = made[:place] + other + made[place + 1 :]
        assert refusal(forged) is ErrorCode.UNAUTHENTICATED


def test_a_changed_grant_with_the_old_signature_is_refused():
    payload, _, signature = put_token().partition(".")
    grant = json.loads(base64.urlsafe_b64decode(payload + "=="))
    for change in ({"k": "projects/q/original"}, {"e": grant["e"] + 1}, {"s": 8}, {"m": "GET"}):
        forged = base64.urlsafe_b64encode(json.dumps(grant | change).encode()).decode().rstrip("=")
        assert refusal(f"{forged}.{signature}") is ErrorCode.UNAUTHENTICATED


@pytest.mark.parametrize("suffix", ["=", "==", ".", ".x", " ", "\n", "A"])
def test_no_token_has_a_twin(suffix):
    made = put_token()
    for twin in (made + suffix, made.replace(".", suffix + "."), suffix + made):
        assert refusal(twin) is ErrorCode.UNAUTHENTICATED


@given(st.text())
def test_any_text_is_refused_in_the_same_way(text):
    assert refusal(text) is ErrorCode.UNAUTHENTICATED


def test_a_short_key_is_refused():
    with pytest.raises(ValueError, match="at least"):
        UrlSigner(b"short", "/")
