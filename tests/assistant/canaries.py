"""A table of values that must not leave, every tool over it, and a model that notes all it gets."""

import asyncio
import functools
import json
import re
from dataclasses import dataclass, field

import duckdb
from pydantic_ai import models
from pydantic_ai.models.function import DeltaToolCall, FunctionModel

from leonidas_jupyter.assistant.agent import Answering, Question
from leonidas_jupyter.assistant.events import TextSaid, ToolReturned
from leonidas_jupyter.assistant.executors import Execution
from leonidas_jupyter.assistant.models.registry import ModelEntry
from leonidas_jupyter.assistant.policy import Policy
from leonidas_jupyter.assistant.tools.base import ToolContext
from leonidas_jupyter.core.exposure import DataExposure
from leonidas_jupyter.data.errors import SqlFailed, SqlRefused
from leonidas_jupyter.data.frames import Frame
from leonidas_jupyter.data.recipes.results import RecipeResult
from leonidas_jupyter.data.sql import QueryResult
from leonidas_jupyter.data.statement import check_statement

models.ALLOW_MODEL_REQUESTS = False

ALICE = "zq-alice-7391"
SALARY = 987_654
BORN = "1931-05-17"
RARE = "rare-blue-551"
PRINTED = "printed-4417"
TRACED = "traced-6620"
PICTURED = "pictured-8832"
FILED = "filed-2207"
HEADED = "Headed 5518"
FIGURED = 31_337.75
COMMON = "north-common"
OTHER = "south-common"

CELLS = (ALICE, str(SALARY), BORN, RARE)
"""What single rows hold, or few."""

VALUES = (*CELLS, PRINTED, TRACED, FILED, HEADED, str(FIGURED))
"""What only the level ``rows`` lets pass; of pictures' text, none does."""


def rows():
    """Forty-one people: thirty in the north, eight in the south, two rare, and Alice."""
    places = [COMMON] * 30 + [OTHER] * 8 + [RARE] * 2
    people = [
        (n, f"name-{n:02}x", place, 1_000 + 7 * n, f"19{50 + n}-0{1 + n % 9}-11")
        for n, place in enumerate(places)
    ]
    return [*people, (41, ALICE, RARE, SALARY, BORN)]


@functools.cache
def connection():
    """The table in a database; used through cursors."""
    made = duckdb.connect(config={"threads": 1})
    made.execute("create table people (id bigint, name text, city text, salary bigint, born date)")
    made.executemany("insert into people values (?, ?, ?, ?, ?)", rows())
    saved = 'create view saved as select id as "NAME", name, city, salary from people'
    made.execute(saved.replace("NAME", ALICE))
    return made


def frame(**more):
    """The table's frame, with its profile as reading it would make it."""
    city = [(COMMON, 30), (OTHER, 8), (RARE, 3)]
    columns = [
        {"name": "id", "type": "integer", "distinct": 41, "min": 0, "max": 41, "q25": 10.0,
         "median": 20.0, "q75": 30.0, "mean": 20.02, "std": 11.9, "candidate_key": True},
        {"name": "name", "type": "text", "distinct": 41, "original_name": HEADED,
         "top": [{"value": ALICE, "count": 1}], "warnings": [f"odd cell: {ALICE}"],
         "categories": [ALICE], "min_length": 8, "max_length": 13},
        {"name": "city", "type": "text", "distinct": 3, "categories": [c for c, _ in city],
         "top": [{"value": value, "count": count} for value, count in city]},
        {"name": "salary", "type": "integer", "distinct": 41, "min": 1_000, "max": SALARY,
         "q25": 1_070.0, "median": 1_141.0, "q75": 1_212.0, "mean": 25_202.5, "std": 154_062.1,
         "top": [{"value": SALARY, "count": 1}]},
        {"name": "born", "type": "date", "distinct": 41, "min": BORN, "max": "1989-05-11",
         "q25": "1958-09-11", "median": "1969-02-11", "q75": "1979-03-11",
         "top": [{"value": BORN, "count": 1}]},
    ]  # fmt: skip
    made = {
        "name": "people",
        "file_id": "f-people",
        "filename": f"people {FILED}.csv",
        "frame_hash": "ab" * 16,
        "content_version": 1,
        "profile": {
            "rows": 41,
            "columns": [{"nulls": 0, "original_name": c["name"]} | c for c in columns],
            "warnings": [f"row 41 was odd: {ALICE}"],
        },
    }
    return Frame.model_validate(made | more)


