"""Every call that a server makes of DynamoDB and S3, with the capacity that DynamoDB counted.

The server loads this by its own configuration file (``configure``) and appends a line of JSON for
each call to a file, which ``Ledger`` reads. boto3's hooks see every call, whoever makes it.
"""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leonidas_jupyter.core import aws
from leonidas_jupyter.tables.dynamodb_calls import Meter
from leonidas_jupyter.tables.leases import UNFINISHED

CHECKOUT = Path(__file__).resolve().parent.parent
CONFIGURATION = """
import sys
sys.path.insert(0, {checkout!r})
from bench.metering import install
install({ledger!r})
"""

READS = frozenset({"GetItem", "BatchGetItem", "Query", "Scan"})
WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"})

S3_READS = frozenset({"GetObject", "HeadObject", "HeadBucket"})
S3_FREE = frozenset({"DeleteObject", "DeleteObjects", "AbortMultipartUpload"})
"""S3 takes nothing for removing; all calls but these and S3_READS are priced as PUT is."""

QUIET_SECONDS = 2.0
"""After so long without a call an action has ended, with what it began in the background."""


def configure(home: Path, ledger: Path) -> None:
    """Let the server whose home this is write its calls down."""
    folder = home / ".jupyter"
    folder.mkdir(exist_ok=True)
    text = CONFIGURATION.format(checkout=str(CHECKOUT), ledger=str(ledger))
    (folder / "jupyter_server_config.py").write_text(text, encoding="utf-8")
    ledger.touch()


def install(ledger: str) -> None:
    """Have the clients that are made from now on in this process write their calls down."""
    make = aws.client

    def client(service: str, options: aws.AwsOptions, **config: Any) -> Any:  # noqa: ANN401 - of boto3
        made = make(service, options, **config)
        _watch(made, service, Path(ledger))
        return made

    aws.client = client


def _watch(client: Any, service: str, ledger: Path) -> None:  # noqa: ANN401 - of boto3
    def asked(params: Any, model: Any, context: Any, **_: Any) -> None:  # noqa: ANN401 - of boto3
        if model.name in READS | WRITES:
            params["ReturnConsumedCapacity"] = "TOTAL"
        context["asked"] = params

    def answered(parsed: Any, model: Any, context: Any, **_: Any) -> None:  # noqa: ANN401 - of boto3
        params = context.get("asked", {})
        line = {
            "service": service,
            "operation": model.name,
            "index": params.get("IndexName"),
            "ConsumedCapacity": parsed.get("ConsumedCapacity", [])
            if "Error" not in parsed
            else _refused(model.name, params),
        }
        with ledger.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    client.meta.events.register(f"before-parameter-build.{service}", asked)
    client.meta.events.register(f"after-call.{service}", answered)


def _refused(operation: str, params: Any) -> list[dict[str, float]]:  # noqa: ANN401 - of boto3
    """What a write takes whose condition does not hold, which DynamoDB does not tell.

    As much as if it had been done, says its guide ("Capacity unit consumption for write
    operations"); here for items up to 1 KB.
    """
    if operation not in WRITES:
        return []
    actions = len(params.get("TransactItems", ()))
    return [{"CapacityUnits": 2.0 * actions if actions else 1.0}]


@dataclass
class Counted:
    """Calls of DynamoDB and their units, and calls of S3 by their price."""

    requests: float = 0
    read_units: float = 0
    write_units: float = 0
    puts: float = 0
    gets: float = 0

    def __add__(self, other: "Counted") -> "Counted":
        return Counted(
            self.requests + other.requests,
            self.read_units + other.read_units,
            self.write_units + other.write_units,
            self.puts + other.puts,
            self.gets + other.gets,
        )

    def __mul__(self, times: float) -> "Counted":
        return Counted(
            self.requests * times,
            self.read_units * times,
            self.write_units * times,
            self.puts * times,
            self.gets * times,
        )


class Ledger:
    """Reads what a server wrote down.

    Looking for work that others left goes on all the time, whoever does what: it is counted apart.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = 0
        self.recovery = Counted()

    def take(self) -> Counted:
        """What was counted since the last time, once no more calls come."""
        size, since = -1, time.monotonic()
        while time.monotonic() - since < QUIET_SECONDS:
            now = self._path.stat().st_size
            if now != size:
                size, since = now, time.monotonic()
            time.sleep(0.05)
        return self._read()

    def _read(self) -> Counted:
        with self._path.open(encoding="utf-8") as file:
            file.seek(self._at)
            lines = [json.loads(line) for line in file.read().splitlines()]
            self._at = file.tell()
        looking = [line for line in lines if line["index"] == UNFINISHED.name]
        self.recovery += counted(looking)
        return counted([line for line in lines if line["index"] != UNFINISHED.name])


def counted(lines: list[dict[str, Any]]) -> Counted:
    """The sum of some calls."""
    meter, found = Meter(), Counted()
    for line in lines:
        name = line["operation"]
        if line["service"] == "dynamodb":
            meter.count(name, line)
        elif name in S3_READS:
            found.gets += 1
        elif name not in S3_FREE:
            found.puts += 1
    requests, units = meter.take()
    found.requests = sum(requests.values())
    found.read_units = sum(units.get(name, 0) for name in READS)
    found.write_units = sum(units.get(name, 0) for name in WRITES)
    return found
