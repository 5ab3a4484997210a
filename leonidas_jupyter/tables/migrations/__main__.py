"""Print what a new revision has to do: ``python -m leonidas_jupyter.tables.migrations``.

The newest schema is made in an empty database and compared to the declarations of the domains.
With ``--first`` the empty database itself is compared: the body of 0001, which is written anew
until the first release.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from leonidas_jupyter.tables.migrations import upgrade
from leonidas_jupyter.tables.migrations.autogenerate import difference
from leonidas_jupyter.tables.sqlite import open_engine


def main(arguments: list[str] | None = None) -> None:
    """Print the difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", action="store_true", help="compare an empty database")
    first = parser.parse_args(arguments).first
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{Path(folder) / 'new.db'}")
        with engine.begin() as connection:
            if not first:
                upgrade(connection)
            sys.stdout.write(difference(connection) + "\n")


if __name__ == "__main__":
    main()
