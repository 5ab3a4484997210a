"""SQL that tries to see or break what lies outside the frames."""

import asyncio

import pytest

from leonidas_jupyter.data.errors import SqlFailed, SqlRefused
from leonidas_jupyter.data.frames import frame_name
from leonidas_jupyter.data.sql import SqlLimits, SqlWorkers
from leonidas_jupyter.data.statement import check_statement

MIB = 1024 * 1024


@pytest.fixture
def frames(tmp_path):
    import duckdb

    path = tmp_path / "sales.parquet"
    duckdb.sql("SELECT range n FROM range(1000)").write_parquet(str(path))
    return {"sales": path}


@pytest.fixture
def ask(frames):
    """Asks one worker a list of statements; answers their rows, or what they raised."""

    def ask(*statements):
        async def one(workers, sql):
            try:
                return (await workers.query(frames, sql, timeout=30)).rows
            except (SqlFailed, SqlRefused) as error:
                return error

        async def main():
            workers = SqlWorkers(SqlLimits(memory_bytes=256 * MIB, processes=1))
            try:
                return [await one(workers, sql) for sql in statements]
            finally:
                await workers.close()

        return asyncio.run(main())

    return ask


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT view_definition FROM information_schema.views",
        'SELECT * FROM "INFORMATION_SCHEMA"."Views"',
        "SELECT pg_get_viewdef(i) FROM range(100000) t(i)",
        "SELECT pg_catalog.pg_get_viewdef(1)",
        "SELECT json_serialize_plan('SELECT current_setting(''allowed_paths'')', optimize := true)",
        "SELECT json_deserialize_sql(json_serialize_sql('SELECT 1'))",
        "SELECT 'allowed_paths'.current_setting()",
        "SELECT list_transform(['HOME'], lambda x: x.getenv())",
        "SELECT sleep_ms(20000)",
        "SELECT pg_sleep(20)",
        "SELECT to_aggregate_state('abc'::BLOB)",
        "SELECT variant_bytes_to_variant('abc'::BLOB)",
        "SELECT 'a\ud800'",
    ],
)
def test_what_tells_of_the_server_or_holds_it_up_is_refused(sql):
    with pytest.raises(SqlRefused):
        check_statement(sql)


def test_no_statement_about_the_catalogue_tells_where_frames_lie(ask, frames):
    answers = ask(
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM information_schema.columns",
        "SELECT * FROM information_schema.schemata",
        "DESCRIBE sales",
        "SUMMARIZE sales",
        "SELECT nothing FROM sales",
        "SELECT error('" + str(frames["sales"]) + "')",
    )
    for answer in answers:
        assert str(frames["sales"].parent) not in str(answer)


def test_a_fault_of_the_engine_breaks_one_query_only(ask):
    fault, after = ask(
        "SELECT reservoir_quantile(n, 0.5, 1000000000) FROM sales",
        "SELECT count(*) FROM sales",
    )
    assert isinstance(fault, SqlFailed)
    assert "Stack" not in fault.sentence
    assert "0x" not in fault.sentence
    assert after == [[1000]]


@pytest.mark.parametrize(
    "filename", ["sqlite_master.csv", "duckdb_views.csv", "pragma_x.csv", "PG_class.csv"]
)
def test_a_file_called_as_a_table_of_the_catalogue_can_be_asked(filename):
    name = frame_name(filename)
    assert name.startswith("t_")
    assert check_statement(f'FROM "{name}"')
