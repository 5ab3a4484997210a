"""The proof of what is an aggregate: what is proved, what is not, and that no small group shows."""

import functools
import random

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leonidas_jupyter.data.aggregates import prove

FRAMES = {
    "people": ["id", "dept", "city", "year", "salary", "bonus", "name", "born", "b"],
    "visits": ["id", "visit", "cost", "day"],
}
K = 10

PROVED = [
    "select count(*) from people",
    "(select count(*) from people);",
    "select dept, avg(salary) as m from people group by dept order by m desc limit 3",
    "select dept d, year, sum(salary) s, count(*) n from people where city in ('x', 'y') and "
    "year >= 2020 group by 1, 2 having count(*) > 5 order by s desc nulls last",
    "select date_trunc('month', born) m, sum(salary * bonus * (1 - year)) from people group by all",
    "select dept, round(100.0 * sum(case when city = 'x' then 1 else 0 end) / count(*), 1) "
    "from people group by dept",
    "select count(*) filter (where city = 'x'), count(distinct name), median(salary), "
    "quantile_cont(salary, [0.25, 0.75]), corr(salary, bonus), mean(salary), stddev(salary), "
    "avg((salary > 5)::int), count_if(year = 2020), sum(if(year = 2020, salary, 0)) from people",
    "with a as (select *, salary * 2 as twice from people where year = 2020) "
    "select dept, avg(twice) from a group by dept",
    "with a as (select dept, sum(salary) s, count(*) n from people group by dept) "
    "select dept, s / n as m from a where n > 20 order by m desc limit 2",
    "select * from (select dept, avg(salary) a from people group by dept) order by a desc",
    "select p.dept, sum(v.cost) from visits v join people p on v.id = p.id group by p.dept",
    "select city, count(*) from visits left join people using (id) group by city",
    "select case when salary < 10 then 'low' else 'high' end as band, count(*) "
    "from people group by band",
    "select floor(salary / 10) * 10 as bucket, count(*) from people group by bucket",
    "select date_part('year', born) y, avg(date_diff('day', born, current_date)) "
    "from people group by y",
    "select sum(salary) from people where lower(city) like '%a%' and not (year between 1 and 2)",
]

