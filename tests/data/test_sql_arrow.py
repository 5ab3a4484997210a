"""Results as Arrow: what a query says and what comes out of the stream are the same values."""

import asyncio
import datetime as dt
import json
import subprocess
import sys
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest

from leonidas_jupyter.data.errors import SqlFailed, SqlRefused
from leonidas_jupyter.data.sql import SqlLimits, SqlWorkers
from leonidas_jupyter.data.sqlarrow import METADATA, write_arrow
from leonidas_jupyter.data.sqlworker import open_frames

MIB = 1024 * 1024
MOMENT = dt.datetime(2020, 1, 31, 10, 0, 0, 123456)  # noqa: DTZ001 - a moment without a zone
SETTINGS = {"memory_bytes": 256 * MIB, "threads": 1, "cell": 100}
PLENTY = {"limit": 10**6, "max_bytes": 64 * MIB}


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    path = tmp_path_factory.mktemp("frames") / "sales.parquet"
    duckdb.sql("SELECT range n, 'r' || range % 7 region FROM range(20000)").write_parquet(str(path))
    return {"sales": path}


@pytest.fixture(scope="module")
def ask(frames, tmp_path_factory):
    """The table that comes of a statement, and what its metadata tell."""
    connection = open_frames({name: str(path) for name, path in frames.items()}, SETTINGS)
    target = tmp_path_factory.mktemp("results") / "result.arrow"

    def ask(sql, **limits):
        said = write_arrow(connection, sql, target, **{**PLENTY, **limits})
        with target.open("rb") as file:
            table = pa.ipc.open_stream(file).read_all()
        told = json.loads(table.schema.metadata[METADATA])
        assert (told["rows"], told["truncated"]) == (said["rows"], said["truncated"])
        assert told["rows"] == table.num_rows
        return table, told

    yield ask
    connection.close()


@pytest.mark.parametrize(
    ("sql", "arrow", "value"),
    [
        ("true", pa.bool_(), True),
        ("9007199254740993", pa.int64(), 9007199254740993),
        ("18446744073709551615::UBIGINT", pa.uint64(), 18446744073709551615),
        ("2::TINYINT", pa.int8(), 2),
        ("0.1", pa.decimal128(2, 1), Decimal("0.1")),
        (
            "12345678901234567.25::DECIMAL(20,2)",
            pa.decimal128(20, 2),
            Decimal("12345678901234567.25"),
        ),
        ("0.1::DOUBLE", pa.float64(), 0.1),
        ("'inf'::DOUBLE", pa.float64(), float("inf")),
        ("0.5::FLOAT", pa.float32(), 0.5),
        ("'Ångström' || chr(0)", pa.string(), "Ångström\0"),
        ("DATE '2020-02-29'", pa.date32(), dt.date(2020, 2, 29)),
        ("TIME '10:00:00.5'", pa.time64("us"), dt.time(10, 0, 0, 500000)),
        ("TIMESTAMP '2020-01-31 10:00:00.123456'", pa.timestamp("us"), MOMENT),
        ("TIMESTAMPTZ '2020-01-31 10:00:00+02'", None, dt.datetime(2020, 1, 31, 8, tzinfo=dt.UTC)),
        ("'\\x00\\xAA'::BLOB", pa.binary(), b"\x00\xaa"),
        ("[1, NULL, 3]", None, [1, None, 3]),
        ("{'a': 1, 'b': 'x'}", None, {"a": 1, "b": "x"}),
        ("MAP {'k': 1}", None, [("k", 1)]),
        ("array_value(1, 2)", None, [1, 2]),
        ("'b'::ENUM('a', 'b')", None, "b"),
        (
            "'00000000-0000-0000-0000-000000000001'::UUID",
            None,
            "00000000-0000-0000-0000-000000000001",
        ),
        ("'{\"a\": 1}'::JSON", None, '{"a": 1}'),
        ("INTERVAL 36 HOUR", pa.duration("us"), dt.timedelta(hours=36)),
        (
            "TIMESTAMP '2020-01-01 00:00:00.000001' - TIMESTAMP '2020-01-03'",
            pa.duration("us"),
            dt.timedelta(days=-2, microseconds=1),
        ),
        ("INTERVAL '14 months'", pa.month_day_nano_interval(), pa.MonthDayNano([14, 0, 0])),
        ("7::HUGEINT", pa.int64(), 7),
        ("18446744073709551615::HUGEINT", pa.uint64(), 18446744073709551615),
        (
            "170141183460469231731687303715884105727",
            None,
            Decimal("170141183460469231731687303715884105727"),
        ),
        (
            "340282366920938463463374607431768211455::UHUGEINT",
            pa.string(),
            "340282366920938463463374607431768211455",
        ),
        ("'0101'::BIT", pa.string(), "0101"),
        ("'10:00:00+02'::TIMETZ", pa.string(), "10:00:00+02"),
        ("['10:00:00+02'::TIMETZ]", pa.string(), '["10:00:00+02"]'),
        ("union_value(n := 2)", pa.string(), '{"n":2}'),
        ("{'a': '01'::BIT}", pa.string(), '{"a":"01"}'),
    ],
)
def test_a_value_keeps_its_type_and_missing_stays_missing(ask, sql, arrow, value):
    table, _ = ask(f"SELECT CASE WHEN i < 2 THEN {sql} END AS x FROM range(3) t(i)")  # noqa: S608 - a test's own
    if arrow is not None:
        assert table.schema.field("x").type == arrow
    assert table["x"].to_pylist() == [value, value, None]


