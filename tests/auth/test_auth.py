"""The rules of accounts and tokens, on the memory engine."""

import asyncio
import time
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from pydantic import SecretStr, ValidationError

from leonidas_jupyter.auth.repository import FAMILIES, SPECS, USERS, AuthRepository
from leonidas_jupyter.auth.schemas import AuthSettings, Kernels, Policy, UserLogin, UserRegister
from leonidas_jupyter.auth.service import AuthService
from leonidas_jupyter.core.errors import ErrorCode, LeonidasError
from leonidas_jupyter.core.events import EventBus, UserRegistered
from leonidas_jupyter.core.ids import now
from leonidas_jupyter.core.keys import Keyring
from leonidas_jupyter.core.rates import Rate, RateLimiter
from leonidas_jupyter.core.tasks import Tasks
from leonidas_jupyter.core.tokens import AccessTokens, Refresh, RefreshTokens
from leonidas_jupyter.tables.leases import Leases
from tests.servers.chosen import fresh_database

KEYRING = Keyring(["k" * 40])
PASSWORD = "correct horse battery"
BOB = UserRegister(email="bob@example.org", password=PASSWORD)


class World:
    """One server: services over a database that it may share with another."""

    def __init__(self, database=None, *, rate=None, kernels=None):
        self.database = database or fresh_database(SPECS)
        self.bus = EventBus()
        self.tasks = Tasks()
        self.welcomed = []
        self.repository = AuthRepository(self.database)
        self.bus.subscribe(UserRegistered, self.welcome)
        self.refresh_tokens = RefreshTokens(KEYRING)
        self.auth = AuthService(
            repository=self.repository,
            bus=self.bus,
            tasks=self.tasks,
            leases=Leases(),
            access=AccessTokens(KEYRING, 900),
            refresh=self.refresh_tokens,
            failures=RateLimiter(rate or Rate(100, 60)),
            settings=AuthSettings(
                policy=Policy(models=["builtin"], data_exposure_max="aggregates", python="ask"),
                refresh_seconds=3600,
                kernels=kernels,
            ),
        )

    async def welcome(self, event):
        self.welcomed.append(event.user_id)

    async def refresh(self, token):
        return await self.auth.refresh(SecretStr(token))


def run(test):
    return asyncio.run(test())


async def refusal(work):
    with pytest.raises(LeonidasError) as caught:
        await work
    return caught.value.code


def login(password=PASSWORD, email="bob@example.org"):
    return UserLogin(email=email, password=password)


# Accounts


def test_register_and_login():
    async def go():
        world = World()
        made = await world.auth.register(BOB)
        assert (made.user.email, made.user.username) == ("bob@example.org", "bob@example.org")
        assert made.user.role == "user"
        assert world.welcomed == [made.user.user_id]
        stored = await world.repository.user(made.user.user_id)
        assert stored.password_hash.startswith("$argon2id$")
        assert PASSWORD not in stored.model_dump_json()
        assert stored.unfinished is None
        again = await world.auth.login(login())
        assert again.user == made.user
        assert again.expires_in == 900
        assert (await world.auth.authenticate(again.access_token)).user_id == made.user.user_id
        assert (await world.auth.me(await world.auth.authenticate(made.access_token))) == made.user
        assert await refusal(world.auth.login(login("wrong horse battery"))) == "unauthenticated"

    run(go)


def test_e_mails_and_names_are_taken_once():
    async def go():
        world = World()
        await world.auth.register(BOB)
        for email, username, taken in (
            ("bob@example.org", None, True),
            ("BOB@Example.ORG", "robert", True),
            ("rob@example.org", "robert", False),
            ("rob2@example.org", "robert", True),
        ):
            wanted = UserRegister(email=email, password=PASSWORD, username=username)
            if taken:
                assert await refusal(world.auth.register(wanted)) is ErrorCode.CONFLICT
            else:
                assert (await world.auth.register(wanted)).user.username == username

    run(go)


