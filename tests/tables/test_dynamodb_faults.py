"""DynamoDB that throttles, refuses, fails or cannot be reached, and answers that are lost."""

import time

import pytest
from botocore.exceptions import (
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
    SSLError,
)

from leonidas_jupyter.tables.base import Add, Exists, Put, Stale, Unavailable, Update
from tests.contracts.things import NOTES, THINGS, Note, Thing
from tests.tables.dynamodb_faults import Faults, answer, asked, error, lost, raises

URL = "http://dynamodb.example"
THROTTLED = error("ProvisionedThroughputExceededException")
DENIED = error(
    "AccessDeniedException",
    message="User: arn:aws:sts::123456789012:assumed-role/secret/x is not authorized to perform: "
    "dynamodb:GetItem on resource: arn:aws:dynamodb:eu-central-1:123456789012:table/secret",
)
SKEWED = error(
    "InvalidSignatureException",
    message="Signature expired: 20300101T000000Z is now earlier than 20300101T000500Z",
)
FAULTS = {
    "throttled": (THROTTLED, "more than it takes", 5),
    "throttled by the account": (error("ThrottlingException"), "more than it takes", 5),
    "expired": (error("ExpiredTokenException"), "credentials have expired", 60),
    "unknown key": (error("UnrecognizedClientException"), "does not know the server's", 60),
    "denied": (DENIED, "grant it dynamodb:GetItem", 60),
    "clock": (SKEWED, "clock differs", 60),
    "fault": (error("InternalServerError", 500), "has a fault", 5),
    "gateway": (lambda request, _: answer(request, 503, {}), "has a fault", 5),
    "no tables": (error("ResourceNotFoundException"), "jupyter leonidas tables create", 60),
    "unreachable": (raises(EndpointConnectionError(endpoint_url=URL)), "cannot be reached", 10),
    "connection": (raises(ConnectTimeoutError(endpoint_url=URL)), "cannot be reached", 10),
    "silence": (raises(ReadTimeoutError(endpoint_url=URL)), "cannot be reached", 10),
    "certificate": (raises(SSLError(endpoint_url=URL, error="no")), "set ca_bundle", 60),
    "no credentials": (raises(NoCredentialsError()), "No AWS credentials were found", 60),
}


@pytest.fixture
def no_pauses(monkeypatch):
    """botocore and we wait between attempts; here nobody does."""
    monkeypatch.setattr("leonidas_jupyter.tables.dynamodb_calls._FIRST_PAUSE", 0.0)
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)


@pytest.mark.parametrize(("fault", "said", "retry_after"), FAULTS.values(), ids=FAULTS)
def test_what_lasts_is_said_in_a_sentence(on_dynamodb, no_pauses, fault, said, retry_after):
    async def body(database):
        things = database.table(THINGS)
        with Faults(database.client).during([fault], always=True):
            for work in (
                lambda: things.get("t"),
                lambda: things.find("email", "x"),
                lambda: things.put(Thing(thing_id="t")),
                lambda: things.add("t", "count", 1),
                lambda: things.query("rank", "ann"),
                lambda: things.scan(),
                lambda: database.table(NOTES).load([Note(thing_id="a", number=1)]),
                database.ping,
            ):
                with pytest.raises(Unavailable) as refused:
                    await work()
                assert said in str(refused.value)
                assert refused.value.retry_after == retry_after
                assert "secret" not in str(refused.value)
                assert "http" not in str(refused.value)
        assert await things.get("t") is None

    on_dynamodb(body)