async def query(sql, *, limit):
    """As the worker answers, but here; errors say what the database says, cells and all."""
    return await asyncio.to_thread(_query, sql, limit)


def _query(sql, limit):
    with connection().cursor() as made:
        try:
            cursor = made.execute(check_statement(sql))
        except SqlRefused:
            raise
        except duckdb.Error as error:
            raise SqlFailed(str(error).splitlines()[0]) from error
        found = [
            [value if isinstance(value, int | float | None) else str(value) for value in row]
            for row in cursor.fetchmany(limit)
        ]
        columns = [{"name": each[0], "type": str(each[1])} for each in cursor.description]
    return QueryResult.model_validate({"columns": columns, "rows": found})


@dataclass
class Kernel:
    """Prints values, draws them, and fails with them in its words."""

    ran: list[str] = field(default_factory=list)

    async def run(self, code, frames, *, may_overwrite=()):
        """What came of it."""
        del may_overwrite
        self.ran.append(code)
        failed = "fail" in code
        return Execution(
            ok=not failed,
            text=f"{PRINTED} {ALICE}",
            outputs=[{"image/png": PICTURED, "text/plain": PICTURED}] * 7,
            error=f"ValueError: cannot read {TRACED}" if failed else None,
            traceback=f"Traceback: {TRACED}" if failed else None,
            table=None if failed else await table(),
            frames=list(frames),
        )

    async def overwrites(self, code):
        """Nothing of the user's."""
        del code
        return ()


async def table():
    """What code gives as its value."""
    found = (await query("select name, salary from people where id = 41", limit=5)).model_dump()
    return found | {"total_rows": 1}


class Saving:
    """Saves: what comes of it is a frame whose columns may be called after cells."""

    async def query(self, sql, filename, sources):
        """A frame for a query's result."""
        del sql, sources
        return await self.file(None, filename, ())

    async def file(self, write, filename, sources):
        """A frame for whatever was computed."""
        del write, sources
        profile = frame().profile.model_copy(deep=True)
        profile.columns[0].name = ALICE
        return frame(name="saved", file_id="f-2", filename=filename, profile=profile).model_copy(
            update={"generated": True}
        )


async def statistics(recipe):
    """A mean of all rows, and the greatest."""
    del recipe
    return RecipeResult.model_validate(
        {
            "columns": [{"name": "m", "type": "DOUBLE"}, {"name": "top", "type": "DOUBLE"}],
            "rows": [[25202.5, FIGURED]],
            "facts": [
                {"output": "m", "used": 41, "aggregate": True},
                {"output": "top", "used": 41, "aggregate": False},
            ],
            "tables": [
                {"name": "g", "columns": [{"name": "v", "type": "VARCHAR"}], "rows": [[ALICE]]}
            ],
        }
    )


