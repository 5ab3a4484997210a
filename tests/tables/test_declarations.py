"""Declarations that cannot work are refused when they are used first, not when data is lost."""

from typing import Any

import pytest

from leonidas_jupyter.tables.base import Index, Item, TableSpec
from leonidas_jupyter.tables.rows import codec


class Model(Item):
    name: str
    maybe: str | None = None
    parts: list[str] = []  # noqa: RUF012 - pydantic copies it
    anything: Any = None
    done: bool = False


@pytest.mark.parametrize(
    "spec",
    [
        TableSpec("t", Model, key=("nonsense",)),
        TableSpec("t", Model, key=("parts",)),
        TableSpec("t", Model, key=("maybe",)),
        TableSpec("t", Model, key=("done",)),
        TableSpec("t", Model, key=("name",), unique=("anything",)),
        TableSpec("t", Model, key=("name",), indexes=(Index("i", "parts", "created_at"),)),
        TableSpec("t", Model, key=("name",), indexes=(Index("i", "name", "nonsense"),)),
        TableSpec("t", Model, key=("name",), ttl="maybe"),
    ],
)
def test_a_declaration_that_cannot_work(spec):
    with pytest.raises(TypeError, match=r"t\.|of t"):
        codec(spec)


def test_one_codec_for_one_declaration():
    spec = TableSpec("t", Model, key=("name",))
    assert codec(spec) is codec(TableSpec("t", Model, key=("name",)))
