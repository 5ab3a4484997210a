"""Print what a new revision has to do: ``python -m leonidas_jupyter.tables.migrations``.

The newest schema is made in an empty database and compared to the declarations of the domains.
With ``--first`` the whole of ``versions/0001_first.py`` is printed, which is written anew whenever
a declaration changes, until the first release; then ``ruff format`` it, and run
``python -m tests.tables.dump_release``.
"""

import argparse
import sys
import tempfile
import textwrap
from pathlib import Path

from leonidas_jupyter.tables.migrations import upgrade
from leonidas_jupyter.tables.migrations.autogenerate import difference
from leonidas_jupyter.tables.sqlite import open_engine

_FIRST = '''"""The first schema.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables and their indexes."""
'''


def main(arguments: list[str] | None = None) -> None:
    """Print the difference, or the first revision."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--first", action="store_true", help="print the first revision")
    first = parser.parse_args(arguments).first
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{Path(folder) / 'new.db'}")
        with engine.begin() as connection:
            if not first:
                upgrade(connection)
            body = difference(connection)
    lines = [line.strip(" ") for line in body.splitlines() if "###" not in line]
    if first:
        sys.stdout.write(_FIRST + textwrap.indent("\n".join(lines), "    ") + "\n")
    else:
        sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
