"""What servers leave in a data directory, looked at past them."""

import sqlite3
from contextlib import closing


def rows(data, statement, *arguments):
    """What a query finds in the database of a data directory."""
    with closing(sqlite3.connect(data / "leonidas.db", timeout=30)) as database:
        return database.execute(statement, arguments).fetchall()


def objects(data):
    """The keys of the stored objects."""
    root = data / "objects" / "objects"
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def litter(data):
    """Files that nothing refers to: half-written ones, and those of no file's row."""
    found = []
    for folder in ("objects/partial", "scratch", "frames"):
        found += [path for path in (data / folder).rglob("*") if path.is_file()]
    wanted = {
        f"projects/{project}/files/{file}/"
        for project, file in rows(data, "select project_id, file_id from files")
    }
    for root in ("objects", "checksums"):
        below = data / "objects" / root
        found += [
            path
            for path in below.rglob("*")
            if path.is_file()
            and not any(path.relative_to(below).as_posix().startswith(each) for each in wanted)
        ]
    return found


def inconsistencies(data):
    """Where the database contradicts itself; empty when all is well."""
    checks = {
        "integrity": "select 1 from pragma_integrity_check where integrity_check != 'ok'",
        "file_count": """select p.project_id, p.file_count, count(f.file_id) from projects p
            left join files f on f.project_id = p.project_id and f.deleted_at is null
            where p.deleted_at is null group by 1, 2 having p.file_count != count(f.file_id)""",
        "session_count": """select p.project_id, p.session_count, count(s.session_id)
            from projects p left join sessions s
            on s.project_id = p.project_id and s.deleted_at is null
            where p.deleted_at is null group by 1, 2 having p.session_count != count(s.session_id)
            """,
        "message_count": """select s.session_id, s.message_count, count(m.message_id)
            from sessions s left join messages m on m.session_id = s.session_id
            where s.deleted_at is null group by 1, 2 having s.message_count != count(m.message_id)
            """,
        "orphan files": """select file_id from files
            where project_id not in (select project_id from projects)""",
        "orphan sessions": """select session_id from sessions
            where project_id not in (select project_id from projects)""",
        "orphan messages": """select message_id from messages
            where session_id not in (select session_id from sessions)""",
        "orphan runs": """select run_id from runs
            where session_id not in (select session_id from sessions)""",
        "orphan events": """select distinct run_id from run_events
            where run_id not in (select run_id from runs)""",
        "ended but active": """select run_id from runs
            where unfinished is null and active_session is not null""",
        "answers without end": """select message_id from messages
            where run_status = 'running'
            and run_id not in (select run_id from runs where unfinished is not null)""",
    }
    found = {name: rows(data, statement) for name, statement in checks.items()}
    return {name: wrong for name, wrong in found.items() if wrong}


def unfinished(data):
    """What is still to be done, of any kind but uploads that are awaited."""
    statement = " union all ".join(
        f"select '{table}', unfinished from {table} "  # noqa: S608 - names of ours
        "where unfinished is not null and unfinished != 'upload'"
        for table in ("users", "projects", "sessions", "files", "runs")
    )
    return rows(data, statement)
