"""Journeys with a fault at one call each: which there are, and what is wrong after one."""

import asyncio
import logging
import sys
import traceback
from dataclasses import dataclass
from typing import Any

from leonidas_jupyter.storage.base import StoreUnavailable
from leonidas_jupyter.tables.base import Unavailable
from tests.reliability.faultjourney import STEPS, Person
from tests.reliability.faultremains import contradictions
from tests.reliability.faultserver import Errors

START = "start"
ALL_STEPS = (START, *STEPS)
CELL_SECONDS = 300
"""A cell takes a second or two; one that hangs takes for ever."""


@dataclass
class Cells:
    """Runs the journey with a fault at one call.

    Attributes:
        fresh: an asynchronous context with the settings of a server whose engines are empty, and a
            database and a store that look past it.
        ran: how many journeys met their fault.
        missed: how many did not: the order of background work differs now and then.
    """

    host: Any
    injector: Any
    fresh: Any
    faults: dict[str, Any]
    ran: int = 0
    missed: int = 0

    async def clean(self):
        """The calls of a journey on which nothing fails, each as often as it is made."""
        self.injector.aim(None, 0, None, lasting=False)
        await self._run()
        return dict(self.injector.made)

    async def matrix(self, step):
        """Every fault at every call of a step, once and lasting; what was wrong, by the cell."""
        calls = [(call, n) for call, n in (await self.clean()).items() if call.step == step]
        assert calls
        wrong = []
        for call, many in calls:
            for number in range(1, many + 1):
                for name, fault in self.faults.items():
                    if fault.fits(call):
                        wrong += await self.tried(call, number, name, lasting=False)
                        wrong += await self.tried(call, number, name, lasting=True)
        told(f"{step}: {self.ran} cells, {self.missed} did not come about")
        assert self.missed <= 0.02 * self.ran + 2
        return wrong

    async def tried(self, call, number, name, *, lasting):
        """What is wrong after one journey with a fault, in a line; nothing when all is well."""
        for _ in range(2):
            try:
                async with asyncio.timeout(CELL_SECONDS):
                    await self._cell(call, number, name, lasting=lasting)
            except Exception as error:  # noqa: BLE001 - of many cells each is looked at
                cell = f"{name}, {'lasting' if lasting else 'once'}, at {call} #{number}"
                told(f"{cell}:", *traceback.format_exception(error))
                return [f"{cell}: {error!r}"]
            if self.injector.fired:
                self.ran += 1
                return []
        told(f"did not come about: {call} #{number}")
        self.missed += 1
        return []

    async def _cell(self, call, number, name, *, lasting):
        self.injector.aim(call, number, self.faults[name], lasting=lasting)
        errors = Errors()
        log = logging.getLogger("leonidas_jupyter")
        log.addHandler(errors)
        try:
            await self._run()
        finally:
            log.removeHandler(errors)
            self.injector.heal()
        assert errors.found == [], errors.found

    async def _run(self):
        async with self.fresh() as (settings, database, store):
            self.injector.watches = True
            try:
                await self._journey(self.host(settings, database), database, store)
            finally:
                self.injector.watches = False

    async def _journey(self, host, database, store):
        person = Person(host, self.injector.heal)
        self.injector.step = START
        await _start(host, person)
        try:
            for step in STEPS:
                self.injector.step = step
                await getattr(person, step)()
                if self.injector.fired:
                    break
            await self._look(host, person, database, store)
            if self.injector.fired and person.project and not person.gone:
                await person.leave()
                await _look_past(database, store)
        finally:
            await host.application.gateway.close()

    async def _look(self, host, person, database, store):
        """Start again, when all leases are over: all that was confirmed stands, no more."""
        self.injector.heal()
        self.injector.step = "look"
        await host.application.settled()
        await host.restart()
        await person.confirmed()
        await _look_past(database, store)


def told(*lines):
    """Say at once what is seen when the tests end, too."""
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in lines))
    sys.stdout.flush()


async def _start(host, person):
    for _ in range(3):
        try:
            return await host.start()
        except (Unavailable, StoreUnavailable) as error:
            person.refused(str(error))
    raise AssertionError(person.refusals)


async def _look_past(database, store):
    found = await contradictions(database, store)
    assert found == [], found
