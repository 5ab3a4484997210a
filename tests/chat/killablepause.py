"""A server process that can be killed where an answer waits, or its code runs.

``python -m tests.chat.killablepause URL SESSION LOG STATE`` prints a line once it has come to
STATE (``pending``, ``approved``, ``running`` or ``streaming``), then goes on for ever. What its
kernel runs is added to the file LOG, as an effect that outlives it. With ``race`` it prints a line,
waits for one on its standard input, approves the call ``t1`` and prints what came of it.
"""

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

from leonidas_jupyter.chat.schemas import ChatRequest
from leonidas_jupyter.core.errors import LeonidasError
from leonidas_jupyter.tables.leases import Leases
from leonidas_jupyter.tables.sql import open_sql
from tests.chat.asking import CODE, once, python
from tests.chat.kernels import Kernel, Kernels
from tests.chat.world import ALL_SPECS, ANN, World, call, returned, until

LEASE_SECONDS = 2


def step(messages):
    """How many results the model has."""
    return sum(part.part_kind == "tool-return" for m in messages for part in m.parts)


async def thorough(messages, info):
    """A model that asks a query, then for code, and then talks for ever."""
    if not returned(messages):
        yield "Let me look. "
        yield call("query", '{"sql": "select sum(amount) as total from sales"}')
    elif step(messages) == 1:
        yield "Now some code. "
        yield python(CODE)
    else:
        yield "y" * 2000
        while True:
            yield "word "
            await asyncio.sleep(0.01)


async def brief(messages, info):
    """The same model, which comes to its end."""
    if not returned(messages):
        yield python(CODE)
    else:
        yield "done"


@dataclass
class LoggingKernel(Kernel):
    """A kernel whose work has an effect."""

    log: Path = Path()
    text: str = "found 42"

    async def run(self, code, frames, *, may_overwrite=()):
        await asyncio.to_thread(self._write, code)
        return await super().run(code, frames, may_overwrite=may_overwrite)

    def _write(self, code):
        with self.log.open("a") as file:
            file.write(code + "\n")


async def come_to(w, session, state, kernel):
    """Bring an answer to a state."""
    run = await w.say(session)
    await w.chat.ended(run)
    if state == "pending":
        return
    if state == "approved":

        async def never(*_):
            await asyncio.Event().wait()

        w.chat._desk.go_on = never
        asyncio.get_running_loop().create_task(approve(w, session, "t2"))

        async def taken():
            return (await w.repository.runs.get(run.run_id)).status == "running"

        await until(taken)
        return
    await approve(w, session, "t2")
    await kernel.begun.wait()
    if state == "streaming":

        async def said():
            message = await w.repository.message(session, run.message_id)
            events = await w.repository.events(run.run_id, message.content_until or 0)
            return any("yyy" in event.data.get("text", "") for event in events)

        await until(said)


async def approve(w, session, call_id):
    """Approve a call."""
    return await w.chat.answer(ANN, session, ChatRequest(approvals=once(call_id)))


def tell(line):
    """Say something to the process that watches."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def race(w, session):
    """Approve at a given moment, and say what came of it."""
    tell("ready")
    await asyncio.to_thread(sys.stdin.readline)
    try:
        run = await approve(w, session, "t1")
        tell((await w.chat.ended(run)).status)
    except LeonidasError as error:
        tell(error.code)


async def main(url, session, log, state):
    """Come to the state, and stay."""
    database = await asyncio.to_thread(open_sql, url, ALL_SPECS)
    held = asyncio.Event() if state == "running" else None
    kernel = LoggingKernel(log=Path(log), hold=held)
    kernels = Kernels(own=kernel)
    model = brief if state == "race" else thorough
    w = World(database, model, leases=Leases(seconds=LEASE_SECONDS), executors=kernels)
    if state == "race":
        await race(w, session)
        await w.tasks.close()
        await database.close()
        return
    await come_to(w, session, state, kernel)
    tell(state)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:5]))
