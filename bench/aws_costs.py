"""What people's actions cost on DynamoDB and S3: requests, units, and dollars at list prices."""

import re
import sys
from contextlib import ExitStack
from pathlib import Path

from bench import aws_actions as act
from bench.aws_prices import (
    DYNAMODB_GB_MONTH,
    READ_UNIT,
    S3_GB_MONTH,
    S3_GET,
    S3_PUT,
    WRITE_UNIT,
    dollars,
)
from bench.metering import Counted, Ledger, configure
from scripts.run_aws import Standing, start
from scripts.serving import Server

USERS = 1_000
DAYS = 30
DAY = {
    act.SIGN_IN: 1,
    act.NEW_SESSION: 2,
    act.LIST_PROJECTS: 10,
    act.LIST_SESSIONS: 10,
    act.LIST_FILES: 10,
    act.TURN: 20,
    act.HISTORY: 5,
    act.REATTACH: 2,
    act.UPLOAD: 2,
    act.OPEN: 4,
    act.DOWNLOAD: 1,
    act.LOAD: 2,
    act.WATCHING: 8,
}
"""What one person does in a day, and how often."""

SERVERS = 2
"""How many servers look for work all day."""

HEAD = (
    "| What | DynamoDB requests | read units | write units | S3 PUT, LIST | S3 GET, HEAD | "
    "1,000 times | a person a day |"
)
_COSTS = re.compile(r"(<!-- costs: .*? -->\n).*?(<!-- end of costs -->)", re.DOTALL)


def measure(home: Path, work: Path) -> list[str]:
    """The table in Markdown lines, and below it a day of many people."""
    ledger = home / "ledger.jsonl"
    with ExitStack() as stack:
        standing = start(stack, home / "aws")
        configure(home, ledger)
        _credentials(home, standing)
        options = [
            f"--Leonidas.database_url={standing.database_url}",
            f"--Leonidas.storage_url={standing.storage_url}",
            "--Leonidas.create_tables=True",
        ]
        server = stack.enter_context(Server(sys.executable, home, *options))
        found = act.Actions(server, Ledger(ledger), work).everything()
    return [*_table(found), "", *_sums(found)]


def keep_in(page: Path, lines: list[str]) -> None:
    """Put the lines where a page of the documentation has its costs."""
    text = page.read_text(encoding="utf-8")
    new = "\n".join(lines)
    page.write_text(_COSTS.sub(lambda m: f"{m[1]}{new}\n{m[2]}", text), encoding="utf-8")


def _credentials(home: Path, standing: Standing) -> None:
    folder = home / ".aws"
    folder.mkdir()
    (folder / "credentials").write_text(
        "[default]\n"
        f"aws_access_key_id = {standing.keys.access_key_id}\n"
        f"aws_secret_access_key = {standing.keys.secret_access_key}\n",
        encoding="utf-8",
    )


def _table(found: dict[str, Counted]) -> list[str]:
    return [HEAD, "|" + "---|" * (HEAD.count("|") - 1), *map(_line, found, found.values())]


def _line(what: str, took: Counted) -> str:
    figures = (took.requests, took.read_units, took.write_units, took.puts, took.gets)
    shown = " | ".join(f"{each:,.1f}".removesuffix(".0") for each in figures)
    return f"| {what} | {shown} | ${dollars(took) * 1000:,.4f} | {DAY.get(what, '')} |"


def _sums(found: dict[str, Counted]) -> list[str]:
    person = sum((found[what] * times for what, times in DAY.items()), Counted())
    day = person * USERS + found[act.RECOVERY] * (24 * SERVERS)
    parts = sorted(DAY, key=lambda what: -dollars(found[what]) * DAY[what])[:3]
    shares = ", ".join(
        f"{what} {dollars(found[what]) * DAY[what] * USERS / dollars(day):.0%}" for what in parts
    )
    stored = USERS * DAY[act.UPLOAD] * act.SMALL_BYTES / 1e9
    return [
        f"**{USERS:,} people who each do that in a day, and {SERVERS} servers: "
        f"${dollars(day):,.2f} a day, ${dollars(day) * DAYS:,.2f} in {DAYS} days** "
        f"(DynamoDB {day.read_units:,.0f} read units and {day.write_units:,.0f} write units, "
        f"S3 {day.puts:,.0f} PUT or LIST and {day.gets:,.0f} GET or HEAD). Most of it: {shares}.",
        "",
        "List prices of us-east-1 (the pages “Amazon DynamoDB pricing for on-demand capacity”, "
        "since November 2024, and “Amazon S3 pricing”, 2025; look them up before you plan): "
        f"${WRITE_UNIT * 1e6:g} a million write "
        f"units, ${READ_UNIT * 1e6:g} a million read units, ${S3_PUT * 1e3:g} a thousand PUT or "
        f"LIST, ${S3_GET * 1e3:g} a thousand GET. To that comes what is kept: "
        f"${S3_GB_MONTH:g} a GB and month in S3 (such a day's uploads are {stored:g} GB, their "
        f"frames less), ${DYNAMODB_GB_MONTH:g} in DynamoDB, whose events of runs go after a week; "
        "point-in-time recovery; bytes to browsers outside AWS; servers; and the models.",
    ]
