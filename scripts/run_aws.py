"""Start servers that speak as AWS does, and JupyterLab with DS Bro on them.

``make run-aws`` calls this: the production shape (DynamoDB and S3) on one machine, without an
account. Everything is kept in ``.leonidas/aws`` in this checkout. Ctrl-C ends all of it.
"""

import argparse
import os
import signal
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from scripts import run_lab
from scripts.servers.dynamodb import dynoxide
from scripts.servers.process import HOST, NotStarted, Program, Running, ServerMissing
from scripts.servers.s3 import (
    REGION,
    Keys,
    bucket_policy,
    make_bucket,
    make_user,
    ministack,
    table_policy,
)

PREFIX = "leonidas"
BUCKET = "leonidas"
BANNER = """
  DynamoDB  {dynamodb}  tables {prefix}-*   ({server})
  S3        {s3}  bucket {bucket}      (ministack)

  This is all that Leonidas is told of them:

    c.Leonidas.database_url = "{database_url}"
    c.Leonidas.storage_url = "{storage_url}"
    c.Leonidas.create_tables = True

  To look inside with any AWS client:

    export AWS_ACCESS_KEY_ID={keys.access_key_id}
    export AWS_SECRET_ACCESS_KEY={keys.secret_access_key}

  Starting JupyterLab ..."""


@dataclass(frozen=True)
class Standing:
    """What runs: the addresses of the servers, and the keys of their user."""

    dynamodb: str
    s3: str
    keys: Keys
    server: str

    @property
    def database_url(self) -> str:
        """The setting of that name."""
        return f"dynamodb://{REGION}/{PREFIX}?{urlencode({'endpoint_url': self.dynamodb})}"

    @property
    def storage_url(self) -> str:
        """The setting of that name."""
        query = {"region": REGION, "endpoint_url": self.s3, "addressing": "path"}
        return f"s3://{BUCKET}/objects?{urlencode(query)}"

    def banner(self) -> str:
        """What runs where, and how to look inside."""
        return BANNER.format(
            prefix=PREFIX,
            bucket=BUCKET,
            database_url=self.database_url,
            storage_url=self.storage_url,
            **vars(self),
        )


def start(stack: ExitStack, home: Path) -> Standing:
    """Start the servers on what ``home`` keeps; they end with the stack.

    Where npm has no DynamoDB for the machine, that of ministack serves, which writes its items to
    the disk when it ends.

    Raises:
        ServerMissing, NotStarted: one is not installed, or does not start.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)

    def begin(program: Program) -> str:
        return f"http://{HOST}:{stack.enter_context(Running(program, home)).port}"

    try:
        dynamodb = begin(dynoxide(home / "dynamodb.db"))
    except ServerMissing:
        dynamodb = None
    services = "s3,iam,sts" if dynamodb else "s3,iam,sts,dynamodb"
    s3 = begin(ministack(home, home / "ministack", services))
    make_bucket(s3, BUCKET)
    policy = [*bucket_policy(BUCKET), *([] if dynamodb else table_policy(f"{PREFIX}-"))]
    keys = make_user(s3, "leonidas", policy)
    return Standing(dynamodb or s3, s3, keys, "dynoxide" if dynamodb else "ministack")


def serve(home: Path, arguments: argparse.Namespace) -> int:
    """Run all of it until JupyterLab ends or is stopped; return the exit code."""
    with ExitStack() as stack:
        try:
            standing = start(stack, home)
        except (ServerMissing, NotStarted) as error:
            print(error, file=sys.stderr)
            return 1
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ.update(standing.keys.environment())
        print(standing.banner(), flush=True)
        arguments.options = [
            f"--Leonidas.database_url={standing.database_url}",
            f"--Leonidas.storage_url={standing.storage_url}",
            "--Leonidas.create_tables=True",
            *arguments.options,
        ]
        return run_lab.serve(home, arguments)


def main() -> int:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--home", type=Path, default=run_lab.CHECKOUT / ".leonidas" / "aws")
    parser.add_argument("--port", type=int, default=8888, help="the first port to try")
    parser.add_argument("--no-browser", action="store_true")
    parser.add_argument("options", nargs="*", help="after --, further options of JupyterLab")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, run_lab.raise_interrupt)
    signal.signal(signal.SIGHUP, run_lab.raise_interrupt)
    try:
        return serve(arguments.home.resolve(), arguments)
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
