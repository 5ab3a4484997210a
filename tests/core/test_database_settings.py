"""Which databases can be named, and what is said of those that cannot."""

import pytest
from traitlets import TraitError

from leonidas_jupyter.core.config import Leonidas
from leonidas_jupyter.core.postgresplace import LARGEST_POOL, POOL_SIZE, parse_postgres

SECRET = "swordfish"
HOST = "db.example.org"
GOOD = f"postgresql+psycopg://ann:{SECRET}@{HOST}:5432/leonidas"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "memory://",
        "sqlite:////tmp/a.db",
        "duckdb:////tmp/a.duckdb",
        GOOD,
        GOOD.replace("+psycopg", ""),
        GOOD + "?sslmode=verify-full&sslrootcert=/etc/ca.pem&pool_size=20",
        "postgresql+psycopg:///leonidas?host=/var/run/postgresql",
        "dynamodb://eu-central-1/leonidas",
    ],
)
def test_databases_that_can_be_named(url):
    assert Leonidas(database_url=url).database_url == url


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("mysql://h/d", "known here"),
        ("duckdb://", "whole path"),
        (f"postgresql+psycopg2://ann:{SECRET}@{HOST}/d", "not a URL of PostgreSQL"),
        (f"postgresql://ann:{SECRET}@{HOST}", "names no database"),
        (f"postgresql://ann:{SECRET}@{HOST}:port/d", "not a URL"),
        (GOOD + "?sslmod=require", "sslmod is not known after the question mark"),
        (GOOD + f"?password={SECRET}", "password is not known"),
        (GOOD + "?sslmode=require&sslmode=disable", "sslmode stands twice"),
        (GOOD + "?pool_size=1", "pool_size"),
        (GOOD + f"?pool_size={LARGEST_POOL + 1}", "pool_size"),
        (GOOD + "?pool_size=many", "pool_size"),
    ],
)
def test_what_is_wrong_is_said_without_the_secret(url, reason):
    with pytest.raises(TraitError, match=reason) as refused:
        Leonidas(database_url=url)
    assert SECRET not in str(refused.value)
    assert HOST not in str(refused.value)


def test_a_url_taken_apart():
    assert parse_postgres(GOOD) == (GOOD, {}, POOL_SIZE)
    options = "options=-csearch_path%3Da"
    assert parse_postgres(f"{GOOD}?pool_size=3&{options}") == (
        *(GOOD, {"options": "-csearch_path=a"}, 3),
    )
    assert parse_postgres("postgresql://h/d") == ("postgresql+psycopg://h/d", {}, POOL_SIZE)


def test_every_parameter_is_one_of_libpq():
    psycopg = pytest.importorskip("psycopg")
    from leonidas_jupyter.core.postgresplace import _PARAMETERS

    known = {each.keyword.decode() for each in psycopg.pq.Conninfo.get_defaults()}
    assert known >= _PARAMETERS
