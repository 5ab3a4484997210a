"""A server in a process of its own, to be killed: ``python -m tests.files.server_process ...``.

Arguments: the folder, what to do (``upload``, ``delete`` or ``recover``), how long a lease lasts,
and ``hang`` where its work is never to end. It says what it does, a JSON line each.
"""

import asyncio
import json
import sys
from pathlib import Path

from leonidas_jupyter.core.events import FileReady, FileStatusChanged, ProjectDeleted
from leonidas_jupyter.data import framestore
from tests.projects.world import World

FILES = 4
real_ingest = framestore.run_ingest


def say(**facts):
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def content(number):
    return f"number\n{number}\n".encode()


async def ingest(source, target, *, hang, **options):
    text = await asyncio.to_thread(source.read_text)
    say(began=text.split()[1])
    report = await real_ingest(source, target, **options)
    if hang:
        await asyncio.Event().wait()
    return report


async def upload(world):
    project_id = await world.project()
    for number in range(FILES):
        place = await world.begin(project_id, content(number), f"f{number}.csv")
        await world.put(place, content(number))
        await world.confirm(place["file_id"])
        say(confirmed=place["file_id"])


async def delete(world):
    project_id = await world.project()
    await world.session(project_id)
    place = await world.begin(project_id, content(1), "f.csv")
    await world.put(place, content(1))
    await world.call("DELETE", f"/projects/{project_id}")
    say(deleted=project_id)


async def recover(world):
    while True:
        await world.recover()
        await asyncio.sleep(0.1)


async def main(folder, task, seconds, hang):
    world = World(Path(folder), "sqlite", lease_seconds=float(seconds))

    async def read(source, target, **options):
        return await ingest(source, target, hang=hang, **options)

    framestore.run_ingest = read

    async def ready(event):
        say(ready=event.file_id)

    async def status(event):
        say(status=event.status, file_id=event.file_id, reason=event.reason)

    async def cascade(event):
        say(cascade=event.project_id)
        if hang:
            await asyncio.Event().wait()

    world.bus.subscribe(FileReady, ready)
    world.bus.subscribe(FileStatusChanged, status)
    world.bus.subscribe(ProjectDeleted, cascade)
    say(up=world.leases.worker_id)
    await {"upload": upload, "delete": delete, "recover": recover}[task](world)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4], "hang" in sys.argv[4:]))
