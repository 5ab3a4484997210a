"""A progress bar of the environment's own kind, for what takes long enough to be worth one."""

import contextlib
import sys
import warnings
from collections.abc import Callable, Iterator

DELAY_SECONDS = 0.5
"""What is done sooner shows nothing."""

Advance = Callable[[int], None]


@contextlib.contextmanager
def bar(what: str, total: int, *, shown: bool = True) -> Iterator[Advance]:
    """Report bytes as they pass; ``what`` is said beside the bar."""
    if not shown:
        yield lambda _size: None
        return
    try:
        with warnings.catch_warnings():
            # tqdm warns where ipywidgets is missing, and draws the bar as text; that is fine.
            warnings.simplefilter("ignore")
            from tqdm.auto import tqdm
    except ImportError:
        with _plain(what, total) as advance:
            yield advance
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        drawn = tqdm(
            total=total,
            desc=what,
            unit="B",
            unit_scale=True,
            unit_divisor=1024,
            delay=DELAY_SECONDS,
            leave=False,
        )
    with drawn:
        yield lambda size: drawn.update(size) and None


@contextlib.contextmanager
def _plain(what: str, total: int) -> Iterator[Advance]:
    """One line for each tenth, where tqdm is not installed."""
    done = 0
    said = 0

    def advance(size: int) -> None:
        nonlocal done, said
        done += size
        tenth = done * 10 // max(total, 1)
        if tenth > said and total > 8 << 20:
            said = tenth
            sys.stderr.write(f"{what} {tenth * 10} %\n")

    yield advance