@pytest.mark.parametrize(
    "changes",
    [
        {"password": "eleven char"},
        {"password": "x" * 129},
        {"email": "nobody"},
        {"email": "a b@example.org"},
        {"email": "a@b@c"},
        {"email": "x" * 250 + "@example.org"},
        {"email": "a\u202e@example.org"},
        {"username": "bob@example.org"},
        {"username": "a/b"},
        {"username": ""},
        {"username": "x" * 65},
        {"role": "admin"},
    ],
)
def test_what_registers_is_checked(changes):
    with pytest.raises(ValueError, match="validation error"):
        UserRegister(**{"email": "bob@example.org", "password": PASSWORD, **changes})


@pytest.mark.parametrize("password", ["eleven char", "x" * 129])
def test_the_length_of_a_password_is_said_in_words(password):
    with pytest.raises(ValidationError, match="A password has 12 to 128 characters"):
        UserRegister(email="bob@example.org", password=password)


def test_passwords_are_not_shown():
    assert PASSWORD not in repr(BOB)
    assert PASSWORD not in BOB.model_dump_json()


def test_failures_are_limited_by_e_mail_and_success_is_not():
    async def go():
        world = World(rate=Rate(2, 3600))
        await world.auth.register(BOB)
        for _ in range(5):
            await world.auth.login(login())
        for _ in range(2):
            assert (
                await refusal(world.auth.login(login("wrong horse battery"))) == "unauthenticated"
            )
        for password in ("wrong horse battery", PASSWORD):
            assert await refusal(world.auth.login(login(password))) == "rate_limited"
        other = await refusal(world.auth.login(login(email="ann@example.org")))
        assert other == "unauthenticated"

    run(go)


@pytest.mark.usefixtures("real_hashes")
def test_an_unknown_address_takes_as_long_as_a_wrong_password():
    async def go():
        world = World()
        await world.auth.register(BOB)

        async def timed(email):
            start = time.perf_counter()
            await refusal(world.auth.login(login("wrong horse battery", email)))
            return time.perf_counter() - start

        await timed("bob@example.org"), await timed("nobody@example.org")
        pairs = [(await timed("bob@example.org"), await timed("no@example.org")) for _ in range(5)]
        known, unknown = (min(times) for times in zip(*pairs, strict=True))
        # A guard that is missing makes the difference of a whole hash: a factor of hundreds.
        assert 0.1 < unknown / known < 10

    run(go)


@pytest.mark.usefixtures("real_hashes")
def test_old_hashes_are_renewed_at_login():
    async def go():
        world = World()
        made = await world.auth.register(BOB)
        weak = PasswordHasher(time_cost=1, memory_cost=8192).hash(PASSWORD)
        await world.repository.set_password_hash(made.user.user_id, weak)
        await world.auth.login(login())
        stored = await world.repository.user(made.user.user_id)
        assert stored.password_hash != weak
        await world.auth.login(login())

    run(go)


# Identities


def test_first_sight_is_one_row_and_one_welcome_however_many_come_at_once():
    async def go():
        first = World()
        second = World(first.database)
        servers = [first, second] * 10
        callers = await asyncio.gather(*(world.auth.identify("ann") for world in servers))
        assert len({caller.user_id for caller in callers}) == 1
        assert first.welcomed + second.welcomed == [callers[0].user_id]

    run(go)


def test_who_was_seen_but_not_welcomed_is_welcomed_on_the_next_sight():
    async def go():
        killed = World()

        async def fail(event):
            raise RuntimeError("killed here")

        killed.bus._handlers.clear()
        killed.bus.subscribe(UserRegistered, fail)
        caller = await killed.auth.identify("ann")  # which is not refused for that
        assert (await killed.repository.user(caller.user_id)).unfinished == "welcome"
        expired = {"lease_until": now() - timedelta(seconds=1)}
        await killed.database.table(USERS).update(caller.user_id, expired)
        later = World(killed.database)
        again = await later.auth.identify("ann")
        assert later.welcomed == [caller.user_id] == [again.user_id]
        await World(killed.database).auth.identify("ann")
        assert later.welcomed == [caller.user_id]

    run(go)