NOT_PROVED = [
    "select * from people",
    "select salary from people limit 5",
    "select name, salary from people where id = 7",
    # Extremes, members and rows.
    "select max(salary) from people",
    "select min(salary), max(salary) from people",
    "select mode(name) from people",
    "select any_value(name) from people",
    "select first(salary), last(salary) from people",
    "select list(salary) from people",
    "select string_agg(name, ',') from people",
    "select arg_max(name, salary) from people",
    "select bool_or(salary > 5) from people",
    "select histogram(salary) from people",
    "select quantile_cont(salary, 0) from people",
    "select quantile_disc(salary, 1.0) from people",
    "select product(salary) from people",
    "select kurtosis(salary) from people",
    "select percentile_disc(0.4) within group (order by name) from people",
    "select mad(salary) from people",
    "select entropy(dept) from people",
    "select bit_xor(id) from people",
    "select regr_slope(salary, bonus) from people",
    "select reservoir_quantile(salary, 0.4) from people",
    "select sum(list_sum([salary])) from people",
    "select sum({'a': salary}.a) from people",
    "select map(list(dept)) from people",
    "select sum(salary) from people where rowid = 3",
    "select count(*) from people where case when error(name) is null then true end",
    "select unnest(list(salary)) from people",
    "select max(salary) filter (where id = 7) from people",
    "select coalesce(max(salary), 0) from people group by dept having max(salary) > 5",
    # One row weighed above all others.
    "select avg(salary * (id = 7)::int) from people",
    "select sum(salary / (id - 7)) from people",
    "select sum(1 / (id - 6.999)) from people",
    "select sum(pow(salary, 9)) from people",
    "select sum(salary * salary * salary) from people",
    "select sum(q) from (select salary * salary * salary * salary as q from people)",
    "select sum(w) from (select case when id = 7 then salary else 0.0001 end w from people)",
    "select sum(case when id = 7 then salary when id = 8 then bonus end) from people",
    "select sum(if(id = 7, salary, bonus)) from people",
    "select sum(distinct salary) from people",
    "select median(salary * (id - 7)) from people",
    "select corr(salary, (id = 7)::int * bonus) from people",
    "select sum(salary::int % 2) from people",
    "select sum(coalesce(bonus, 1e12) * salary) from people",
    "select covar_samp(coalesce(bonus, 1e12), salary) from people",
    "select sum(salary * bonus::boolean) from people",
    "select sum(try_cast(salary as tinyint)) from people",
    "select sum(salary * (1.0001 - b) * (year - 2019)) from people",
    # Conditions and keys that take two columns to pick out one row.
    "select sum(salary) from people where (id = 7 and salary > 5) or id > 100",
    "select count(*) from people where not (id = 7 and salary > 5)",
    "select count(*) from people where id * 1e9 + salary > 7",
    "select count(*) filter (where not (id = 7 and salary > 5)) from people",
    "select case when id = 7 then salary else 0 end k, count(*) from people group by k",
    "select id || salary, count(*) from people group by 1",
    "select count(*) from people where case when id = 7 then salary > 5 else true end",
    # Other rows, other queries.
    "select count(*) from people where salary > (select max(salary) from people)",
    "select count(*) from people where id in (select id from people where salary > 5)",
    "select count(*) from people where exists (select 1 from people where id = 7 and salary > 5)",
    "select count(*) from people p where salary > any (select 5)",
    "select count(*) from people union all select salary from people where id = 7",
    "select count(*) from people limit (select max(salary)::int from people)",
    "select avg(a) from (select avg(salary) a from people group by dept)",
    "select count(*) from (select distinct dept from people)",
    "select avg(salary) from (select salary from people order by salary desc limit 10)",
    "select sum(salary) over () from people",
    "select avg(x) from (select sum(salary) over () x from people)",
    "select count(*) from people group by dept qualify row_number() over () = 1",
    "select count(*) from people group by dept order by max(salary) limit 1",
    "select distinct dept from people",
    "select sum(salary) from people group by rollup (dept)",
    "select sum(salary) from people group by grouping sets ((dept), ())",
    "pivot people on name using count(*)",
    "unpivot people on salary, bonus",
    "summarize people",
    "describe people",
    "values (1)",
    "select 1",
    "select count(*) from range(10)",
    "select count(*) from (values (1), (2)) t(x)",
    "select count(*) from people using sample 5",
    "select count(*) from people where random() > 0.5",
    "with recursive r as (select 1) select count(*) from r",
    "select count(*) from unknown",
    "select count(*) from people tablesample 10 percent",
    # Joins that multiply rows.
    "select sum(v.cost) from people p, visits v",
    "select sum(p.salary) from people p cross join visits v",
    "select sum(v.cost) from visits v join people p on p.id = 7",
    "select sum(v.cost) from visits v join people p on v.id = p.id and v.cost < p.salary",
    "select count(*) from people a join people b on a.id = b.id",
    "select sum(v.cost) from visits v natural join people p",
    "select sum(v.cost) from visits v positional join people p",
    "select sum(v.cost) from visits v full join people p on v.id = p.id",
    "select count(*) from people, unnest(range(salary)) t(x)",
]


@pytest.mark.parametrize("sql", PROVED)
def test_what_people_ask_is_proved_and_runs(sql):
    proved = prove(sql, FRAMES, K)
    assert proved is not None
    with table() as connection:
        rows = connection.execute(proved.sql).fetchall()
        width = len(proved.outputs) + len(set(proved.outputs) - set(proved.keys))
        assert all(len(row) == width for row in rows)
        # The values are those of the query itself.
        wanted = [
            tuple(row[at] for at in proved.outputs) for row in connection.execute(sql).fetchall()
        ]
        for row in rows:
            values, stands = cells(row, proved)
            if all(stands) and "limit" not in sql:
                quantile = "quantile" in sql
                assert any(same(values, other, quantile=quantile) for other in wanted)


def same(one, other, *, quantile=False):
    return all(
        a == b
        or (isinstance(a, float | list) and a == pytest.approx(b, rel=5e-3 if quantile else 1e-6))
        for a, b in zip(one, other, strict=True)
    )


@pytest.mark.parametrize("sql", NOT_PROVED)
def test_what_may_tell_of_one_row_is_not_proved(sql):
    assert prove(sql, FRAMES, K) is None


def test_an_output_that_is_no_aggregate_is_left_out_and_the_others_stand():
    proved = prove("select dept, avg(salary), max(salary) from people group by dept", FRAMES, K)
    assert proved.outputs == (0, 1)
    assert proved.keys == (0,)
    assert "MAX" not in proved.sql.upper().replace("GREATEST", "")