def test_not_a_number_is_not_missing(ask):
    table, _ = ask("SELECT unnest(['nan'::DOUBLE, NULL, 1]) AS x")
    assert table["x"].null_count == 1
    assert str(table["x"].to_pylist()) == "[nan, None, 1.0]"


def test_sums_of_whole_numbers_are_whole_numbers(ask):
    table, told = ask("SELECT region, sum(n) AS n FROM sales GROUP BY ALL ORDER BY ALL")
    assert table.schema.field("n").type == pa.int64()
    assert sum(table["n"].to_pylist()) == 20000 * 19999 // 2
    assert [column["type"] for column in told["columns"]] == ["VARCHAR", "HUGEINT"]


def test_a_result_without_rows_has_its_columns(ask):
    table, told = ask("SELECT n, sum(n) s, INTERVAL 1 DAY AS d FROM sales WHERE n < 0 GROUP BY 1")
    assert table.num_rows == 0
    assert table.column_names == ["n", "s", "d"]
    assert not told["truncated"]


def test_columns_of_one_name_are_told_apart(ask):
    table, told = ask("SELECT 1 AS a, 2 AS a, 3 AS a_1, 4 AS a")
    assert table.to_pylist() == [{"a": 1, "a_2": 2, "a_1": 3, "a_3": 4}]
    assert [column["name"] for column in told["columns"]] == ["a", "a", "a_1", "a"]


@pytest.mark.parametrize(("limit", "rows", "more"), [(5, 5, True), (20000, 20000, False)])
def test_rows_are_limited(ask, limit, rows, more):
    table, told = ask("SELECT n FROM sales ORDER BY n", limit=limit)
    assert table["n"].to_pylist() == list(range(rows))
    assert told["truncated"] is more


def test_bytes_are_limited(ask):
    table, told = ask("SELECT repeat('x', 1000) AS x FROM sales", max_bytes=3_000_000)
    assert told["truncated"]
    assert 3_000_000 < table.nbytes < 6_000_000


def test_an_endless_result_is_not_computed(ask):
    table, told = ask("SELECT * FROM range(1000000000000)", limit=3)
    assert (table.num_rows, told["truncated"]) == (3, True)


@pytest.mark.parametrize(
    "sql",
    ["DESCRIBE sales", "SUMMARIZE sales", "PIVOT sales ON region USING count(*)", "FROM sales"],
)
def test_every_kind_of_query_has_a_table(ask, sql):
    table, told = ask(sql)
    assert table.num_rows > 0
    assert len(told["columns"]) == table.num_columns


@pytest.mark.parametrize("sql", ["SELECT 1; SELECT 2", "CREATE TABLE x (a INT)", "SET threads = 9"])
def test_what_is_no_query_is_refused_here_too(ask, sql):
    with pytest.raises(SqlRefused):
        ask(sql)


def test_only_the_file_asked_for_is_written_and_the_worker_goes_on(frames, tmp_path):
    async def main():
        workers = SqlWorkers(SqlLimits(processes=1, rows=4))
        try:
            target = tmp_path / "result.arrow"
            done = await workers.arrow(frames, "SELECT n FROM sales", target, timeout=60)
            assert (done.rows, done.truncated) == (4, True)
            fewer = await workers.arrow(frames, "FROM sales", target, limit=2, timeout=60)
            assert fewer.rows == 2
            with pytest.raises(SqlRefused):
                await workers.arrow(frames, f"COPY sales TO '{tmp_path}/x.csv'", target)
            with pytest.raises(SqlFailed, match="Could not convert"):
                await workers.arrow(frames, "SELECT 'x'::INT AS x", target, timeout=60)
            with pytest.raises(SqlFailed) as caught:
                await workers.arrow(frames, "FROM sales", tmp_path / "no" / "where", timeout=60)
            assert str(tmp_path) not in caught.value.sentence
            assert (await workers.query(frames, "SELECT 1")).rows == [[1]]
        finally:
            await workers.close()

    asyncio.run(main())
    assert [path.name for path in tmp_path.iterdir()] == ["result.arrow"]


def test_they_leave_a_worker_to_other_queries(frames, tmp_path):
    runaway = (
        "SELECT count(*) FROM range(100000000000) a, range(100000000000) b WHERE hash(a, b) = 7"
    )

    async def main():
        workers = SqlWorkers(SqlLimits(processes=2))
        try:
            tasks = [
                asyncio.create_task(
                    workers.arrow(frames, runaway, tmp_path / f"{number}.arrow", timeout=600)
                )
                for number in range(3)
            ]
            async with asyncio.timeout(60):
                while not workers._busy:  # noqa: ASYNC110 - what is waited for signals nothing
                    await asyncio.sleep(0.01)
                assert (await workers.query(frames, "SELECT 1", timeout=60)).rows == [[1]]
            assert not any(task.done() for task in tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await workers.arrow(frames, "FROM sales", tmp_path / "last.arrow", timeout=60)
        finally:
            await workers.close()

    asyncio.run(main())


def test_variables_of_the_worker_are_no_tables(frames):
    connection = open_frames({name: str(path) for name, path in frames.items()}, SETTINGS)
    secret = pa.table({"a": [1]})
    with pytest.raises(duckdb.Error, match="secret"):
        connection.sql("FROM secret").fetchall()
    assert secret.num_rows == 1
    connection.close()


def test_the_server_needs_no_arrow_for_it():
    code = (
        "import sys, leonidas_jupyter.data.sql, leonidas_jupyter.data.asking\n"
        "print([m for m in ('pyarrow', 'pandas', 'numpy', 'duckdb') if m in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert found.stdout.strip() == "[]"