def test_recovery_welcomes_whom_a_killed_server_left():
    async def go():
        killed = World()
        killed.auth._welcomes._leases = Leases(seconds=-1)  # its leases are over at once
        killed.auth._leases = killed.auth._welcomes._leases

        async def fail(event):
            raise RuntimeError("killed here")

        killed.bus._handlers.clear()
        killed.bus.subscribe(UserRegistered, fail)
        caller = await killed.auth.identify("ann")
        later = World(killed.database)
        await later.auth.recover()
        async with asyncio.timeout(60):
            while not later.tasks.idle:  # noqa: ASYNC110 - of the code under test
                await asyncio.sleep(0.005)
        assert later.welcomed == [caller.user_id]

    run(go)


def test_an_identity_never_becomes_an_account_with_a_password():
    async def go():
        world = World()
        await world.auth.register(BOB.model_copy(update={"username": "ann"}))
        assert await refusal(world.auth.identify("ann")) is ErrorCode.FORBIDDEN_BY_POLICY

    run(go)


def test_the_kernels_secret_is_the_servers_own_user():
    async def go():
        world = World(kernels=Kernels("leo-kernel-secret", "ann"))
        tokens = await world.auth.exchange_secret(SecretStr("leo-kernel-secret"))
        assert tokens.user.username == "ann"
        assert (await world.auth.identify("ann")).user_id == tokens.user.user_id
        for wrong in ("", "leo-kernel-secreT", "leo-kernel-secret "):
            code = await refusal(world.auth.exchange_secret(SecretStr(wrong)))
            assert code is ErrorCode.UNAUTHENTICATED
        without = World(world.database)
        code = await refusal(without.auth.exchange_secret(SecretStr("leo-kernel-secret")))
        assert code is ErrorCode.UNAUTHENTICATED

    run(go)


def test_tokens_that_go_back_to_a_kernels_secret_are_known_as_such():
    async def go():
        world = World(kernels=Kernels("leo-kernel-secret", "ann"))
        person = await world.auth.exchange(await world.auth.identify("ann"))
        kernels = await world.auth.exchange_secret(SecretStr("leo-kernel-secret"))
        # In turns, because who bears a token is known again for a while.
        for _ in range(2):
            assert not (await world.auth.authenticate(person.access_token)).kernel
            assert (await world.auth.authenticate(kernels.access_token)).kernel
        # Neither the next tokens nor an exchange of its own makes a person of it.
        refreshed = await world.refresh(kernels.refresh_token)
        caller = await world.auth.authenticate(refreshed.access_token)
        assert caller.kernel
        again = await world.auth.exchange(caller)
        assert (await world.auth.authenticate(again.access_token)).kernel

    run(go)


# Tokens


def test_refresh_rotates():
    async def go():
        world = World()
        first = await world.auth.register(BOB)
        second = await world.refresh(first.refresh_token)
        third = await world.refresh(second.refresh_token)
        assert len({first.refresh_token, second.refresh_token, third.refresh_token}) == 3
        for tokens in (first, second, third):
            assert (
                await world.auth.authenticate(tokens.access_token)
            ).username == "bob@example.org"

    run(go)


def test_using_an_old_refresh_token_ends_the_family_and_no_other():
    async def go():
        world = World()
        stolen = await world.auth.register(BOB)
        other = await world.auth.login(login())
        rightful = await world.refresh(stolen.refresh_token)
        assert await refusal(world.refresh(stolen.refresh_token)) is ErrorCode.UNAUTHENTICATED
        assert await refusal(world.refresh(rightful.refresh_token)) is ErrorCode.UNAUTHENTICATED
        for tokens in (stolen, rightful):
            code = await refusal(world.auth.authenticate(tokens.access_token))
            assert code is ErrorCode.UNAUTHENTICATED
        await world.auth.authenticate(other.access_token)
        await world.refresh(other.refresh_token)

    run(go)


