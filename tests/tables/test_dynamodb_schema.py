"""Tables of DynamoDB: made, held against the declarations, dropped; and URLs that name them."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest

from leonidas_jupyter.core.dynamodbplace import parse_dynamodb
from leonidas_jupyter.server.engines import SPECS as OURS
from leonidas_jupyter.tables.base import TableSpec, Unavailable
from leonidas_jupyter.tables.dynamodb import (
    check_tables,
    create_tables,
    drop_tables,
    open_dynamodb,
)
from leonidas_jupyter.tables.dynamodb_items import TTL
from leonidas_jupyter.tables.dynamodb_schema import connect, definition
from tests.contracts.things import JOBS, NOTES, SPECS, THINGS, TICKETS, Note, Thing


@pytest.fixture
def client(dynamodb_url):
    made = connect(parse_dynamodb(dynamodb_url), None)
    yield made
    made.close()


def test_tables_are_made_checked_and_dropped(dynamodb_url):
    missing = check_tables(dynamodb_url, SPECS)
    assert len(missing) == len(SPECS)
    assert all("is missing" in each for each in missing)
    create_tables(dynamodb_url, SPECS)
    assert check_tables(dynamodb_url, SPECS) == []
    create_tables(dynamodb_url, SPECS)
    drop_tables(dynamodb_url, SPECS)
    drop_tables(dynamodb_url, SPECS)
    assert check_tables(dynamodb_url, SPECS) == missing


def test_making_again_keeps_what_is_there(dynamodb_url):
    async def put_and_get(work):
        database = open_dynamodb(dynamodb_url, SPECS)
        try:
            return await work(database.table(NOTES))
        finally:
            await database.close()

    create_tables(dynamodb_url, SPECS)
    asyncio.run(put_and_get(lambda notes: notes.put(Note(thing_id="a", number=1))))
    create_tables(dynamodb_url, SPECS)
    assert asyncio.run(put_and_get(lambda notes: notes.get(("a", 1)))) is not None


def test_several_servers_may_make_them_at_once(dynamodb_url):
    with ThreadPoolExecutor(4) as threads:
        made = [threads.submit(create_tables, dynamodb_url, SPECS) for _ in range(4)]
        for each in made:
            each.result()
    assert check_tables(dynamodb_url, SPECS) == []


def test_a_missing_index_is_told_and_made(dynamodb_url, client):
    table = parse_dynamodb(dynamodb_url).table("jobs")
    create_tables(dynamodb_url, [THINGS, NOTES, TICKETS])
    client.create_table(**definition(TableSpec("jobs", JOBS.model, key=JOBS.key), table))
    (problem,) = check_tables(dynamodb_url, SPECS)
    assert f"{table} has no index unfinished" in problem
    create_tables(dynamodb_url, SPECS)
    assert check_tables(dynamodb_url, SPECS) == []


def test_other_keys_are_told_and_left_alone(dynamodb_url, client):
    place = parse_dynamodb(dynamodb_url)
    other = TableSpec("notes", NOTES.model, key=("thing_id",))
    client.create_table(**definition(other, place.table("notes")))
    wrong = definition(THINGS, place.table("things"))
    first, second = wrong["GlobalSecondaryIndexes"][0]["KeySchema"]
    first["KeyType"], second["KeyType"] = second["KeyType"], first["KeyType"]
    wrong["GlobalSecondaryIndexes"][0]["KeySchema"] = [second, first]
    client.create_table(**wrong)
    create_tables(dynamodb_url, SPECS)
    problems = check_tables(dynamodb_url, SPECS)
    assert len(problems) == 2
    assert any("notes has other keys" in each for each in problems)
    assert any("index rank of" in each and "other keys" in each for each in problems)


def test_what_sweeps_nothing_is_told_but_stops_no_start(dynamodb_url, client):
    table = parse_dynamodb(dynamodb_url).table("tickets")
    create_tables(dynamodb_url, [THINGS, NOTES, JOBS])
    client.create_table(**definition(TICKETS, table))
    (problem,) = check_tables(dynamodb_url, SPECS)
    assert TTL in problem
    open_dynamodb(dynamodb_url, SPECS).client.close()
    create_tables(dynamodb_url, SPECS)
    assert check_tables(dynamodb_url, SPECS) == []


def test_a_start_without_tables_says_how_to_make_them(dynamodb_url):
    with pytest.raises(Unavailable, match="run: jupyter leonidas tables create") as refused:
        open_dynamodb(dynamodb_url, SPECS)
    assert refused.value.retry_after == 60
    assert len(check_tables(dynamodb_url, SPECS)) == len(SPECS)


def test_the_declarations_of_leonidas_can_be_made(dynamodb_url):
    create_tables(dynamodb_url, OURS)
    assert check_tables(dynamodb_url, OURS) == []


def test_indexes_hold_keys_only_and_writes_are_paid_one_by_one():
    made = definition(THINGS, "p-things")
    assert made["BillingMode"] == "PAY_PER_REQUEST"
    projections = {each["Projection"]["ProjectionType"] for each in made["GlobalSecondaryIndexes"]}
    assert projections == {"KEYS_ONLY"}


def test_what_a_url_says():
    role = "arn:aws:iam::123456789012:role/leonidas"
    query = {"endpoint_url": "http://127.0.0.1:8000", "profile": "team", "role_arn": role}
    place = parse_dynamodb(f"dynamodb://eu-central-1/team-a?{urlencode(query)}")
    assert place.table("users") == "team-a-users"
    assert place.aws.region == "eu-central-1"
    assert {name: getattr(place.aws, name) for name in query} == query


@pytest.mark.parametrize(
    "url",
    [
        "dynamodb://eu-central-1",
        "dynamodb:///prefix",
        "dynamodb://eu-central-1/a/b",
        "dynamodb://eu-central-1/.hidden",
        "dynamodb://KEY:SECRET@eu-central-1/leonidas",
        "dynamodb://eu-central-1/leonidas?nonsense=1",
        "dynamodb://eu-central-1/leonidas?region=us-east-1",
        "dynamodb://eu-central-1/leonidas?endpoint_url=ftp://SECRET",
        "dynamodb://eu-central-1/leonidas?profile=",
        "dynamodb://eu-central-1/leonidas?profile=a&profile=b",
        "dynamodb://eu-central-1/leonidas?role_arn=SECRET",
        "dynamodb://eu-central-1/leonidas#part",
    ],
)
def test_a_url_that_says_nothing_is_refused(url):
    with pytest.raises(ValueError, match=r"\w") as refused:
        parse_dynamodb(url)
    assert "SECRET" not in str(refused.value)


def test_items_of_other_tables_are_not_met(dynamodb_url):
    async def body():
        one = open_dynamodb(dynamodb_url, SPECS, create=True)
        head, _, query = dynamodb_url.partition("?")
        other = open_dynamodb(f"{head}x?{query}", SPECS, create=True)
        try:
            await one.table(THINGS).put(Thing(thing_id="t"))
            assert await other.table(THINGS).get("t") is None
        finally:
            await one.close()
            await other.close()

    asyncio.run(body())
