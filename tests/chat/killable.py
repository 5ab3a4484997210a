"""A server process that can be killed: it answers one question in a session, slowly.

``python -m tests.chat.killable URL SESSION`` prints the run's id once half of the answer
is stored, then goes on for ever.
"""

import asyncio
import sys

from leonidas_jupyter.tables.leases import Leases
from leonidas_jupyter.tables.sql import open_sql
from tests.chat.world import ALL_SPECS, World, call, returned, until

LEASE_SECONDS = 3


async def half(messages, info):
    if not returned(messages):
        yield "Let me look. "
        yield call("query", '{"sql": "select sum(amount) as total from sales"}')
        return
    yield "x" * 2000
    number = 0
    while True:
        yield f"word{number} "
        number += 1
        await asyncio.sleep(0.01)


async def main(url, session):
    database = await asyncio.to_thread(open_sql, url, ALL_SPECS)
    w = World(database, half, leases=Leases(seconds=LEASE_SECONDS))
    run = await w.say(session)

    async def half_stored():
        return len(await w.repository.events(run.run_id, 0)) >= 6

    await until(half_stored)
    sys.stdout.write(run.run_id + "\n")
    sys.stdout.flush()
    await w.chat.ended(run)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