def test_of_simultaneous_refreshes_all_get_the_one_next_token():
    async def go():
        first = World()
        second = World(first.database)
        tokens = await first.auth.register(BOB)

        both = asyncio.Barrier(2)
        for world in (first, second):
            real = world.repository.rotate

            async def together(family, until, real=real):
                await both.wait()  # each has read the row before either writes it
                return await real(family, until)

            world.repository.rotate = together
        answers = await asyncio.gather(
            first.refresh(tokens.refresh_token), second.refresh(tokens.refresh_token)
        )
        assert answers[0].refresh_token == answers[1].refresh_token
        third = World(first.database)
        await third.refresh(answers[0].refresh_token)  # the family lives

    run(go)


def test_a_logout_during_a_refresh_wins():
    async def go():
        world = World()
        tokens = await world.auth.register(BOB)
        real = world.repository.rotate

        async def late(family, until):
            await world.auth.logout(None, SecretStr(tokens.refresh_token))
            return await real(family, until)

        world.repository.rotate = late
        assert await refusal(world.refresh(tokens.refresh_token)) is ErrorCode.UNAUTHENTICATED

    run(go)


def test_logout_ends_what_was_signed_in_here_at_once_and_elsewhere_soon(monkeypatch):
    async def go():
        here = World()
        elsewhere = World(here.database)
        tokens = await here.auth.register(BOB)
        other = await here.auth.login(login())
        await elsewhere.auth.authenticate(tokens.access_token)
        await here.auth.authenticate(tokens.access_token)
        await here.auth.logout(tokens.access_token, None)
        code = await refusal(here.auth.authenticate(tokens.access_token))
        assert code is ErrorCode.UNAUTHENTICATED
        assert await refusal(here.refresh(tokens.refresh_token)) is ErrorCode.UNAUTHENTICATED
        elsewhere.auth._alive._clock = lambda: time.monotonic() + 2.1
        code = await refusal(elsewhere.auth.authenticate(tokens.access_token))
        assert code is ErrorCode.UNAUTHENTICATED
        await here.auth.logout(None, SecretStr(other.refresh_token))
        assert (
            await refusal(here.auth.authenticate(other.access_token)) is ErrorCode.UNAUTHENTICATED
        )
        await here.auth.logout("no token", SecretStr("nor this"))
        await here.auth.logout(None, None)

    run(go)


@pytest.mark.parametrize("generation", [0, 2, 99])
def test_generations_that_never_were_end_the_family(generation):
    async def go():
        world = World()
        await world.auth.register(BOB)
        page = await world.auth.login(login())
        family = world.refresh_tokens.verify(page.refresh_token).family_id
        made_up = world.refresh_tokens.token(Refresh(family, generation))
        assert await refusal(world.refresh(made_up)) is ErrorCode.UNAUTHENTICATED
        assert (await world.repository.family(family)).revoked_at is not None

    run(go)


def test_a_family_that_is_over_or_whose_user_is_gone_is_nobody():
    async def go():
        world = World()
        tokens = await world.auth.register(BOB)
        family = world.refresh_tokens.verify(tokens.refresh_token).family_id
        over = {"expires_at": now() - timedelta(seconds=1)}
        await world.database.table(FAMILIES).update(family, over)
        assert await refusal(world.refresh(tokens.refresh_token)) is ErrorCode.UNAUTHENTICATED
        gone = await world.auth.login(login())
        await world.database.table(USERS).delete(gone.user.user_id)
        assert await refusal(world.refresh(gone.refresh_token)) is ErrorCode.UNAUTHENTICATED
        assert await refusal(world.auth.authenticate(gone.access_token)) == "unauthenticated"

    run(go)
