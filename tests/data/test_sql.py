import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from leonidas_jupyter.core.config import Leonidas
from leonidas_jupyter.data import workerpool
from leonidas_jupyter.data.errors import SqlFailed, SqlRefused
from leonidas_jupyter.data.sql import QueryResult, SqlLimits, SqlWorkers
from leonidas_jupyter.data.sqlworker import open_frames, run

MIB = 1024 * 1024
RUNAWAY = (
    "SELECT count(*) FROM sales a, sales b, sales c, sales d WHERE hash(a.n, b.n, c.n, d.n) = 7"
)
Use = Callable[[SqlWorkers, dict[str, Path]], Awaitable[None]]


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    import duckdb

    folder = tmp_path_factory.mktemp("frames")
    made = {"sales": "SELECT range n, 'r' || range % 7 region FROM range(20000)",
            "people": "SELECT 'Ann' AS \"Full Name\", DATE '2020-01-31' AS born"}  # fmt: skip
    for name, sql in made.items():
        duckdb.sql(f"COPY ({sql}) TO '{folder / name}.parquet'")
    return {name: folder / f"{name}.parquet" for name in made}


@pytest.fixture
def use(frames: dict[str, Path]) -> Callable[..., None]:
    def run_with(body: Use, **limits: int) -> None:
        async def main() -> None:
            workers = SqlWorkers(SqlLimits(**limits))
            try:
                await body(workers, frames)
            finally:
                await workers.close()

        asyncio.run(main())

    return run_with


async def until(met: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not met():  # noqa: ASYNC110 - what is waited for signals nothing
            await asyncio.sleep(0.01)


def test_results_are_json(use):
    async def body(workers, frames):
        result = await workers.query(
            frames,
            "SELECT true b, 170141183460469231731687303715884105727 h, 1.50::DECIMAL(10,2) d, "
            "12345678901234567.25::DECIMAL(20,2) wide, 'inf'::DOUBLE i, 'nan'::DOUBLE nan, "
            "DATE '2020-01-31' AS dd, TIMESTAMP '2020-01-31 10:00:00' AS tt, TIME '10:00' c, "
            "TIMESTAMPTZ '2020-01-31 10:00:00+02' AS z, INTERVAL 3 DAY AS sp, [1, 2] l, "
            "{'a': 1} s, MAP {'k': 1} m, '\\xAA'::BLOB bytes, NULL nothing, uuid() IS NOT NULL u",
        )
        assert result.rows == [[
            True, 170141183460469231731687303715884105727, 1.5, "12345678901234567.25",
            "Infinity", "NaN", "2020-01-31", "2020-01-31T10:00:00", "10:00:00",
            "2020-01-31T08:00:00+00:00", "3 days", "[1,2]", '{"a":1}', '{"k":1}', "\\xAA", None,
            True,
        ]]  # fmt: skip
        assert result.columns[2].type == "DECIMAL(10,2)"
        assert QueryResult.model_validate_json(result.model_dump_json()) == result

    use(body)


def test_several_frames_names_with_spaces_and_shapes(use):
    async def body(workers, frames):
        joined = 'SELECT "Full Name", count(*) FROM sales, people GROUP BY 1'
        assert (await workers.query(frames, joined)).rows == [["Ann", 20000]]
        described = await workers.query(frames, "DESCRIBE people")
        assert [row[:2] for row in described.rows] == [["Full Name", "VARCHAR"], ["born", "DATE"]]
        assert len((await workers.query(frames, "SUMMARIZE sales")).rows) == 2
        pivot = await workers.query(frames, "PIVOT sales ON region USING count(*)")
        assert pivot.columns[-1].name == "r6"

    use(body)


def test_row_limit(use):
    async def body(workers, frames):
        cut = await workers.query(frames, "SELECT n FROM sales ORDER BY n", limit=5)
        assert (cut.truncated, cut.rows) == (True, [[0], [1], [2], [3], [4]])
        whole = await workers.query(frames, "SELECT n FROM sales WHERE n < 5", limit=5)
        assert (whole.truncated, len(whole.rows)) == (False, 5)
        big = await workers.query(frames, "SELECT * FROM range(10000000000)", limit=3)
        assert big.truncated

    use(body)


def test_the_workers_own_row_limit_goes_before_the_callers(use):
    async def body(workers, frames):
        cut = await workers.query(frames, "SELECT n FROM sales ORDER BY n", limit=10_000)
        assert (cut.truncated, cut.rows) == (True, [[0], [1], [2]])
        fewer = await workers.query(frames, "SELECT n FROM sales ORDER BY n", limit=2)
        assert len(fewer.rows) == 2

    use(body, rows=3)


def test_no_worker_starts_before_a_query_and_no_more_than_may(use):
    async def body(workers, frames):
        assert workers.processes == 0
        await workers.query(frames, "SELECT 1")
        assert workers.processes == 1
        tasks = [asyncio.create_task(workers.query(frames, RUNAWAY, timeout=60)) for _ in range(5)]
        await until(lambda: len(workers._busy) == 3)
        assert workers.processes == 3
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert workers.processes <= 3

    use(body, processes=3)


def test_threads_and_memory_are_what_was_said(frames):
    settings = {"memory_bytes": 96 * MIB, "threads": 3, "cell": 100}
    connection = open_frames({"sales": str(frames["sales"])}, settings)
    held = connection.execute(
        "SELECT current_setting('threads'), current_setting('memory_limit')"
    ).fetchone()
    assert held == (3, "96.0 MiB")


def test_the_limits_are_the_settings():
    settings = Leonidas(sql_memory_bytes=64 * MIB, sql_threads=3, sql_processes=5, sql_row_limit=7)
    limits = SqlLimits.of(settings)
    assert limits == SqlLimits(memory_bytes=64 * MIB, threads=3, processes=5, rows=7)
    workers = SqlWorkers(limits)
    assert workers._settings == {"memory_bytes": 64 * MIB, "threads": 3, "cell": 100_000}


def test_long_cells_are_cut(use):
    async def body(workers, frames):
        result = await workers.query(frames, "SELECT repeat('x', 200) AS x")
        assert result.rows == [["x" * 50 + "…"]]

    use(body, cell_characters=50)


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT regoin FROM sales", 'Did you mean one of: "region"'),
        ("SELECT * FROM salse", 'Did you mean "sales"'),
        ("SELECT CAST('x' AS INTEGER)", "Could not convert"),
    ],
)
def test_errors_are_sentences_without_paths(use, frames, sql, words):
    async def body(workers, frames):
        with pytest.raises(SqlFailed) as caught:
            await workers.query(frames, sql)
        sentence = caught.value.sentence
        assert words in sentence
        assert str(frames["sales"].parent) not in sentence
        assert "\n" not in sentence
        assert "Error:" not in sentence

    use(body)


