"""A whole chat in this process: real projects and sessions, a small table in place of files."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import duckdb
from pydantic_ai import models
from pydantic_ai.models.function import DeltaToolCall, FunctionModel

from leonidas_jupyter.assistant.models.registry import ModelEntry, ModelRegistry
from leonidas_jupyter.assistant.policy import Policy
from leonidas_jupyter.chat.repository import SPECS as CHAT
from leonidas_jupyter.chat.repository import ChatRepository
from leonidas_jupyter.chat.schemas import ChatRequest, ChatSettings
from leonidas_jupyter.chat.service import ChatService
from leonidas_jupyter.core.events import EventBus
from leonidas_jupyter.core.ids import now
from leonidas_jupyter.core.paging import Page
from leonidas_jupyter.core.security import Caller
from leonidas_jupyter.core.tasks import Tasks
from leonidas_jupyter.data.errors import SqlFailed
from leonidas_jupyter.data.frames import Frame
from leonidas_jupyter.data.framestore import Content, Standing
from leonidas_jupyter.data.profile import ColumnProfile, FrameProfile
from leonidas_jupyter.data.recipes.errors import RecipeRefused
from leonidas_jupyter.data.sql import QueryResult
from leonidas_jupyter.files.repository import SPECS as FILES
from leonidas_jupyter.projects.repository import SPECS as PROJECTS
from leonidas_jupyter.projects.repository import ProjectsRepository
from leonidas_jupyter.projects.schemas import ProjectCreate
from leonidas_jupyter.projects.service import ProjectsService
from leonidas_jupyter.sessions.repository import SPECS as SESSIONS
from leonidas_jupyter.sessions.repository import SessionsRepository
from leonidas_jupyter.sessions.schemas import SessionCreate
from leonidas_jupyter.sessions.service import SessionsService
from leonidas_jupyter.tables.leases import Leases
from leonidas_jupyter.usage.repository import SPECS as USAGE
from leonidas_jupyter.usage.repository import UsageRepository
from leonidas_jupyter.usage.service import UsageService
from tests.servers.chosen import fresh_database

models.ALLOW_MODEL_REQUESTS = False

ANN = Caller("u-ann", "ann")
BOB = Caller("u-bob", "bob")
ALL_SPECS = (*PROJECTS, *SESSIONS, *FILES, *USAGE, *CHAT)

SALES = Frame(
    name="sales",
    file_id="f-sales",
    filename="sales.csv",
    frame_hash="ab" * 16,
    content_version=3,
    profile=FrameProfile(
        rows=3,
        columns=[
            ColumnProfile(name="region", original_name="region", type="text", nulls=0, distinct=2),
            ColumnProfile(
                name="amount", original_name="amount", type="integer", nulls=0, distinct=3
            ),
        ],
    ),
)


@dataclass
class OneFile:
    """A file of the listing, as far as chat looks at it."""

    filename: str
    status: str
    file_id: str = "f-1"
    frame_hash: str | None = None
    reason: str | None = None


@dataclass
class Files:
    """The part of FilesService that chat asks, over one table."""

    table: list[Frame] = field(default_factory=lambda: [SALES])
    listed: list[OneFile] = field(default_factory=list)

    async def frames(self, _project_id):
        return list(self.table)

    async def standing(self, project_id):
        return [
            Standing(
                frame.name,
                frame.filename,
                Content(project_id, frame.file_id, frame.content_version),
                frame.frame_hash,
            )
            for frame in self.table
        ]

    async def of_project(self, *_, **__):
        return Page(items=list(self.listed))

    async def frame_file(self, _project_id, frame):
        raise AssertionError(f"nobody loads {frame.name} here")

    async def query(self, _project_id, sql, *, limit):
        return await asyncio.to_thread(self._query, sql, limit)

    async def statistics(self, _project_id, recipe):
        raise RecipeRefused(f"There are no statistics of {recipe.frame} here.")

    def _query(self, sql, limit):
        with duckdb.connect() as connection:
            connection.execute(
                "create view sales as select * from "
                "(values ('north', 1), ('south', 2), ('north', 3)) t(region, amount)"
            )
            try:
                cursor = connection.execute(sql)
            except duckdb.Error as error:
                raise SqlFailed(str(error).splitlines()[0]) from error
            rows = [list(row) for row in cursor.fetchmany(limit)]
            columns = [{"name": each[0], "type": str(each[1])} for each in cursor.description]
        return QueryResult.model_validate({"columns": columns, "rows": rows})


def call(tool, json_args, call_id="c1"):
    """What a streaming function model yields for one tool call."""
    return {0: DeltaToolCall(name=tool, json_args=json_args, tool_call_id=call_id)}


def returned(messages):
    """The tool results of the newest request."""
    return [part for part in messages[-1].parts if part.part_kind == "tool-return"]


async def summing(messages, info):
    """A model that asks one query and tells its result."""
    if not returned(messages):
        yield "Let me look. "
        yield call("query", '{"sql": "select sum(amount) as total from sales"}')
    else:
        total = returned(messages)[0].content["rows"][0][0]
        for word in ("The total ", "is ", f"{total}."):
            yield word


async def talking(messages, info):
    """A model that talks at once."""
    for number in range(5):
        yield f"word{number} "


class Gated:
    """A model that says a word each time that somebody lets it."""

    def __init__(self):
        self.next = asyncio.Event()
        self.said = asyncio.Event()

    async def __call__(self, *_):
        for number in range(1000):
            yield f"word{number} "
            self.said.set()
            await self.next.wait()
            self.next.clear()


async def endless(messages, info):
    """A model that goes on until it is stopped."""
    number = 0
    while True:
        yield f"word{number} "
        number += 1
        await asyncio.sleep(0.01)


def entry(name, stream, *, local=True):
    """A registry entry for a function model."""
    return ModelEntry(name, local, lambda _: FunctionModel(stream_function=stream))


class World:
    """Services of one server process on a database."""

    def __init__(
        self,
        database,
        stream=summing,
        *,
        leases=None,
        policy=None,
        files=None,
        budget=None,
        executors=None,
        patience=timedelta(days=1),
    ):
        self.bus = EventBus()
        self.tasks = Tasks()
        self.leases = leases or Leases()
        self.database = database
        common = {"bus": self.bus, "tasks": self.tasks, "leases": self.leases}
        self.projects = ProjectsService(
            repository=ProjectsRepository(database), policy=policy, **common
        )
        self.sessions = SessionsService(
            repository=SessionsRepository(database), projects=self.projects, **common
        )
        self.files = files or Files()
        self.repository = ChatRepository(database, patience)
        registry = ModelRegistry([entry("builtin", stream), entry("remote", stream, local=False)])
        self.chat = ChatService(
            repository=self.repository,
            projects=self.projects,
            sessions=self.sessions,
            files=self.files,
            usage=UsageService(repository=UsageRepository(database), budget=budget),
            settings=ChatSettings(policy or Policy(reading_seconds=0), registry),
            executors=executors,
            **common,
        )

    async def session(self, caller=ANN):
        """A new session in a new project."""
        project = await self.projects.create(caller, ProjectCreate(name="p"))
        made = await self.sessions.create(caller, project.project_id, SessionCreate())
        return made.session_id

    async def ask(self, session_id, text="what is the total?", **more):
        """The whole answer to a question."""
        run = await self.say(session_id, text, **more)
        return await self.chat.ended(run)

    async def say(self, session_id, text="what is the total?", caller=ANN, **more):
        return await self.chat.say(caller, session_id, ChatRequest(content=text, **more))

    async def answer(self, session_id, caller=ANN, **given):
        """The run's answer after what somebody answered to calls that wait."""
        run = await self.chat.answer(caller, session_id, ChatRequest(**given))
        return await self.chat.ended(run)

    async def events(self, run, after=0, caller=ANN):
        """All events of a run until its end."""
        follow = await self.chat.follow(caller, run.session_id, run.run_id, after)
        return [event async for event in follow]

    async def said(self, session_id, **more):
        """The session's messages."""
        asked = {"after": None, "before": None, "limit": 200} | more
        return (await self.chat.history(ANN, session_id, **asked)).items


@asynccontextmanager
async def world(stream=summing, **more):
    """A world on memory, stopped at the end."""
    made = World(fresh_database(ALL_SPECS), stream, **more)
    try:
        yield made
    finally:
        await made.tasks.close()


async def until(condition, seconds=60):
    """Wait until a condition holds; it may be a coroutine function."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        holds = condition()
        if await holds if asyncio.iscoroutine(holds) else holds:
            return
        assert asyncio.get_running_loop().time() < deadline, "it never came about"
        await asyncio.sleep(0.005)


def text_of(events):
    """What a reader that appends every delta has."""
    return "".join(event.data["text"] for event in events if event.name == "text_delta")


async def over(table, key):
    """Let a lease end now."""
    await table.update(key, {"lease_until": now() - timedelta(seconds=1)})


async def counted(w, *specs):
    """How many rows stand in each table."""
    return [len((await w.database.table(spec).scan(after=None, limit=500)).items) for spec in specs]
