"""Keys of DynamoDB sort as values do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leonidas_jupyter.tables.dynamodb_order import (
    escape,
    lower,
    position,
    reserved,
    unescape,
    upper,
)
from leonidas_jupyter.tables.rows import Column, Kind

TEXTS = st.text(st.characters(codec="utf-8"), max_size=4) | st.text("\0\1\2a", max_size=4)
KINDS = {
    Kind.TEXT: TEXTS,
    Kind.INTEGER: st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3),
    Kind.REAL: st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0.0, -0.0]),
    Kind.TIME: st.datetimes().map(lambda time: time.isoformat(timespec="microseconds") + "Z"),
}
KEY = Column("key", Kind.TEXT, False)


def bytes_of(text):
    return text.encode()


@given(TEXTS, TEXTS)
def test_escaped_texts_sort_as_they_did_and_are_never_empty(one, other):
    assert unescape(escape(one)) == one
    assert escape(one)
    assert (bytes_of(escape(one)) < bytes_of(escape(other))) == (one < other)


@given(TEXTS, st.sampled_from(["nobody", "unique email x", ""]))
def test_reserved_keys_are_of_no_text(text, name):
    assert escape(text) != reserved(name) or name[:1] in ("", "\0")


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
def test_positions_sort_as_values_then_keys(kind, data):
    columns = [Column("sort", kind, True), KEY]
    one, other = (data.draw(st.tuples(KINDS[kind], TEXTS)) for _ in range(2))
    places = [bytes_of(position(columns, list(each))) for each in (one, other)]
    assert (places[0] < places[1]) == (one < other)
    assert (places[0] == places[1]) == (one == other)


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
def test_limits_hold_exactly_the_values_between_them(kind, data):
    column = Column("sort", kind, True)
    limit, value = data.draw(KINDS[kind]), data.draw(KINDS[kind])
    place = bytes_of(position([column, KEY], [value, data.draw(TEXTS)]))
    assert (bytes_of(lower(column, limit)) <= place) == (limit <= value)
    assert (place <= bytes_of(upper(column, limit))) == (value <= limit)


def test_what_is_too_long_for_a_key_is_refused():
    column = Column("sort", Kind.TEXT, True)
    assert position([column], ["x" * 1_000])
    for text in ("x" * 1_024, "ü" * 512):
        with pytest.raises(ValueError, match="1024 bytes"):
            position([column], [text])