def test_a_refusal_comes_through(use):
    async def body(workers, frames):
        with pytest.raises(SqlRefused):
            await workers.query(frames, "DROP VIEW sales")
        assert (await workers.query(frames, "SELECT count(*) FROM sales")).rows == [[20000]]

    use(body)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('{secret}')",
        "SELECT * FROM '{secret}'",
        "SELECT * FROM read_text('{secret}')",
        "SELECT * FROM read_parquet('{other}')",
        "SELECT * FROM glob('{folder}/*')",
        "ATTACH '{folder}/x.db'",
        "COPY sales TO '{folder}/out.csv'",
        "COPY (SELECT 1) TO '{folder}/out.parquet'",
        "EXPORT DATABASE '{folder}/out'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET memory_limit = '50GB'",
        "SET allowed_paths = ['/']",
        "SET lock_configuration = false",
        "RESET allowed_paths",
        "SELECT getenv('PATH')",
    ],
)
def test_the_second_wall_holds_without_the_first(tmp_path, frames, sql):
    """What the statement check refuses already, DuckDB in the worker cannot do either."""
    import duckdb

    secret, other = tmp_path / "secret.csv", tmp_path / "other.parquet"
    secret.write_text("a\n1\n")
    duckdb.sql(f"COPY (SELECT 1 a) TO '{other}'")
    settings = {"memory_bytes": 256 * MIB, "threads": 1, "cell": 100}
    connection = open_frames({"sales": str(frames["sales"])}, settings)
    with pytest.raises(duckdb.Error):
        connection.execute(sql.format(secret=secret, other=other, folder=tmp_path)).fetchall()
    assert not list(tmp_path.glob("out*"))
    assert run(connection, "SELECT count(*) FROM sales", 1, 100)["rows"] == [[20000]]


