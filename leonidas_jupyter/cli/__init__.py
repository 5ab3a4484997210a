"""``jupyter leonidas``: what an administrator runs in a terminal."""

import sys

from jupyter_core.application import JupyterApp

from leonidas_jupyter._version import __version__
from leonidas_jupyter.cli.base import USAGE
from leonidas_jupyter.cli.copy import CopyApp
from leonidas_jupyter.cli.doctor import DoctorApp
from leonidas_jupyter.cli.tables import TablesApp


class LeonidasApp(JupyterApp):
    """The command and its subcommands."""

    name = "jupyter-leonidas"
    version = __version__
    description = "Look after an installation of Leonidas."
    subcommands = {  # noqa: RUF012 - as traitlets declares it
        "doctor": (DoctorApp, "Try everything that is configured and say what is wrong."),
        "tables": (TablesApp, "Make, check or remove the tables of the database."),
        "copy": (CopyApp, "Copy everything to other engines or a backup, or back."),
    }

    def start(self) -> None:
        """Run the subcommand; without one, say which there are."""
        if self.subapp is None:
            self.print_help()
            sys.exit(USAGE)
        super().start()


main = LeonidasApp.launch_instance
