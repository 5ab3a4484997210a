"""Cursors are opaque, and only ours are taken."""

import pytest

from leonidas_jupyter.core.errors import ErrorCode, LeonidasError
from leonidas_jupyter.core.paging import decode_cursor, encode_cursor


@pytest.mark.parametrize("position", [["2026-01-01", "é"], [1, "a"], [None, "x"], ["", ""]])
def test_a_cursor_holds_its_position(position):
    cursor = encode_cursor(position)
    assert "=" not in cursor
    assert decode_cursor(cursor, 2) == position


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "!!!", "é", encode_cursor(["one"]), encode_cursor([["nested"], "a"]), "bnVsbA"],
)
def test_what_is_not_our_cursor_is_an_invalid_request(cursor):
    with pytest.raises(LeonidasError) as caught:
        decode_cursor(cursor, 2)
    assert caught.value.code is ErrorCode.INVALID_REQUEST
