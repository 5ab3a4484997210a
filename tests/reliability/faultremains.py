"""What a database and a store hold, looked at past the application: where they contradict."""

import json
from collections import Counter

from leonidas_jupyter.server.engines import SPECS
from leonidas_jupyter.tables.dynamodb import DynamoDatabase
from leonidas_jupyter.tables.dynamodb_items import HOLDER, fingerprint, unique_name
from tests.reliability.faultserver import AWAITED, LEASED


async def everything(database):
    """All items, by table."""
    return {spec.name: await _all(database.table(spec)) for spec in SPECS}


async def _all(table):
    found, after = [], None
    while True:
        page = await table.scan(after=after)
        found += page.items
        if (after := page.next) is None:
            return found


async def contradictions(database, store):
    """What does not fit together; empty when all is well. Nothing may be at work meanwhile."""
    items = await everything(database)
    found = [*_counts(items), *_orphans(items), *_runs(items)]
    found += [f"unfinished: {each}" for each in _unfinished(items)]
    found += await _objects(items, store)
    if isinstance(database, DynamoDatabase):
        found += await _guards(database)
    return found


def _unfinished(items):
    return [
        (name, item.unfinished)
        for name in LEASED
        for item in items[name]
        if item.unfinished is not None and item.unfinished not in AWAITED
    ]


def _counts(items):
    files = Counter(file.project_id for file in items["files"] if file.deleted_at is None)
    sessions = Counter(each.project_id for each in items["sessions"] if each.deleted_at is None)
    messages = Counter(message.session_id for message in items["messages"])
    for project in items["projects"]:
        if project.deleted_at is None:
            if project.file_count != files[project.project_id]:
                yield f"file_count {project.file_count}, files {files[project.project_id]}"
            if project.session_count != sessions[project.project_id]:
                yield f"session_count {project.session_count}"
    for session in items["sessions"]:
        if session.deleted_at is None and session.message_count != messages[session.session_id]:
            yield f"message_count {session.message_count}, {messages[session.session_id]} stand"


def _orphans(items):
    projects = {each.project_id for each in items["projects"]}
    sessions = {each.session_id for each in items["sessions"]}
    runs = {each.run_id for each in items["runs"]}
    for name in ("files", "sessions"):
        yield from (
            f"{name} of no project" for each in items[name] if each.project_id not in projects
        )
    for name in ("messages", "runs"):
        yield from (
            f"{name} of no session" for each in items[name] if each.session_id not in sessions
        )
    yield from ("event of no run" for each in items["run_events"] if each.run_id not in runs)


def _runs(items):
    runs = {run.run_id: run for run in items["runs"]}
    for run in runs.values():
        if run.unfinished is None and (run.active_session is not None or run.status == "running"):
            yield f"an ended run is {run.status}, active in {run.active_session}"
        events = sorted(
            (each for each in items["run_events"] if each.run_id == run.run_id),
            key=lambda each: each.number,
        )
        if [each.number for each in events] != list(range(1, len(events) + 1)):
            yield f"events {[each.number for each in events]}"
        if run.unfinished is None and (not events or events[-1].event != "run_finished"):
            yield "a run without its end"
    for message in items["messages"]:
        if message.run_id is None:
            continue
        run = runs.get(message.run_id)
        if run is None or message.run_status != run.status:
            yield f"a message is {message.run_status}, its run {run and run.status}"


async def _objects(items, store):
    found = []
    keys = {info.key async for info in store.list("")}
    wanted = set()
    for file in items["files"]:
        if file.status == "COMPLETED" and file.deleted_at is None:
            frame = file.content.frame(file.frame_hash)
            needed = {file.content.original, frame, file.content.profile(file.frame_hash)}
            found += [f"a file without {key}" for key in needed - keys]
            wanted |= needed
        if file.incoming is not None:
            wanted |= {key for key in keys if key.startswith(file.arriving_content.prefix)}
    return found + [f"object of nothing: {key}" for key in sorted(keys - wanted)]


async def _guards(database):
    """Guards without a holder that has the value, and holders without their guard."""
    found = []
    for spec in SPECS:
        if not spec.unique:
            continue
        name = database.tables[spec.name]
        raws = database.client.scan(TableName=name, ConsistentRead=True)["Items"]
        holders = {}
        for raw in raws:
            if HOLDER in raw:
                holders[tuple(raw[part]["S"] for part in spec.key)] = json.loads(raw[HOLDER]["S"])
        for item in (await database.table(spec).scan(limit=500)).items:
            for field in spec.unique:
                value = getattr(item, field)
                if value is not None:
                    found += _held(spec, field, value, item, holders)
        found += [f"orphan guard in {spec.name}: {holder}" for holder in holders.values()]
    return found


def _held(spec, field, value, item, holders):
    from leonidas_jupyter.tables.dynamodb_items import layout

    guard = layout(spec).guard(field, value)
    holder = holders.pop(tuple(guard[part]["S"] for part in spec.key), None)
    key = [getattr(item, part) for part in spec.key]
    return [] if holder == key else [f"{unique_name(field)} {fingerprint(value)[:8]} unguarded"]
