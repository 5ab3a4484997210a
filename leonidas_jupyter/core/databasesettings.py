"""The settings of where projects, sessions and messages are kept."""

from typing import Any

from traitlets import Bool, TraitError, Unicode, validate
from traitlets.config import LoggingConfigurable

from leonidas_jupyter.core.dynamodbplace import parse_dynamodb
from leonidas_jupyter.core.postgresplace import SCHEMES, parse_postgres
from leonidas_jupyter.core.urls import check_path

FILES = ("sqlite", "duckdb", "memory")
"""Of the engines whose URL is a path, or nothing."""


class DatabaseSettings(LoggingConfigurable):
    """The part of the settings that is about the database."""

    database_url = Unicode(
        help="Where projects, sessions and messages are kept: sqlite:///PATH, duckdb:///PATH, "
        "postgresql+psycopg://USER:PASSWORD@HOST/DATABASE, dynamodb://REGION/PREFIX (also "
        "endpoint_url, profile, role_arn), or memory:// for tests. DuckDB lets one process have "
        "the file. Default: a SQLite file in data_dir.",
    ).tag(config=True, secret=True)
    create_tables = Bool(
        False,
        help="Whether a start makes the tables in a database that is a server's, and brings them "
        "up to date; without it, `jupyter leonidas tables create` does. Leave it off where several "
        "servers have one database. The tables in a file are always made.",
    ).tag(config=True)

    @validate("database_url")
    def _check_database(self, proposal: Any) -> str:  # noqa: ANN401 - traitlets' Bunch is not typed
        url = str(proposal["value"])
        try:
            if url.startswith(SCHEMES):
                parse_postgres(url)
            elif url.startswith("dynamodb:"):
                parse_dynamodb(url)
            elif url:
                check_path(url, FILES, "sqlite:///PATH")
        except ValueError as error:
            raise TraitError(str(error)) from error
        return url
