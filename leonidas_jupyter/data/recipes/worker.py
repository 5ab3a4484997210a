"""The process that runs recipes: ``python -m leonidas_jupyter.data.recipes.worker``.

In: ``{"settings": …}`` once, then ``{"id", "code", "frames", "figures", …}`` or ``{"cancel": id}``.
Out: ``{"ready": true}``, then per program ``{"id", "result"}``, or an id with a sentence under
``refused``, ``failed`` or ``broken``, or ``{"id", "cancelled"}``.
"""

import _thread
import importlib
import queue
import signal
import threading
import traceback
import warnings
from typing import Any

from leonidas_jupyter.data.inside import Speaker, claim_stdout, limit_memory, listen
from leonidas_jupyter.data.recipes.errors import RecipeFailed, RecipeRefused
from leonidas_jupyter.data.recipes.running import run_program

BROKEN = (
    "The statistics could not be finished because of an error, which is in the server's log: ask "
    "again, and report it if it stays."
)


class Runner:
    """Runs the programs of this process, one at a time; another thread can interrupt them."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._cell = settings["cell"]
        warm()
        self._lock = threading.Lock()
        self._running: int | None = None

    def interrupt(self, program_id: int) -> None:
        """Stop the program if it runs now."""
        with self._lock:
            if self._running == program_id:
                _thread.interrupt_main()

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """The reply to one request; every error becomes a sentence."""
        try:
            try:
                with self._lock:
                    self._running = request["id"]
                return {"result": run_program(request, self._cell)}
            except RecipeRefused as error:
                return {"refused": error.sentence}
            except RecipeFailed as error:
                return {"failed": error.sentence}
            except Exception:  # noqa: BLE001 - whatever it is, the server hears a sentence
                traceback.print_exc()
                return {"broken": BROKEN}
            finally:
                # An interrupt comes before this, or not at all.
                with self._lock:
                    self._running = None
        except KeyboardInterrupt:
            return {"cancelled": True}


def warm() -> None:
    """Import what programs use, before the first one."""
    for name in ("numpy", "pandas", "scipy.stats", "pyarrow.parquet"):
        importlib.import_module(name)


def main() -> None:
    """Run programs until the parent goes away."""
    # What pandas and scipy warn of shows in the results: a missing value.
    warnings.simplefilter("ignore")
    speaker = Speaker(claim_stdout())
    inbox: queue.Queue[dict[str, Any]] = queue.Queue()
    runners: list[Runner] = []

    def handle(message: dict[str, Any]) -> None:
        if "cancel" in message:
            for runner in runners:
                runner.interrupt(message["cancel"])
        else:
            inbox.put(message)

    # An interrupt must reach the program, however the server was started.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    listen(handle)
    settings = inbox.get()["settings"]
    runners.append(Runner(settings))
    limit_memory(settings["memory_bytes"])
    speaker.say({"ready": True})
    while True:
        try:
            request = inbox.get()
        except KeyboardInterrupt:  # of the whole terminal; the parent decides
            continue
        speaker.say({"id": request["id"], **runners[0].answer(request)})


if __name__ == "__main__":
    main()
