"""``jupyter leonidas``: what an administrator runs in a terminal."""

import asyncio
import json
import logging
import os
import sys
from dataclasses import asdict
from typing import NoReturn

from jupyter_core.application import JupyterApp
from traitlets import Bool

from leonidas_jupyter._version import __version__
from leonidas_jupyter.core.config import Leonidas

MARKS = {"ok": "ok     ", "warning": "warning", "failed": "FAILED "}


class DoctorApp(JupyterApp):
    """Looks at everything that is configured, with the configuration that Jupyter Server reads."""

    name = "jupyter-leonidas-doctor"
    version = __version__
    description = (
        "Try everything that Leonidas is configured to use (database, file storage, model, "
        "kernel), and say what is wrong and how to mend it. It asks each model for one word."
    )
    examples = """
    jupyter leonidas doctor
    jupyter leonidas doctor --config=/etc/jupyter/jupyter_server_config.py --json
    jupyter leonidas doctor --Leonidas.model=bedrock:anthropic.claude-sonnet-4
    """
    classes = [Leonidas]  # noqa: RUF012 - as traitlets declares it
    json = Bool(False, help="Print the findings as JSON.").tag(config=True)
    flags = {  # noqa: RUF012 - as traitlets declares it
        "json": ({"DoctorApp": {"json": True}}, "Print the findings as JSON."),
    }

    def _config_file_name_default(self) -> str:
        return "jupyter_server_config"

    def load_config_file(self, suppress_errors: bool = True) -> None:  # type: ignore[override]  # as JupyterApp's
        """Read the configuration; end where it cannot be read: Jupyter would do without it."""
        self.raise_config_file_errors = True
        named = os.path.splitext(self.config_file)[0]
        if named and not any(os.path.exists(named + end) for end in (".py", ".json")):
            self._give_up(f"there is no file {self.config_file}")
        try:
            super().load_config_file(suppress_errors)
        except Exception as error:  # noqa: BLE001 - such a file is a program: anything can happen
            self._give_up(f"a configuration file cannot be read: {type(error).__name__}: {error}")

    def _give_up(self, seen: str) -> NoReturn:
        """Say why nothing could be looked at."""
        seen = " ".join(seen.split())
        remedy = "Correct it and run this again; Jupyter goes on without such a file."
        if self.json:
            found = {"what": "configuration", "verdict": "failed", "seen": seen, "remedy": remedy}
            self._say(json.dumps([found], indent=2))
        else:
            self._say(f"{MARKS['failed']} configuration: {seen}\n        -> {remedy}")
        sys.exit(1)

    def start(self) -> None:
        """Look, print, and exit with 1 when something failed."""
        super().start()
        if self.log_level != logging.DEBUG:
            self.log.setLevel(logging.CRITICAL)  # the findings say what fails
        sys.exit(asyncio.run(self._look()))

    async def _look(self) -> int:
        from leonidas_jupyter.server.doctor import findings

        found = []
        async for finding in findings(self.config, os.environ):
            found.append(finding)
            if not self.json:
                self._say(f"{MARKS[finding.verdict]} {finding.what}: {finding.seen}")
                if finding.remedy:
                    self._say(f"        -> {finding.remedy}")
        failed = sum(finding.verdict == "failed" for finding in found)
        if self.json:
            self._say(json.dumps([asdict(finding) for finding in found], indent=2))
        else:
            self._say("Everything works." if not failed else f"{failed} of {len(found)} failed.")
        return 1 if failed else 0

    def _say(self, line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


class LeonidasApp(JupyterApp):
    """The command and its subcommands."""

    name = "jupyter-leonidas"
    version = __version__
    description = "Look after an installation of Leonidas."
    subcommands = {  # noqa: RUF012 - as traitlets declares it
        "doctor": (DoctorApp, "Try everything that is configured and say what is wrong."),
    }

    def start(self) -> None:
        """Run the subcommand; without one, say which there are."""
        if self.subapp is None:
            self.print_help()
            sys.exit(2)
        super().start()


main = LeonidasApp.launch_instance