@pytest.mark.parametrize(
    "fault",
    [THROTTLED, FAULTS["fault"][0], FAULTS["silence"][0], error("RequestLimitExceeded"), lost],
    ids=["throttled", "fault", "silence", "limit", "lost"],
)
def test_what_passes_is_not_noticed(on_dynamodb, no_pauses, fault):
    """The request is repeated, and does nothing twice although the first may have been done."""

    async def body(database):
        things, notes, faults = database.table(THINGS), database.table(NOTES), None
        faults = Faults(database.client)

        async def through(work):
            with faults.during([fault, fault]):
                return await work

        await through(things.put(Thing(thing_id="t", owner="ann"), if_absent=True))
        assert await through(things.add("t", "count", 1)) == 1
        assert await through(things.add("t", "count", 1)) == 2
        updated = await through(things.update("t", {"name": "new"}, if_version=1))
        assert (updated.version, updated.count) == (2, 2)
        assert await through(things.get("t")) == updated
        assert (await through(things.query("rank", "ann"))).items == [updated]
        await through(
            database.transact(
                [
                    Put(NOTES, Note(thing_id="t", number=1), if_absent=True),
                    Add(THINGS, "t", "count", 1),
                    Update(THINGS, "u", {"name": "x"}),
                ][:2]
            )
        )
        assert (await things.get("t")).count == 3
        await through(things.put(Thing(thing_id="v", email="v@"), if_absent=True))
        await through(notes.delete(("t", 1), if_version=1))
        await through(notes.load([Note(thing_id="t", number=n) for n in range(3)]))
        assert len((await through(notes.query(None, "t"))).items) == 3
        with pytest.raises(Stale):
            await through(things.update("t", {"name": "x"}, if_version=1))
        with pytest.raises(Exists):
            await through(things.put(Thing(thing_id="t"), if_absent=True))

    on_dynamodb(body)


def test_others_transactions_are_waited_for(on_dynamodb, no_pauses):
    conflict = error(
        "TransactionCanceledException",
        CancellationReasons=[{"Code": "None"}, {"Code": "TransactionConflict"}],
    )
    throttled = error(
        "TransactionCanceledException",
        CancellationReasons=[{"Code": "ThrottlingError"}, {"Code": "None"}],
    )

    async def body(database):
        things = database.table(THINGS)
        with Faults(database.client).during([conflict, throttled, None]):
            await things.put(Thing(thing_id="t", email="x"), if_absent=True)
        with Faults(database.client).during([error("TransactionConflictException"), None]):
            assert await things.add("t", "count", 1) == 1
        with (
            Faults(database.client).during([conflict], always=True),
            pytest.raises(Unavailable, match="at once") as refused,
        ):
            await things.put(Thing(thing_id="u", email="y"), if_absent=True)
        assert refused.value.retry_after == 1

    on_dynamodb(body)


def test_what_dynamodb_left_over_is_asked_for_again(on_dynamodb, no_pauses):
    def no_writes(request, _send):
        return answer(request, 200, {"UnprocessedItems": asked(request)["RequestItems"]})

    def no_reads(request, _send):
        left = asked(request)["RequestItems"]
        return answer(request, 200, {"Responses": {}, "UnprocessedKeys": left})

    async def body(database):
        notes, things = database.table(NOTES), database.table(THINGS)
        faults = Faults(database.client)
        with faults.during([no_writes, no_writes, None], "BatchWriteItem"):
            await notes.load([Note(thing_id="t", number=n) for n in range(3)])
        assert len((await notes.query(None, "t")).items) == 3
        await things.load([Thing(thing_id=str(n), owner="ann") for n in range(3)])
        with faults.during([no_reads, no_reads, None], "BatchGetItem"):
            assert len((await things.query("rank", "ann")).items) == 3
        for fault, operation, work in (
            (no_writes, "BatchWriteItem", notes.load([Note(thing_id="u", number=1)])),
            (no_reads, "BatchGetItem", things.query("rank", "ann")),
        ):
            with (
                faults.during([fault], operation, always=True),
                pytest.raises(Unavailable, match="more than it takes"),
            ):
                await work

    on_dynamodb(body)


def test_a_mistake_in_a_request_is_ours(on_dynamodb):
    from botocore.exceptions import ClientError

    async def body(database):
        with (
            Faults(database.client).during([error("ValidationException")]),
            pytest.raises(ClientError, match="ValidationException"),
        ):
            await database.table(THINGS).get("t")

    on_dynamodb(body)
