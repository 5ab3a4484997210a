import pytest

from leonidas_jupyter.data.errors import SqlRefused
from leonidas_jupyter.data.statement import MAX_STATEMENT, check_statement


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "select * from sales where x > 1 order by 2 limit 3;",
        "WITH a AS (SELECT 1 x) SELECT * FROM a",
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5) FROM t",
        "SELECT 1 UNION ALL SELECT 2",
        "(SELECT 1) EXCEPT SELECT 2",
        "FROM sales",
        "FROM sales SELECT x",
        "VALUES (1, 2)",
        "SUMMARIZE sales",
        "DESCRIBE sales",
        "DESCRIBE SELECT 1",
        "PIVOT sales ON region USING sum(x)",
        "UNPIVOT sales ON a, b INTO NAME n VALUE v",
        'SELECT "drop table" FROM "Sales" -- ; drop table x',
        "SELECT '; drop table x' /* ; copy */",
        "SELECT * FROM range(3), generate_series(1, 2)",
        "SELECT unnest([1, 2])",
        "SELECT json_extract(j, '$.a'), regexp_extract(s, 'a') FROM sales",
        "SELECT x, row_number() OVER (PARTITION BY y) FROM sales QUALIFY 1 = 1",
        "SELECT table_name FROM information_schema.tables",
        "SELECT COLUMNS('a.*') FROM sales",
        "SELECT * EXCLUDE (x) REPLACE (y + 1 AS y) FROM sales USING SAMPLE 10",
        "SELECT list_transform([1], lambda x : x + 1)",
    ],
)
def test_queries_pass(sql):
    assert check_statement(sql) == sql.strip().rstrip(";").rstrip()


@pytest.mark.parametrize(
    "sql",
    [
        "",
        "   ",
        "-- only a remark",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP TABLE sales",
        "SELECT 1 /* ; */ ; ATTACH 'x'",
        "DROP VIEW sales",
        "CREATE TABLE x AS SELECT 1",
        "CREATE MACRO f() AS 1",
        "INSERT INTO sales VALUES (1)",
        "UPDATE sales SET x = 1",
        "DELETE FROM sales",
        "TRUNCATE sales",
        "ALTER TABLE sales ADD COLUMN y INT",
        "COPY sales TO '/tmp/x.csv'",
        "COPY (SELECT 1) TO '/tmp/x.csv'",
        "EXPORT DATABASE '/tmp/x'",
        "IMPORT DATABASE '/tmp/x'",
        "ATTACH '/tmp/x.db'",
        "DETACH memory",
        "USE other",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET threads = 1",
        "SET enable_external_access = true",
        "RESET memory_limit",
        "PRAGMA database_list",
        "CALL pragma_version()",
        "CHECKPOINT",
        "VACUUM",
        "BEGIN",
        "EXPLAIN SELECT 1",
        "PREPARE p AS SELECT 1",
        "EXECUTE p",
        "SHOW TABLES",
        "WITH x AS (INSERT INTO sales VALUES (1) RETURNING *) SELECT * FROM x",
        "WITH x AS (DELETE FROM sales RETURNING *) SELECT * FROM x",
        "SELECT * INTO other FROM sales",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM 'other.csv'",
        'SELECT * FROM "other.parquet"',
        "SELECT * FROM 'https://example.org/x.csv'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM READ_CSV_AUTO('/etc/passwd')",
        "SELECT * FROM read_parquet(['a', 'b'])",
        "SELECT * FROM parquet_metadata('x')",
        "SELECT * FROM read_json('x')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_blob('/etc/passwd')",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM sniff_csv('x')",
        "SELECT * FROM sqlite_scan('x', 'y')",
        "SELECT * FROM duckdb_settings()",
        "SELECT * FROM duckdb_views",
        "SELECT * FROM pg_catalog.pg_views",
        "SELECT * FROM sqlite_master",
        "SELECT * FROM query('SELECT 1')",
        "SELECT * FROM query_table('sales')",
        "SELECT * FROM json_execute_serialized_sql('{}')",
        "SELECT getenv('HOME')",
        "SELECT x FROM sales WHERE getenv('HOME') = 'x'",
        "SELECT current_setting('allowed_paths')",
        "SELECT (SELECT content FROM read_text('/etc/passwd'))",
        "SELECT 1 WHERE EXISTS (FROM read_text('/etc/passwd'))",
        "SELECT * FROM sales JOIN read_csv('/x') USING (a)",
        "SELECT * FROM other.sales",
        "SELECT * FROM db.main.sales",
        "SELECT $1",
        "SELECT ?",
        "not sql at all",
        "SELECT FROM WHERE",
        "SELECT '\0'",
        "SELECT " + "1 + " * MAX_STATEMENT + "1",
    ],
)
def test_everything_else_is_refused(sql):
    with pytest.raises(SqlRefused) as caught:
        check_statement(sql)
    assert caught.value.sentence.endswith((".", "?")) or ":" in caught.value.sentence


def test_deep_nesting_is_refused_and_does_not_crash():
    with pytest.raises(SqlRefused):
        check_statement("SELECT " + "(" * 20_000 + "1" + ")" * 20_000)
