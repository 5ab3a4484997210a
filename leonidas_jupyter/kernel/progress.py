"""Progress in the environment's own kind of bar, for what takes long enough to be worth one."""

import contextlib
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from leonidas_jupyter.kernel.surroundings import in_notebook

DELAY_SECONDS = 0.5
"""What is done sooner shows nothing."""

Advance = Callable[[int], None]


@contextlib.contextmanager
def bar(what: str, total: int, *, shown: bool = True) -> Iterator[Advance]:
    """Report bytes as they pass; ``what`` is said beside the bar."""
    drawn = _tqdm(
        shown, total=total, desc=what, unit="B", unit_scale=True, unit_divisor=1024, miniters=1
    )
    if drawn is None:
        yield lambda _size: None
        return
    with drawn:
        yield lambda size: _discard(drawn.update(size))


@contextlib.contextmanager
def clock(what: str, *, shown: bool = True) -> Iterator[Callable[[], None]]:
    """Report that something goes on, and for how long, where nobody knows how far it is."""
    drawn = _tqdm(shown, desc=what, bar_format="{desc}… {elapsed}", miniters=1)
    if drawn is None:
        yield lambda: None
        return
    with drawn:
        yield lambda: _discard(drawn.update())


@contextlib.contextmanager
def share(what: str, *, shown: bool = True) -> Iterator[Callable[[float | None], None]]:
    """Report which share of something is done, 0 to 1; None where that is not known now."""
    form = "{desc} {percentage:3.0f} %|{bar}| {elapsed}"
    drawn = _tqdm(shown, desc=what, total=100, bar_format=form, miniters=0)
    if drawn is None:
        yield lambda _done: None
        return

    def advance(done: float | None) -> None:
        # A try that begins anew does not take the bar back.
        drawn.update(0 if done is None else max(0, int(done * 100) - drawn.n))

    with drawn:
        yield advance


def _tqdm(shown: bool, **options: Any) -> Any:  # noqa: ANN401 - tqdm is not typed
    """A bar; None where none is wanted or tqdm is not installed."""
    if not shown:
        return None
    with warnings.catch_warnings():
        # tqdm warns where ipywidgets is missing, and draws the bar as text; that is fine.
        warnings.simplefilter("ignore")
        try:
            from tqdm.auto import tqdm
        except ImportError:
            return None
        # Under a cell, standard error stands out in red; scripts keep their output to themselves.
        out = sys.stdout if in_notebook() else sys.stderr
        return tqdm(delay=DELAY_SECONDS, leave=False, file=out, **options)


def _discard(_result: object) -> None:
    """The bar says whether it drew; nobody asks."""
