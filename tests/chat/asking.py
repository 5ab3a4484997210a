"""Models that ask for code, and worlds with somebody to run it, on any engine."""

import json
from contextlib import asynccontextmanager

import pytest
from pydantic_ai.models.function import DeltaToolCall

from leonidas_jupyter.core.errors import LeonidasError
from leonidas_jupyter.core.security import Caller
from leonidas_jupyter.projects.schemas import Member
from tests.chat.kernels import Kernels
from tests.chat.world import ANN, World, returned

ANNS_KERNEL = Caller("u-ann", "ann", kernel=True)
CODE = "total = sales.amount.sum()"


def python(*codes):
    """What a streaming function model yields for calls of python."""
    return {
        place: DeltaToolCall(
            name="python", json_args=json.dumps({"code": code}), tool_call_id=f"c{place}"
        )
        for place, code in enumerate(codes)
    }


def coding(*codes, heard=None):
    """A model that asks for code once, and then says what it got back."""

    async def stream(messages, info):
        if heard is not None:
            heard.append(messages)
        if not returned(messages):
            yield "Let me compute. "
            yield python(*codes)
        else:
            yield " | ".join(json.dumps(part.content) for part in returned(messages))

    return stream


@asynccontextmanager
async def bench(engine, stream, **more):
    """A world with executors, on the engine."""
    database = await engine()
    kernels = more.pop("executors", Kernels())
    w = World(database, stream, executors=kernels, **more)
    w.kernels = kernels
    try:
        yield w
    finally:
        await w.tasks.close()
        await database.close()


async def refused(awaited):
    """The error with which something is refused."""
    with pytest.raises(LeonidasError) as error:
        await awaited
    return error.value


async def member(w, session, caller, role):
    """Make somebody a member of the session's project."""
    project = (await w.sessions.read(ANN, session)).project_id
    row = Member(
        project_id=project, member=f"user:{caller.username}", role=role, added_by=ANN.user_id
    )
    await w.projects._repository._members.put(row)


def once(*ids):
    return {call_id: {"decision": "once"} for call_id in ids}
