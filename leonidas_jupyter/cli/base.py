"""What all commands of ``jupyter leonidas`` have in common."""

import json
import logging
import os
import sys
from typing import Any, NoReturn

from jupyter_core.application import JupyterApp
from traitlets import Bool
from traitlets.config.loader import KVArgParseConfigLoader

from leonidas_jupyter._version import __version__
from leonidas_jupyter.core.config import Leonidas, SettingsError, load_settings

DONE = 0
FAILED = 1
USAGE = 2
"""Exit codes: 2 is for a command that says too little, or too much, to be carried out."""


class _Strict(KVArgParseConfigLoader):
    """Refuses options that there are not; to pass over ``--dry-rnu`` would do the thing itself."""

    def _handle_unrecognized_alias(self, arg: str) -> None:
        self.parser.error(f"There is no option --{arg}; see --help.")


class Command(JupyterApp):
    """A command that runs with the configuration that Jupyter Server reads.

    What is not an option ends it.
    """

    version = __version__
    classes = [Leonidas]  # noqa: RUF012 - as traitlets declares it
    json = Bool(False, help="Print what was found as JSON.").tag(config=True)

    def _create_loader(self, argv: Any, aliases: Any, flags: Any, classes: Any) -> _Strict:  # noqa: ANN401 - traitlets' own
        return _Strict(argv, aliases, flags, classes=classes, log=self.log)

    def parse_command_line(self, argv: Any = None) -> None:  # noqa: ANN401 - traitlets' own
        """Read the options; end where one is none."""
        super().parse_command_line(argv)
        name = type(self).__name__
        unknown = [each for each in self.cli_config.get(name, {}) if not self.has_trait(each)]
        if unknown or self.extra_args:
            what = f"--{name}.{unknown[0]}" if unknown else self.extra_args[0]
            self.give_up(f"{what} is no option; see --help.", USAGE)

    def _config_file_name_default(self) -> str:
        return "jupyter_server_config"

    def load_config_file(self, suppress_errors: bool = True) -> None:  # type: ignore[override]  # as JupyterApp's
        """Read the configuration; end where it cannot be read: Jupyter would do without it."""
        self.raise_config_file_errors = True
        named = os.path.splitext(self.config_file)[0]
        if named and not any(os.path.exists(named + end) for end in (".py", ".json")):
            self.cannot_read_configuration(f"there is no file {self.config_file}")
        try:
            super().load_config_file(suppress_errors)
        except Exception as error:  # noqa: BLE001 - such a file is a program: anything can happen
            seen = f"a configuration file cannot be read: {type(error).__name__}: {error}"
            self.cannot_read_configuration(" ".join(seen.split()))

    def cannot_read_configuration(self, seen: str) -> NoReturn:
        """End, and say why."""
        self.give_up(f"{seen[0].upper()}{seen[1:]}.", FAILED)

    def start(self) -> None:
        """Begin; only what the command itself says is shown, unless ``--debug`` asks for more."""
        super().start()
        if self.log_level != logging.DEBUG:
            logging.getLogger().addHandler(logging.NullHandler())
            self.log.setLevel(logging.CRITICAL)

    def settings(self) -> Leonidas:
        """What is configured; ends where it is wrong."""
        try:
            return load_settings(self.config, os.environ)
        except SettingsError as error:
            self.give_up(str(error), FAILED)

    def give_up(self, reason: str, code: int = FAILED) -> NoReturn:
        """Say why it is not done, and end."""
        if self.json:
            self.say(json.dumps({"error": reason}, indent=2))
        else:
            sys.stderr.write(reason + "\n")
        sys.exit(code)

    def say(self, line: str) -> None:
        """Print a line."""
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    def show(self, found: Any) -> None:  # noqa: ANN401 - whatever JSON takes
        """Print something as JSON."""
        self.say(json.dumps(found, indent=2))