def rows_of(secret, others=0, alone=True):
    """People: twelve in each of three departments, and one with a secret.

    Args:
        secret: the one's salary and bonus.
        others: which of some sets of salaries the others have; all else of them stays.
        alone: whether the one shares its department and city with nobody.
    """
    pay = random.Random(others)  # noqa: S311 - the same in each run
    rows = [
        (number, f"d{number % 3}", "xy"[number % 2], 2018 + number % 4,
         pay.uniform(1, 100 * 4**others), pay.uniform(-9, 90 * 4**others), f"n{number}",
         f"20{10 + number % 3}-01-01", number % 5)
        for number in range(100, 136)
    ]  # fmt: skip
    place = ("boss", "z", 1999) if alone else ("d1", "x", 2019)
    return [*rows, (7, *place, secret, secret, "Alice", "1970-01-01", 1)]


def table(secret=777.0, others=0, *, alone=True):
    connection = duckdb.connect(config={"threads": 1})
    connection.execute(
        "create table people (id bigint, dept text, city text, year bigint, salary double, "
        "bonus double, name text, born date, b bigint)"
    )
    people = rows_of(secret, others, alone)
    connection.executemany("insert into people values (?,?,?,?,?,?,?,?,?)", people)
    connection.execute(
        "create table visits as select id, i as visit, (id % 5) + i as cost, "
        "date '2020-01-01' as day from people, range(20) r(i)"
    )
    return connection


def cells(row, proved):
    """The values of a row as a model gets them, and which stand."""
    parts, values, stands = iter(row), [], []
    for output in proved.outputs:
        value = next(parts)
        stood = output in proved.keys or bool(next(parts))
        values.append(value if stood else None)
        stands.append(stood)
    return tuple(values), stands


def view(sql, secret=777.0):
    """What a model sees of a query; None when it sees nothing."""
    proved = prove(sql, FRAMES, K)
    if proved is None:
        return None
    with table(secret) as connection:
        try:
            return [cells(row, proved)[0] for row in connection.execute(proved.sql).fetchall()]
        except duckdb.Error:
            return None


ALONE = [
    "select dept, avg(salary) from people group by dept",
    "select avg(salary), count(*) from people where id = 7",
    "select id, sum(salary) from people group by id",
    "select sum(salary) from people where name = 'Alice'",
    "select sum(salary) filter (where id = 7) from people",
    "select sum(case when id = 7 then salary end) from people",
    "select sum(case when id = 7 then salary else 0 end), count(*) from people",
    "select avg((salary > 500)::int) from people",
    "select count_if(salary > 500) from people",
    "select sum(salary) filter (where id <> 7) from people",
    "select sum(coalesce(salary, 0)) filter (where id = 7) from people",
    "select dept, sum(salary) s from people group by dept order by s desc limit 2",
    "select dept, sum(salary) s from people group by dept having sum(salary) > 500 order by s",
    "select dept from people group by dept having avg(salary) > 500",
    "select p.dept, sum(v.cost) from visits v join people p on v.id = p.id group by p.dept",
    "select p.salary, count(*) from visits v join people p on v.id = p.id group by p.salary",
    "select sum(p.salary) from visits v join people p on v.id = p.id where p.id = 7",
    "select sum(v.cost) filter (where p.salary > 500) from visits v join people p using (id)",
    "select count(*) from visits v join people p using (id) where p.salary > 500",
    "select city, stddev(salary), corr(salary, bonus) from people group by city",
    "select year, median(salary) from people where year < 2005 group by year",
    "with a as (select dept, sum(salary) s from people group by dept) "
    "select dept, s from a where s > 700 order by s desc limit 3",
    "select quantile_cont(salary, 0.99) from people",
    "select dept, count(distinct name) from people where salary > 0 group by dept",
]


@pytest.mark.parametrize("sql", ALONE)
def test_the_secret_of_a_row_alone_changes_nothing_that_is_seen(sql):
    views = [view(sql, secret) for secret in (777.0, 0.5, 9_999.0, 123_456.0)]
    assert views[0] is not None
    assert views == [views[0]] * 4
    assert "777.0" not in str(views[0])
    assert "Alice" not in str(views)


