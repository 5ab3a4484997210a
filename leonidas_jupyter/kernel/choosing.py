"""Things by what people call them."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from leonidas_jupyter.kernel.errors import LeonidasError

T = TypeVar("T")


def one_of(kind: str, wanted: str, things: Sequence[tuple[str, str, T]]) -> T:
    """The one thing of this id, name, or name in another case.

    Raises:
        LeonidasError: there is none, or several; the sentence names them.
    """
    tests: tuple[Callable[[str, str], bool], ...] = (
        lambda key, _name: key == wanted,
        lambda _key, name: name == wanted,
        lambda _key, name: name.casefold() == wanted.casefold(),
    )
    for test in tests:
        found = [(key, thing) for key, name, thing in things if test(key, name)]
        if len(found) == 1:
            return found[0][1]
        if found:
            ids = ", ".join(key for key, _ in found)
            raise LeonidasError(f"Several {kind}s are called {wanted!r}; name one by id: {ids}.")
    known = ", ".join(repr(name) for _, name, _ in things[:20]) or "none yet"
    raise LeonidasError(f"There is no {kind} {wanted!r}; there are: {known}.")
