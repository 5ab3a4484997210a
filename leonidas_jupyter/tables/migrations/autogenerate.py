"""What stands between a database's schema and the declarations of the domains. For developers."""

import importlib
import importlib.util
import pkgutil
from typing import Any

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from alembic.operations.ops import UpgradeOps
from sqlalchemy import Connection

import leonidas_jupyter
from leonidas_jupyter.tables.base import TableSpec
from leonidas_jupyter.tables.migrations import BOOKKEEPING
from leonidas_jupyter.tables.schema import sql_metadata


def declared() -> tuple[TableSpec[Any], ...]:
    """The tables that all domains declare, found rather than imported: they stand above us."""
    found: list[TableSpec[Any]] = []
    for package in pkgutil.iter_modules(leonidas_jupyter.__path__, "leonidas_jupyter."):
        name = f"{package.name}.repository"
        if package.ispkg and importlib.util.find_spec(name) is not None:
            # A domain whose things are stored elsewhere declares none.
            found.extend(getattr(importlib.import_module(name), "SPECS", ()))
    return tuple(found)


def _is_of_a_domain(_item: object, name: str | None, kind: str, *_rest: object) -> bool:
    return not (kind == "table" and name in BOOKKEEPING)


def difference(connection: Connection) -> str:
    """The body of a revision's ``upgrade`` that leads to the declarations; ``pass`` when equal."""
    options = {
        "compare_type": True,
        "compare_server_default": True,
        "include_object": _is_of_a_domain,
    }
    context = MigrationContext.configure(connection, opts=options)
    operations = produce_migrations(context, sql_metadata(declared())).upgrade_ops
    return render_python_code(operations or UpgradeOps([]))