def test_several_statements_are_refused_by_the_worker_too(frames):
    settings = {"memory_bytes": 256 * MIB, "threads": 1, "cell": 100}
    connection = open_frames({"sales": str(frames["sales"])}, settings)
    with pytest.raises(SqlRefused):
        run(connection, "SELECT 1; SELECT 2", 1, 100)
    with pytest.raises(SqlRefused):
        run(connection, "CREATE TABLE x (a INTEGER)", 1, 100)


def test_a_runaway_query_is_stopped_and_the_next_one_works(use):
    async def body(workers, frames):
        with pytest.raises(SqlFailed, match=r"longer than 0\.5 seconds"):
            await workers.query(frames, RUNAWAY, timeout=0.5)
        assert (await workers.query(frames, "SELECT 1")).rows == [[1]]

    use(body, processes=1)


def test_an_interrupted_worker_is_used_again(use, monkeypatch):
    monkeypatch.setattr(workerpool, "INTERRUPT_SECONDS", 60)

    async def body(workers, frames):
        await workers.query(frames, "SELECT 1")
        pid = workers._idle[0].pid
        with pytest.raises(SqlFailed, match="longer than"):
            await workers.query(frames, RUNAWAY, timeout=0.3)
        await workers.query(frames, "SELECT 1")
        assert workers._idle[0].pid == pid

    use(body, processes=1)


def test_cancelling_stops_the_query(use):
    async def body(workers, frames):
        task = asyncio.create_task(workers.query(frames, RUNAWAY, timeout=60))
        await until(lambda: bool(workers._busy))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await workers.query(frames, "SELECT 2", timeout=60)).rows == [[2]]

    use(body, processes=1)


def test_too_much_memory_is_one_failed_query(use):
    async def body(workers, frames):
        hungry = "SELECT list(a.n || b.region) FROM sales a, sales b"
        with pytest.raises(SqlFailed, match=r"more memory|broke its worker"):
            await workers.query(frames, hungry, timeout=60)
        assert (await workers.query(frames, "SELECT 1")).rows == [[1]]

    use(body, memory_bytes=64 * MIB)


def test_a_crash_is_one_failed_query(use):
    async def body(workers, frames):
        task = asyncio.create_task(workers.query(frames, RUNAWAY, timeout=60))
        await until(lambda: bool(workers._busy))
        os.kill(next(iter(workers._busy)).pid, signal.SIGKILL)
        with pytest.raises(SqlFailed, match="worker"):
            await task
        assert (await workers.query(frames, "SELECT 1")).rows == [[1]]

    use(body)


def test_a_worker_that_died_idle_is_replaced(use):
    async def body(workers, frames):
        await workers.query(frames, "SELECT 1")
        worker = workers._idle[0]
        os.kill(worker.pid, signal.SIGKILL)
        await worker.ended()
        assert (await workers.query(frames, "SELECT 2")).rows == [[2]]

    use(body, processes=1)


def test_queries_run_beside_each_other(use):
    async def body(workers, frames):
        queries = [workers.query(frames, f"SELECT {i}") for i in range(12)]
        results = await asyncio.gather(*queries)
        assert [result.rows[0][0] for result in results] == list(range(12))
        assert len(workers._idle) <= 2

    use(body)


def test_the_worker_has_no_secrets(use, monkeypatch):
    monkeypatch.setenv("LEONIDAS_SIGNING_KEYS", "secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("JUPYTER_TOKEN", "secret")

    async def body(workers, frames):
        await workers.query(frames, "SELECT 1")
        pids.append(workers._idle[0].pid)
        environments.append(await asyncio.to_thread(read_environment, pids[0]))

    pids: list[int] = []
    environments: list[bytes] = []
    use(body)
    assert b"secret" not in environments[0]
    assert b"PATH=" in environments[0]


def read_environment(pid: int) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes()


def test_close_ends_the_workers(use):
    async def body(workers, frames):
        await workers.query(frames, "SELECT 1")
        worker = workers._idle[0]
        await workers.close()
        assert not worker.alive
        with pytest.raises(SqlFailed, match="stopping"):
            await workers.query(frames, "SELECT 1")

    use(body)