BAR = {"mark": "bar", "encoding": {"x": {"field": "city"}, "y": {"field": "m"}}}
STEPS = (
    ("query", {"sql": "select * from people order by id desc limit 5"}),
    ("query", {"sql": "select name, max(salary) as top from people group by name order by 2 desc"}),
    ("query", {"sql": "select city, avg(salary) as m, count(*) as n from people group by city"}),
    ("query", {"sql": "select sum(salary) as s from people where id = 41"}),
    ("query", {"sql": "select max(born) as b, min(born) as a from people"}),
    ("query", {"sql": "select name from people union select city from people"}),
    ("query", {"sql": "pivot people on city using sum(salary)"}),
    ("query", {"sql": "select name::int from people order by id desc"}),
    ("query", {"sql": "select nme from people"}),
    ("query", {"sql": "select error(name) from people where id = 41"}),
    ("list_frames", {}),
    ("describe_frame", {"name": "people"}),
    ("describe_frame", {"name": "nobody"}),
    ("chart", {"sql": "select name as city, salary as m from people", "spec": BAR}),
    ("chart", {"sql": "select city, avg(salary) as m from people group by city", "spec": BAR}),
    ("chart", {"sql": "pivot people on city using sum(salary)", "spec": BAR}),
    (
        "statistics",
        {
            "frame": "people",
            "outputs": [
                {"op": "aggregate", "name": "m", "column": "salary", "statistic": "mean"},
                {"op": "aggregate", "name": "top", "column": "salary", "statistic": "max"},
                {"op": "value_counts", "name": "g", "column": "name"},
            ],
        },
    ),
    ("python", {"code": "print(people)"}),
    ("python", {"code": "fail(people)"}),
    ("save_file", {"filename": "mine.csv", "sql": "select name, salary from people"}),
    ("save_file", {"filename": "mine.csv", "result": "t1"}),
    ("query", {"sql": "select count(*) as n from saved"}),
    ("describe_frame", {"name": "saved"}),
    ("list_frames", {}),
)  # fmt: skip
"""A call of every tool, in the ways in which values could come back."""


_STAMPS = re.compile(
    r"timestamp=datetime\.datetime\([^)]*\)|\b(?:run|conversation|response)_id='[^']*'"
)
"""What pydantic-ai notes on messages: digits of times and ids are nobody's cells."""


@dataclass
class Recorder:
    """A model that makes the calls of a script, then says its last words; it notes what it gets."""

    steps: tuple = STEPS
    last: str = "done"
    heard: list[str] = field(default_factory=list)
    returned: list[object] = field(default_factory=list)

    async def __call__(self, messages, info):
        tools = [(t.name, t.description, t.parameters_json_schema) for t in info.function_tools]
        said = _STAMPS.sub("", f"{info.instructions} {tools} {messages} {info.model_settings}")
        self.heard.append(said)
        self.returned += [part.content for part in messages[-1].parts if hasattr(part, "tool_name")]
        step = len(self.heard) - 1
        if step >= len(self.steps):
            for word in self.last.split(" "):
                yield word + " "
            return
        name, arguments = self.steps[step]
        call = DeltaToolCall(name=name, json_args=json.dumps(arguments), tool_call_id=f"c{step}")
        yield {0: call}

    @property
    def all(self):
        """Everything that it was ever given."""
        return "\n".join(self.heard)


def entry(model, *, local=False):
    """The model, as it can be asked."""
    return ModelEntry("m", local, lambda _: FunctionModel(stream_function=model))


@dataclass
class Told:
    """What came of an answer: what the model got, what the user read, what the tools found."""

    heard: str
    shown: str
    returned: list[ToolReturned]
    kernel: Kernel
    model: Recorder


def asked(level, *, model=None, past=(), frames=None, python="auto", local=False):
    """The answer to a question at a level, with every tool at hand."""
    model = model or Recorder()
    kernel, emitted = Kernel(), []

    async def emit(event):
        emitted.append(event)

    policy = Policy(
        exposure_max=DataExposure.ROWS, tool_rounds=60, tool_retries=60, allowed_models=("m",)
    )
    context = ToolContext(
        list(frames or [frame()]),
        query,
        python=python,
        executor=kernel,
        save=Saving(),
        statistics=statistics,
    )
    gate = policy.gate("m", local=local, exposure=level)
    question = Question("who is paid most?", list(past), context, entry(model, local=local), gate)
    asyncio.run(Answering(question, policy, emit).run())
    return Told(
        heard=model.all,
        shown="".join(event.text for event in emitted if isinstance(event, TextSaid)),
        returned=[event for event in emitted if isinstance(event, ToolReturned)],
        kernel=kernel,
        model=model,
    )
