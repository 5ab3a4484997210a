"""Two servers on one database and one folder, one of them killed: nothing lost, nothing twice."""

import asyncio
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import Counter

import pytest

from leonidas_jupyter.files.repository import FILES
from leonidas_jupyter.projects.repository import PROJECTS
from tests.files.server_process import FILES as NUMBER
from tests.files.server_process import content
from tests.projects.world import World, until

LEASE = "4"


class Server:
    """A server process, what it said, and when."""

    def __init__(self, folder, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.files.server_process", str(folder), *arguments],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        self.said = []
        self._lines = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        with self.process.stdout as lines:
            for line in lines:
                self._lines.put({**json.loads(line), "at": time.monotonic()})

    def until(self, enough, seconds=90):
        """Listen until ``enough(self)``."""
        deadline = time.monotonic() + seconds
        while not enough(self):
            self.said.append(self._lines.get(timeout=deadline - time.monotonic()))

    def each(self, word):
        return [line[word] for line in self.said if word in line]

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self._reader.join()
        while not self._lines.empty():
            self.said.append(self._lines.get())


@pytest.fixture
def start(tmp_path):
    """Starts servers on one database; they end with the test."""
    servers = []

    def start(*arguments):
        server = Server(tmp_path, *arguments)
        servers.append(server)
        server.until(lambda server: server.each("up"))
        return server

    yield start
    for server in servers:
        server.kill()


def look(folder, body):
    async def main():
        world = World(folder, "sqlite")
        try:
            return await body(world)
        finally:
            await world.close()

    return asyncio.run(main())


def test_files_of_a_killed_server_are_read_by_the_other_and_only_once(start, tmp_path):
    first = start("upload", LEASE, "hang")
    first.until(lambda s: len(s.each("confirmed")) == NUMBER and len(s.each("began")) == 2)
    held = set(first.each("began"))
    second = start("recover", LEASE)
    # What the first server has not begun has no one who renews its lease: the second takes it.
    second.until(lambda s: len(s.each("ready")) == NUMBER - len(held))
    assert not held & set(second.each("began")), "taken from a server that lives"
    first.kill()
    killed = time.monotonic()
    second.until(lambda s: len(s.each("ready")) == NUMBER)
    taken = [line["at"] for line in second.said if line.get("began") in held]
    assert min(taken) - killed > 0
    assert set(first.each("began")) == held
    assert Counter(second.each("began")) == Counter(str(number) for number in range(NUMBER))
    assert set(second.each("ready")) == set(first.each("confirmed"))
    assert len(second.each("ready")) == NUMBER

    async def body(world):
        files = [await world.database.table(FILES).get(each) for each in first.each("confirmed")]
        assert [file.status for file in files] == ["COMPLETED"] * NUMBER
        assert {file.unfinished for file in files} == {None}
        (project_id,) = {file.project_id for file in files}
        for number in range(NUMBER):
            result = await world.files.query(project_id, f"SELECT number FROM f{number}")  # noqa: S608 - a number
            assert result.rows == [[number]]
        assert len(await world.objects()) == 3 * NUMBER
        for number, file in enumerate(files):
            chunks = world.store.get(file.content.original)
            assert b"".join([chunk async for chunk in chunks]) == content(number)

    look(tmp_path, body)


def test_a_delete_of_a_killed_server_is_finished_by_the_other(start, tmp_path):
    first = start("delete", LEASE, "hang")
    first.until(lambda s: s.each("deleted") and s.each("cascade"))
    (project_id,) = first.each("deleted")

    async def is_marked(world):
        project = await world.database.table(PROJECTS).get(project_id)
        assert project.deleted_at is not None
        assert (await world.call("GET", "/projects")).json["items"] == []
        return project.lease_until

    look(tmp_path, is_marked)
    first.kill()
    second = start("recover", LEASE)
    second.until(lambda s: s.each("cascade") == [project_id])

    async def is_gone(world):
        async def gone():
            return await world.database.table(PROJECTS).get(project_id) is None

        await until(gone)
        assert await world.objects() == []
        for repository in (world.sessions._repository, world.files._repository):
            assert (await repository.of_project(project_id, after=None, limit=9)).items == []

    look(tmp_path, is_gone)
