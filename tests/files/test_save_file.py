"""Results saved as files: the whole of them, faithful, within limits, never over another file."""

import asyncio
from pathlib import Path

import pytest
from pydantic import ValidationError

from leonidas_jupyter.assistant.saving import Saving
from leonidas_jupyter.assistant.tools.base import ToolContext, ToolFailed
from leonidas_jupyter.assistant.tools.query import QUERY
from leonidas_jupyter.assistant.tools.save_file import SAVE_FILE, SaveArguments
from leonidas_jupyter.files.schemas import FileLimits, FileSource
from tests.projects.world import ANN, BOB, World

SALES = b"""code,region,amount,share,day,paid
007,North,10,0.1,2024-01-01,true
008,"So ""uth"", far",20,1e-7,2024-01-02,false
009,,30,0.3333333333333333,,true
"""


@pytest.fixture
def run(tmp_path):
    def run(body, **options):
        async def main():
            world = World(tmp_path, "sqlite", **options)
            try:
                return await body(world)
            finally:
                await world.close()

        return asyncio.run(main())

    return run


async def desk(world, content=SALES, *, caller=ANN, executor=None) -> ToolContext:
    """What the tools of an answer work with, over a project with one file."""
    project_id = await world.project()
    await world.upload(project_id, content)

    async def query(sql, *, limit):
        return await world.files.query(project_id, sql, limit=limit)

    return ToolContext(
        frames=await world.files.frames(project_id),
        query=query,
        executor=executor,
        save=Saving(world.files, caller, project_id, FileSource.APP_GENERATED),
    )


async def save(context, **arguments):
    return await SAVE_FILE.run(SaveArguments.model_validate(arguments), context)


async def rows(context, sql):
    return (await context.query(sql, limit=100_000)).rows


async def sentence(work) -> str:
    with pytest.raises(ToolFailed) as failed:
        await work
    return failed.value.sentence


def test_a_query_becomes_a_file_that_reads_back_equal(run):
    async def body(world):
        context = await desk(world)
        output = await save(context, filename="copy", sql="SELECT * FROM sales")
        assert output.result["filename"] == "copy.csv"
        assert output.result["frame"] == "copy"
        assert output.summary == "copy.csv: 3 rows, 6 columns"
        assert [use.name for use in output.frames] == ["sales"]
        everything = "SELECT * FROM {} ORDER BY code"
        assert await rows(context, everything.format("copy")) == await rows(
            context, everything.format("sales")
        )
        types = [column.type for column in context.frame("copy").profile.columns]
        assert types == [column.type for column in context.frame("sales").profile.columns]

    run(body)


def test_the_new_frame_is_at_hand_for_the_next_call(run):
    async def body(world):
        context = await desk(world)
        await save(context, filename="big.csv", sql="SELECT * FROM sales WHERE amount > 10")
        found = await QUERY.run(QUERY.arguments(sql="SELECT count(*) FROM big"), context)
        assert found.result["rows"] == [[2]]
        assert [use.name for use in found.frames] == ["big"]

    run(body)


def test_the_file_says_where_it_comes_from(run):
    async def body(world):
        context = await desk(world)
        await save(context, filename="big.csv", sql="SELECT sum(amount) AS total FROM sales")
        frame = context.frame("big")
        file = await world.file(frame.file_id)
        assert file["source"] == "APP_GENERATED"
        assert file["derived_from"] == context.frame("sales").file_id

    run(body)


def test_types_that_csv_has_no_word_for_come_back_as_text(run):
    async def body(world):
        context = await desk(world)
        sql = """
            SELECT [1, 2] AS list, {'a': 1} AS record, INTERVAL 3 DAY AS span, '12' AS code,
            TIMESTAMP '2024-01-01 10:00:00.5' AS moment, 12345678901234567890::HUGEINT AS large,
            DECIMAL '1.50' AS price, 'a' || chr(10) || 'b' AS lines
        """
        await save(context, filename="odd.csv", sql=sql)
        (found,) = await rows(context, "SELECT * FROM odd")
        assert found[:4] == ["[1,2]", '{"a":1}', "3 days", "12"]
        assert found[4:] == ["2024-01-01T10:00:00.500000", "12345678901234567890", 1.5, "a\nb"]

    run(body)


def test_more_rows_than_a_query_shows_are_saved(run):
    async def body(world):
        context = await desk(world)
        sql = "SELECT range AS n, 'x' || range AS t FROM range(200_000)"
        output = await save(context, filename="many.csv", sql=sql)
        assert output.result["row_count"] == 200_000
        total = "SELECT count(*), sum(n), max(t) FROM many"
        assert await rows(context, total) == [[200_000, 19_999_900_000, "x99999"]]

    run(body)


@pytest.mark.parametrize("name", ["sales.csv", "SALES.csv", "sales"])
def test_no_file_is_overwritten(run, name):
    async def body(world):
        context = await desk(world)
        before = await world.file(context.frame("sales").file_id)
        said = await sentence(save(context, filename=name, sql="SELECT 1 AS a FROM sales"))
        assert said.endswith("choose another name.")
        assert await world.file(context.frame("sales").file_id) == before

    run(body)


@pytest.mark.parametrize("name", ["../up.csv", "a/b", "con", "x" * 300, "a\x00b", "a\u202eb", ""])
def test_names_are_checked(name):
    with pytest.raises(ValidationError):
        SaveArguments(filename=name, sql="SELECT 1")


@pytest.mark.parametrize("given", [{}, {"sql": "SELECT 1", "result": "t1"}])
def test_what_is_saved_is_either_a_query_or_a_result(given):
    with pytest.raises(ValidationError, match="either sql or result"):
        SaveArguments(filename="a.csv", **given)


