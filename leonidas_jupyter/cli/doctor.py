"""``jupyter leonidas doctor``: tries everything that is configured."""

import asyncio
import os
import sys
from dataclasses import asdict
from typing import NoReturn

from leonidas_jupyter.cli.base import DONE, FAILED, Command

MARKS = {"ok": "ok     ", "warning": "warning", "failed": "FAILED "}


class DoctorApp(Command):
    """Looks at everything that is configured, with the configuration that Jupyter Server reads."""

    name = "jupyter-leonidas-doctor"
    description = (
        "Try everything that Leonidas is configured to use (database, file storage, model, "
        "kernel), and say what is wrong and how to mend it. It asks each model for one word."
    )
    examples = """jupyter leonidas doctor
    jupyter leonidas doctor --config=/etc/jupyter/jupyter_server_config.py --json
    jupyter leonidas doctor --Leonidas.model=bedrock:anthropic.claude-sonnet-4
    """
    flags = {"json": ({"DoctorApp": {"json": True}}, "Print the findings as JSON.")}  # noqa: RUF012 - as traitlets declares it

    def cannot_read_configuration(self, seen: str) -> NoReturn:
        """As a finding: nothing else can be looked at."""
        remedy = "Correct it and run this again; Jupyter goes on without such a file."
        if self.json:
            finding = {"what": "configuration", "verdict": "failed", "seen": seen}
            self.show([{**finding, "remedy": remedy}])
        else:
            self.say(f"{MARKS['failed']} configuration: {seen}\n        -> {remedy}")
        sys.exit(FAILED)

    def start(self) -> None:
        """Look, print, and exit with 1 when something failed."""
        super().start()
        sys.exit(asyncio.run(self._look()))

    async def _look(self) -> int:
        from leonidas_jupyter.server.doctor import findings

        found = []
        async for finding in findings(self.config, os.environ):
            found.append(finding)
            if not self.json:
                self.say(f"{MARKS[finding.verdict]} {finding.what}: {finding.seen}")
                if finding.remedy:
                    self.say(f"        -> {finding.remedy}")
        failed = sum(finding.verdict == "failed" for finding in found)
        if self.json:
            self.show([asdict(finding) for finding in found])
        else:
            self.say("Everything works." if not failed else f"{failed} of {len(found)} failed.")
        return FAILED if failed else DONE