def test_an_argument_that_few_rows_have_is_not_seen():
    """``count(*)`` alone is not enough: of many rows, few may have the value."""
    with table() as connection:
        connection.execute("update people set salary = null where id < 130 and id <> 7")
        connection.execute("update people set bonus = 0 where id <> 7")
        for column in ("salary", "bonus"):
            sql = "select sum(c), avg(c), count(*) from people".replace("(c)", f"({column})")
            proved = prove(sql, FRAMES, K)
            values, stands = cells(connection.execute(proved.sql).fetchall()[0], proved)
            assert stands == [False, False, True]
            assert values == (None, None, 37)


@pytest.mark.parametrize(
    "all_but_one",
    [
        "sum(salary) filter (where id <> 7)",
        "sum(case when id <> 7 then salary else 0 end)",
        "count_if(name <> 'Alice')",
        "avg((dept <> 'boss')::int)",
        "count(case when city <> 'z' then 1 end)",
    ],
)
def test_all_but_one_beside_all_would_tell_the_one(all_but_one):
    ((everybody, others),) = view("select count(*), X from people".replace("X", all_but_one))
    assert everybody == 37
    assert others is None


def test_rows_that_a_join_multiplies_count_once():
    sql = "select p.city, count(*), avg(p.salary) from people p join visits v using (id) group by 1"
    assert view(sql, 777.0) == view(sql, 5.0)
    assert all(row[2] is None for row in view(sql))


@pytest.mark.parametrize(
    "sql",
    [
        "select sum(salary * (length(name) - 4)) from people",
        "select sum(salary * length(name)) from people",
        "select avg(salary * (4.000001 - length(name))) from people",
        "select covar_pop(salary, length(name)) from people",
        "select corr(length(name), salary) from people",
        "select stddev(salary + 1e9 * length(name)) from people",
        "select covar_pop(salary + 1e9 * length(name), bonus) from people",
        "select sum(case when id > 0 then salary * (length(name) - 4) end) from people",
    ],
)
def test_a_column_that_is_the_same_in_all_rows_but_one_weighs_nothing(sql):
    """All names but Alice's have four letters."""
    assert view(sql) == [(None,)]


GROUPS = "select count(*) from people group by b < 9"
QUANTILE_OF = "select Q from people"


@pytest.mark.parametrize(
    "quantile",
    ["median(X)", "quantile_disc(X, 0.4)", "quantile_cont(X, 0.4)", "approx_quantile(X, 0.4)",
     "quantile_disc(X, [0.4, 0.5])", "median(X) filter (where year > 0 and b > 1)"],
)  # fmt: skip
def test_a_quantile_is_no_cell(quantile):
    """Of texts it is one row's whole value; of numbers a few digits of one."""
    for column in ("name", "dept", "born"):
        for sql in (QUANTILE_OF, f"{GROUPS} order by Q"):
            assert view(sql.replace("Q", quantile).replace("X", column)) is None
    sql = QUANTILE_OF.replace("Q", quantile).replace("X", "salary")
    ((shown,),) = view(sql)
    for value in shown if isinstance(shown, list) else [shown]:
        assert value == float(f"{value:.3g}")
    assert same([shown], table().execute(sql).fetchone(), quantile=True)


def test_a_condition_sees_no_more_of_a_quantile():
    exact = table().execute("select median(salary) from people").fetchone()[0]
    finer = [f"{GROUPS} having median(salary) > {exact + more}" for more in (-0.001, 0.001)]
    assert view(finer[0]) == view(finer[1])


EXPRESSIONS = st.sampled_from(
    ["salary", "bonus", "salary + bonus", "salary * bonus", "salary * 1000", "id", "year",
     "case when id = 7 then salary else 0 end", "case when dept = 'boss' then 1 end",
     "case when dept <> 'boss' then salary end", "(salary > 500)::int", "coalesce(bonus, 9)",
     "length(name)", "salary - year", "-salary", "salary / 3", "salary / year", "pow(salary, 3)",
     "if(salary > 500, 1, 0)", "abs(salary)", "cast(name as double)", "try_cast(name as double)"]
)  # fmt: skip
AGGREGATES = st.sampled_from(
    ["sum({})", "avg({})", "count({})", "median({})", "stddev({})", "count(distinct {})", "max({})",
     "corr({}, salary)", "quantile_cont({}, 0.5)", "quantile_cont({}, 0.97)", "min({})",
     "sum({}) filter (where id <> 7)", "count(*) filter (where {} > 500)", "any_value({})",
     "sum({}) / count(*)", "coalesce(sum({}), 0)", "list({})", "sum(sum({})) over ()"]
)  # fmt: skip
MEASURES = st.builds(lambda form, e: form.format(e), AGGREGATES, EXPRESSIONS)
KEYS = st.sampled_from(
    ["dept", "city", "id", "name", "year", "salary", "salary > 500", "floor(salary / 100)",
     "case when id = 7 then 'p' else dept end", "case when dept = 'boss' then 1 else 0 end",
     "substr(name, 1, 1)", "date_trunc('year', born)", "id % 2", "year - 1900 > 100"]
)  # fmt: skip
CONDITIONS = st.sampled_from(
    ["true", "id = 7", "id <> 7", "dept in ('boss', 'd1')", "salary > 500", "salary < 500",
     "year < 2005 or dept = 'd1'", "not (dept = 'boss')", "salary > bonus", "name like 'A%'",
     "born < date '2000-01-01'", "id = 7 and salary > 500", "(id = 7 and salary > 500) or id > 9",
     "bonus is not null", "salary between 1 and 1e9", "lower(city) = 'z'"]
)  # fmt: skip


