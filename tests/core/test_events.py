"""What is published reaches those who asked for it; a failing handler stops nobody else."""

import asyncio
import logging

import pytest

from leonidas_jupyter.core.events import (
    EventBus,
    FileReady,
    ProjectDeleted,
    ProjectEvent,
    UserRegistered,
)


def test_a_handler_gets_its_class_and_the_subclasses():
    bus, seen = EventBus(), []

    async def note(event: ProjectEvent) -> None:
        seen.append(event)

    bus.subscribe(ProjectEvent, note)
    deleted, ready = ProjectDeleted("p"), FileReady("p", "f", "sales")

    async def main() -> None:
        await bus.publish(deleted)
        await bus.publish(UserRegistered("u"))
        await bus.publish(ready)

    asyncio.run(main())
    assert seen == [deleted, ready]


def test_publish_logs_a_failure_and_goes_on(caplog):
    bus, seen = EventBus(), []

    async def fail(event: ProjectDeleted) -> None:
        raise RuntimeError("no")

    async def note(event: ProjectDeleted) -> None:
        seen.append(event)

    bus.subscribe(ProjectDeleted, fail)
    bus.subscribe(ProjectDeleted, note)
    with caplog.at_level(logging.ERROR):
        asyncio.run(bus.publish(ProjectDeleted("p")))
    assert seen == [ProjectDeleted("p")]
    assert "ProjectDeleted(project_id='p')" in caplog.text


def test_deliver_raises_what_failed_after_all_were_asked():
    bus, seen = EventBus(), []

    async def fail(event: ProjectDeleted) -> None:
        raise RuntimeError("no")

    async def note(event: ProjectDeleted) -> None:
        seen.append(event)

    bus.subscribe(ProjectDeleted, fail)
    bus.subscribe(ProjectDeleted, note)
    with pytest.raises(ExceptionGroup) as caught:
        asyncio.run(bus.deliver(ProjectDeleted("p")))
    assert [str(e) for e in caught.value.exceptions] == ["no"]
    assert seen == [ProjectDeleted("p")]


def test_who_has_unsubscribed_hears_nothing():
    bus, seen = EventBus(), []

    async def note(event: UserRegistered) -> None:
        seen.append(event)

    bus.subscribe(UserRegistered, note)()
    asyncio.run(bus.publish(UserRegistered("u")))
    assert seen == []
