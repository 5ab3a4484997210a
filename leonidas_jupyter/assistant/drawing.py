"""Charts as pictures, for places that draw no Vega-Lite: drawn in a process of their own."""

import asyncio
import logging
from typing import Any

from leonidas_jupyter.data.process import WorkerProcess

log = logging.getLogger(__name__)

DRAW_SECONDS = 10.0
"""What one picture may take, the start of the process included."""

IDLE_SECONDS = 300.0
"""After so long without a chart the process (about 150 MiB) is given back."""

MAX_BASE64 = 64 * 1024
"""The largest picture that is kept with an answer, in characters of base64."""


class Pictures:
    """Draws Vega-Lite specifications as PNG, one after the other."""

    def __init__(self) -> None:
        self._worker: WorkerProcess | None = None
        self._turn = asyncio.Lock()
        self._idle: asyncio.TimerHandle | None = None

    async def draw(self, spec: dict[str, Any]) -> str | None:
        """The picture as base64 (PNG, 72 pixels per inch); None where it could not be drawn.

        A chart without its picture is still a chart, so nothing is raised.
        """
        async with self._turn:
            self._keep()
            try:
                picture = await asyncio.wait_for(self._drawn(spec), DRAW_SECONDS)
            except (TimeoutError, asyncio.CancelledError) as stopped:
                self._end()
                if isinstance(stopped, asyncio.CancelledError):
                    raise
                log.warning("A chart took more than %g seconds to draw", DRAW_SECONDS)
                return None
            self._idle = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._end)
        return picture if picture and len(picture) <= MAX_BASE64 else None

    async def close(self) -> None:
        """End the process."""
        self._keep()
        self._end()

    async def _drawn(self, spec: dict[str, Any]) -> str | None:
        worker = self._worker
        if worker is None or not worker.alive:
            worker = await WorkerProcess.start("leonidas_jupyter.assistant.drawingworker")
            self._worker = worker
        await worker.send({"spec": spec})
        reply = await worker.receive()
        if reply is None or "failed" in reply:
            log.warning("A chart could not be drawn: %s", (reply or {}).get("failed", "no reply"))
            return None
        return str(reply["png"])

    def _keep(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _end(self) -> None:
        if self._worker is not None:
            self._worker.kill()
            self._worker = None