@st.composite
def queries(draw):
    """SQL of the kinds that are understood, and of some that are not."""
    keys = draw(st.lists(KEYS, max_size=2, unique=True))
    measures = draw(st.lists(MEASURES, min_size=1, max_size=3))
    where = draw(st.lists(CONDITIONS, max_size=2))
    select = ", ".join([*keys, *(f"{each} as m{at}" for at, each in enumerate(measures))])
    source = draw(
        st.sampled_from(
            [
                "people",
                "(select * from people where {}) q",
                "(select *, salary + 1 as s1 from people)",
            ]
        )
    ).format(draw(CONDITIONS))
    sql = f"select {select} from {source}"  # noqa: S608 - that is what is tested
    sql += f" where {' and '.join(f'({each})' for each in where)}" if where else ""
    sql += f" group by {', '.join(keys)}" if keys else ""
    having = draw(
        st.sampled_from(
            ["", " having count(*) > 0", " having m0 > 500", " having sum(salary) > 700"]
        )
    )
    order = draw(
        st.sampled_from(["", " order by m0 desc", " order by 1", " order by sum(salary) limit 2"])
    )
    sql += having + order
    wrapped = draw(
        st.sampled_from(
            ["{}", "select * from ({}) w where m0 > 500", "with w as ({}) select m0 from w"]
        )
    )
    return wrapped.format(sql)


SECRETS = (333.0, 4_321.0)
OTHERS = (0, 1, 2, 3, 4)
proofs = {"proved": 0, "all": 0, "changed": 0}


@functools.cache
def neighbours(alone):
    """The tables, by the one's secret and by the salaries of all others."""
    return {
        (secret, others): table(secret, others, alone=alone)
        for secret in SECRETS
        for others in OTHERS
    }


def seen(proved, connection):
    """What a model sees; nothing where the query fails."""
    try:
        return [cells(row, proved)[0] for row in connection.execute(proved.sql).fetchall()]
    except duckdb.Error:
        return []


def differing(one, other):
    """In which cells two views differ; ``None`` when it is in their rows."""
    if len(one) != len(other):
        return {None}
    return {
        (row, column)
        for row, (a, b) in enumerate(zip(one, other, strict=True))
        for column, (x, y) in enumerate(zip(a, b, strict=True))
        if x != y
    }


@settings(max_examples=80, deadline=None)
@given(queries(), st.booleans())
def test_what_a_secret_changes_the_values_of_others_change_too(sql, alone):
    """Neighbouring tables: what is seen is never a function of one row's secret.

    The tables differ in one row's salary and bonus. A cell that changes with it must change with
    the salaries of the others too, while everything else about them stays: else whoever knows who
    there is could read the secret, or a bit of it, off the cell.
    """
    proofs["all"] += 1
    proved = prove(sql, FRAMES, K)
    if proved is None:
        return
    proofs["proved"] += 1
    tables = neighbours(alone)
    views = {which: seen(proved, connection) for which, connection in tables.items()}
    assert "Alice" not in str(views)
    for others in OTHERS:
        changed = differing(*(views[secret, others] for secret in SECRETS))
        proofs["changed"] += bool(changed)
        reach = set().union(
            *(
                differing(views[secret, others], views[secret, o])
                for o in OTHERS
                for secret in SECRETS
            )
        )
        assert None in reach or changed <= reach


def test_the_fuzz_proves_and_changes_a_good_part_of_its_queries():
    if proofs["all"]:
        assert proofs["proved"] > proofs["all"] / 20
        assert proofs["changed"] > 10