def test_a_project_has_room_for_so_much(run):
    async def body(world):
        context = await desk(world)
        large = "SELECT range AS n FROM range(3_000)"
        await save(context, filename="first.csv", sql="SELECT range AS n FROM range(1_000)")
        assert "larger than" in await sentence(save(context, filename="second.csv", sql=large))
        names = [
            file.filename for file in (await world.files.of_project(ANN, await only(world))).items
        ]
        assert sorted(names) == ["first.csv", "sales.csv"]
        await world.files.delete(ANN, context.frame("first").file_id)
        await save(context, filename="third.csv", sql=large)

    run(body, limits=FileLimits(saved_bytes=15_000))


async def only(world) -> str:
    (project,) = (await world.call("GET", "/projects")).json["items"]
    return project["project_id"]


def test_a_runaway_result_is_stopped_and_leaves_nothing(run, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()

    async def body(world):
        context = await desk(world)
        sql = "SELECT range AS n, repeat('x', 100) AS t FROM range(100_000_000)"
        assert "larger than" in await sentence(save(context, filename="endless.csv", sql=sql))
        assert list((tmp_path / "temporary").glob("leonidas-*")) == []
        assert await rows(context, "SELECT count(*) FROM sales") == [[3]]

    run(body, limits=FileLimits(saved_bytes=1_000_000))


@pytest.mark.parametrize(
    "sql",
    [
        "COPY sales TO 'x.csv'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT 1; SELECT 2",
        "SELECT nothing FROM sales",
    ],
)
def test_only_a_query_over_the_frames_can_be_saved(run, sql):
    async def body(world):
        context = await desk(world)
        await sentence(save(context, filename="x.csv", sql=sql))
        assert len(await world.files.frames(await only(world))) == 1

    run(body)


def test_the_worker_can_write_the_target_and_nothing_else(tmp_path):
    import duckdb

    from leonidas_jupyter.data.sqlworker import open_frames

    target, other = tmp_path / "a.csv", tmp_path / "b.csv"
    connection = open_frames({}, {"memory_bytes": 64 * 1024**2, "threads": 1}, str(target))
    connection.execute(f"COPY (SELECT 1 AS a) TO '{target}'")
    for path in (other, Path("/etc/leonidas-test")):
        with pytest.raises(duckdb.PermissionException):
            connection.execute(f"COPY (SELECT 1 AS a) TO '{path}'")
    assert not other.exists()
    connection.close()


def test_an_earlier_result_of_the_answer_is_saved(run):
    async def body(world):
        context = await desk(world)
        sql = "SELECT code, amount, paid, day FROM sales ORDER BY code"
        found = await QUERY.run(QUERY.arguments(sql=sql), context)
        context.results.add("t1", found.result, sql)
        output = await save(context, filename="earlier.csv", result="t1")
        assert [use.name for use in output.frames] == ["sales"]
        again = "SELECT * FROM earlier ORDER BY code"
        assert await rows(context, again) == await rows(context, sql)
        said = await sentence(save(context, filename="x.csv", result="t9"))
        assert said == "There is no table 't9' in this answer; there are: t1."

    run(body)


def test_a_result_of_which_only_a_part_is_at_hand_is_not_saved_as_the_whole(run):
    async def body(world):
        context = await desk(world)
        part = {"columns": [{"name": "a", "type": "BIGINT"}], "rows": [[1]], "truncated": True}
        context.results.add("t1", part)
        said = await sentence(save(context, filename="x.csv", result="t1"))
        assert "save its query with sql" in said

    run(body)


class Kernel:
    """Keeps one table, as a kernel does."""

    async def write(self, kept, target):
        assert kept == "k"
        await asyncio.to_thread(target.write_text, "a,b\n1,001\n2,=1+1\n")
        return ["b"]


def test_a_table_of_python_is_saved_whole_from_its_kernel(run):
    async def body(world):
        context = await desk(world, executor=Kernel())
        part = {"columns": [], "rows": [], "truncated": True, "kept": "k"}
        context.results.add("t1", part, "sales.head()")
        output = await save(context, filename="python.csv", result="t1")
        assert await rows(context, "SELECT * FROM python") == [[1, "001"], [2, "=1+1"]]
        assert [use.name for use in output.frames] == ["sales"]
        context.results.add("t2", part, "1")
        again = save(context, filename="again.csv", result="t2")
        assert (await again).frames == []

    run(body)


def test_cells_that_a_spreadsheet_would_run_are_kept_and_named(run):
    content = b"name,note\nann,=1+1\nbob,@x\ncid,-2\ndan,plain\neve,\"-cmd|'/c calc'!A0\"\n"

    async def body(world):
        context = await desk(world, content)
        output = await save(context, filename="copy.csv", sql="SELECT * FROM sales")
        assert "3 cells begin like a formula" in output.result["warning"]
        assert "import these columns as text" in output.outputs[0]["text/markdown"]
        notes = "SELECT note FROM {} ORDER BY name"
        assert await rows(context, notes.format("copy")) == await rows(
            context, notes.format("sales")
        )
        plain = await save(context, filename="plain.csv", sql="SELECT name FROM sales")
        assert "warning" not in plain.result

    run(body)


def test_strangers_save_nothing(run):
    async def body(world):
        context = await desk(world, caller=BOB)
        assert "project" in await sentence(save(context, filename="x.csv", sql="SELECT 1 AS a"))
        context.save = None
        assert "cannot be saved" in await sentence(save(context, filename="x.csv", sql="SELECT 1"))
        assert not SAVE_FILE.offered(context)

    run(body)
