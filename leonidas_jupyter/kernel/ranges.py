"""Downloads in ranges, several at once, where the bytes come from a store of objects."""

from pathlib import Path

from leonidas_jupyter.kernel.errors import ConnectionLost, LeonidasError
from leonidas_jupyter.kernel.http import Transport
from leonidas_jupyter.kernel.progress import Advance
from leonidas_jupyter.kernel.refusals import FAULTS, refusal
from leonidas_jupyter.kernel.together import Together
from leonidas_jupyter.kernel.transfers import (
    ATTEMPTS,
    CHUNK_BYTES,
    Signed,
    begins_at,
    pause_after,
    receive,
)

RANGE_BYTES = 16 * 1024**2
"""What one connection fetches at a time."""


def receive_ranges(path: Path, signed: Signed, origin: str, size: int, advance: Advance) -> None:
    """Download ``size`` bytes into a file; from a server of ours by one connection, as before.

    Raises:
        LeonidasError: the store refused it, or the connection kept breaking.
    """
    if not signed.elsewhere or size <= RANGE_BYTES:
        receive(path, signed, origin, size, advance)
        return
    with path.open("wb") as file:
        file.truncate(size)
    together = Together(advance)
    transport, target = signed.target(origin)
    ranges = [
        _Range(transport, target, signed, path, (at, min(at + RANGE_BYTES, size)), together)
        for at in range(0, size, RANGE_BYTES)
    ]
    try:
        together.all(ranges, _Range.fetch)
    except _NoRanges:
        together.settle(0)
        receive(path, signed, origin, size, advance)
    finally:
        transport.close()


class _NoRanges(Exception):
    """The store answers with the whole, whatever is asked for."""


class _Range:
    """One range, gone on with where the connection broke."""

    def __init__(
        self,
        transport: Transport,
        target: str,
        signed: Signed,
        path: Path,
        wanted: tuple[int, int],
        together: Together,
    ) -> None:
        self._transport = transport
        self._target = target
        self._signed = signed
        self._path = path
        self._at, self._end = wanted
        self._together = together

    def fetch(self) -> None:
        """Fetch it. Raises LeonidasError, _NoRanges, Stopped."""
        for attempt in range(1, ATTEMPTS):
            try:
                self._go_on()
            except ConnectionLost:
                pass
            except LeonidasError as error:
                if error.status not in FAULTS:
                    raise
            else:
                return
            self._together.pause(pause_after(attempt))
        self._go_on()

    def _go_on(self) -> None:
        headers = {**self._signed.headers, "Range": f"bytes={self._at}-{self._end - 1}"}
        transport = self._transport
        with (
            transport.open(self._signed.method, self._target, headers=headers) as response,
            self._path.open("r+b") as file,
        ):
            if response.status >= 400:
                raise refusal(transport.whole(response), transport.origin)
            if not begins_at(response, self._at):
                raise _NoRanges
            file.seek(self._at)
            for chunk in transport.chunks(response, CHUNK_BYTES):
                part = chunk[: self._end - self._at]
                file.write(part)
                self._at += len(part)
                self._together.advance(len(part))
        if self._at < self._end:
            raise ConnectionLost("The download from the file store broke off; try again.")
