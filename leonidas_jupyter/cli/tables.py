"""``jupyter leonidas tables``: makes, checks and removes the tables of a database."""

import asyncio
import sys
from typing import TYPE_CHECKING

from jupyter_core.application import JupyterApp
from traitlets import Bool

from leonidas_jupyter._version import __version__
from leonidas_jupyter.cli.base import DONE, FAILED, USAGE, Command
from leonidas_jupyter.core.config import Leonidas

if TYPE_CHECKING:
    from leonidas_jupyter.server.tables import TablesState

_ALIASES = {"database": "Leonidas.database_url", "storage": "Leonidas.storage_url"}


class _TablesCommand(Command):
    """Something that is done with the tables of the configured database."""

    aliases = {**Command.aliases, **_ALIASES}  # noqa: RUF012 - as traitlets declares it

    def start(self) -> None:
        """Do it, and exit."""
        from leonidas_jupyter.tables.base import Unavailable

        super().start()
        settings = self.settings()
        try:
            sys.exit(asyncio.run(self.work(settings)))
        except (Unavailable, ValueError, OSError) as error:
            self.give_up(str(error))

    async def work(self, settings: Leonidas) -> int:
        """Do it; the exit code."""
        raise NotImplementedError

    def tell(self, state: "TablesState") -> None:
        """Print how the tables stand."""
        if self.json:
            self.show(state.as_json())
            return
        self.say(f"The tables in {state.engine}: {state.sentence}")
        for problem in state.problems:
            self.say(f"        {problem}")


class CreateApp(_TablesCommand):
    """Makes what is missing."""

    name = "jupyter-leonidas-tables-create"
    description = "Make the tables that are missing, and bring older ones up to date."
    flags = {"json": ({"CreateApp": {"json": True}}, "Print how they stand as JSON.")}  # noqa: RUF012 - as traitlets declares it

    async def work(self, settings: Leonidas) -> int:
        """Make them, then look."""
        from leonidas_jupyter.server.tables import create, state

        await create(settings)
        found = await state(settings)
        self.tell(found)
        return FAILED if found.problems else DONE


class CheckApp(_TablesCommand):
    """Says what is missing or differs."""

    name = "jupyter-leonidas-tables-check"
    description = "Say whether the tables are there and as this release needs them."
    flags = {"json": ({"CheckApp": {"json": True}}, "Print how they stand as JSON.")}  # noqa: RUF012 - as traitlets declares it

    async def work(self, settings: Leonidas) -> int:
        """Look; nothing is changed."""
        from leonidas_jupyter.server.tables import state

        found = await state(settings)
        self.tell(found)
        return FAILED if found.problems else DONE


class DropApp(_TablesCommand):
    """Removes them with all that they hold."""

    name = "jupyter-leonidas-tables-drop"
    description = (
        "Remove the tables with everything in them. The bytes of files stay where they are, but "
        "nothing points to them any more."
    )
    yes = Bool(False, help="Really remove them.").tag(config=True)
    flags = {  # noqa: RUF012 - as traitlets declares it
        "yes": ({"DropApp": {"yes": True}}, "Really remove them."),
        "json": ({"DropApp": {"json": True}}, "Print what was removed as JSON."),
    }

    async def work(self, settings: Leonidas) -> int:
        """Say what is lost, and, when told so, remove it."""
        from leonidas_jupyter.server.tables import contents, drop

        lost = await contents(settings)
        held = ", ".join(f"{count:,} {name}" for name, count in lost.items() if count)
        if not self.yes:
            question = f"This would remove for good: {held or 'empty tables'}."
            self.give_up(f"{question} Say --yes to do it; copy it first to keep it.", USAGE)
        await drop(settings)
        if self.json:
            self.show({"removed": lost})
        else:
            self.say(f"Removed: {held or 'empty tables'}.")
        return DONE


class TablesApp(JupyterApp):
    """The commands for tables."""

    name = "jupyter-leonidas-tables"
    version = __version__
    description = "Make, check or remove the tables of the configured database."
    examples = """jupyter leonidas tables check
    jupyter leonidas tables create --database=dynamodb://eu-central-1/leonidas
    jupyter leonidas tables drop --database=postgresql+psycopg://me@host/test --yes
    """
    subcommands = {  # noqa: RUF012 - as traitlets declares it
        "create": (CreateApp, CreateApp.description),
        "check": (CheckApp, CheckApp.description),
        "drop": (DropApp, DropApp.description),
    }

    def start(self) -> None:
        """Run the subcommand; without one, say which there are."""
        if self.subapp is None:
            self.print_help()
            sys.exit(USAGE)
        super().start()
