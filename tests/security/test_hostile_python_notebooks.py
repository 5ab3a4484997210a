"""Code in a notebook's kernel, or on its way into a file, that will not let go."""

import asyncio
import os

import pytest

from leonidas_jupyter.assistant.executors.channel import Channel, Request
from leonidas_jupyter.assistant.executors.worker import Limits
from leonidas_jupyter.assistant.saving import Saving
from leonidas_jupyter.assistant.tools.base import ToolFailed
from leonidas_jupyter.core.security import Caller
from tests.server.kernelrig import Rig

STUBBORN = """
import pathlib, time
end = pathlib.Path({let_go!r})
while not end.exists():
    try:
        while not end.exists(): time.sleep(0.01)
    except KeyboardInterrupt:
        pass
"""


@pytest.fixture
def make_rig(jp_serverapp, extension, tmp_path, jp_asyncio_loop):
    rigs = []

    def make(limits: Limits) -> Rig:
        rigs.append(Rig(jp_serverapp, extension._site.identity, tmp_path, limits))
        return rigs[-1]

    yield make
    for rig in rigs:
        jp_asyncio_loop.run_until_complete(rig.pool.close())


async def test_code_that_does_not_stop_is_left_and_takes_nothing_along(
    make_rig, jp_serverapp, tmp_path
):
    rig = make_rig(Limits(seconds=0.5, start_seconds=60, busy_seconds=1))
    kernel_id = await jp_serverapp.kernel_manager.start_kernel(kernel_name="python3")
    channel = Channel(rig.kernels.connection(kernel_id))
    await channel.open(60)
    await channel.execute(Request("mine = 'of the user'"))
    notebook = rig.notebook(kernel_id)
    await notebook.run("1", [])
    let_go = tmp_path / "let-go"
    stubborn = STUBBORN.format(let_go=str(let_go))
    with pytest.raises(ToolFailed, match="does not stop"):
        await notebook.run("globals().update(mine='taken')\n" + stubborn, [])
    let_go.touch()
    # It is put back all the same, once that code ends.
    reply = await channel.execute(Request("", expressions={"mine": "mine"}))
    found = reply["user_expressions"]["mine"]["data"]["text/plain"]
    channel.close()
    assert found == "'of the user'"


class Room:
    """Files of a project that has room."""

    async def room(self, *_):
        return 1_000_000

    async def add(self, *_, **__):
        raise AssertionError("it was taken in")


def test_a_pipe_in_place_of_a_file_is_not_waited_for():
    async def pipe(target):
        os.mkfifo(target)
        return []

    async def main():
        saving = Saving(Room(), Caller("u-ann", "ann"), "p", "kind")
        with pytest.raises(ToolFailed, match="could not be written"):
            await asyncio.wait_for(saving.file(pipe, "a.csv", []), 60)

    asyncio.run(main())
