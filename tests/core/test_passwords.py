import asyncio

import pytest
from argon2 import PasswordHasher, Type, extract_parameters

from leonidas_jupyter.core.passwords import Passwords

pytestmark = pytest.mark.usefixtures("real_hashes")


def test_a_hash_costs_what_the_rfc_says():
    known = asyncio.run(Passwords().hash("correct horse battery"))
    cost = extract_parameters(known)
    assert (cost.type, cost.memory_cost, cost.time_cost, cost.parallelism) == (Type.ID, 65536, 3, 4)


def test_hash_and_verify():
    async def go():
        passwords = Passwords()
        known = await passwords.hash("correct horse battery")
        assert known.startswith("$argon2id$")
        assert await passwords.verify(known, "correct horse battery")
        assert not await passwords.verify(known, "correct horse batterie")
        assert not await passwords.verify("not a hash", "correct horse battery")
        assert not passwords.outdated(known)
        assert passwords.outdated(PasswordHasher(time_cost=1).hash("x"))

    asyncio.run(go())


def test_two_ways_to_write_one_password():
    async def go():
        passwords = Passwords()
        known = await passwords.hash("zwölf Zeichen, gut")
        assert await passwords.verify(known, "zwölf Zeichen, gut")

    asyncio.run(go())


def test_an_unknown_person_costs_the_same_work(monkeypatch):
    checked = []
    verify = PasswordHasher.verify

    def counted(self, known, password):
        checked.append(known)
        return verify(self, known, password)

    async def go():
        monkeypatch.setattr(PasswordHasher, "verify", counted)
        passwords = Passwords()
        assert not await passwords.verify(None, "whatever it is")
        # Not even who knows the text behind the spare hash gets in as nobody.
        assert not await passwords.verify(None, "the password of nobody")

    asyncio.run(go())
    assert len(checked) == 2
    assert all(known.startswith("$argon2id$") for known in checked)
