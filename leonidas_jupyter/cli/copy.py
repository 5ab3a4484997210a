"""``jupyter leonidas copy``: carries an installation to other engines, or to a backup and back."""

import asyncio
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from traitlets import Bool, Integer, Unicode
from traitlets.config import Config
from traitlets.config.loader import JSONFileConfigLoader, PyFileConfigLoader

from leonidas_jupyter.cli.base import DONE, FAILED, USAGE, Command
from leonidas_jupyter.cli.reports import lines, verdict, warnings
from leonidas_jupyter.cli.watching import progress
from leonidas_jupyter.core.config import Leonidas, SettingsError, load_settings

if TYPE_CHECKING:
    from leonidas_jupyter.copying.copier import CopyOptions, CopyReport
    from leonidas_jupyter.server.copies import Installation


class CopyApp(Command):
    """Copies everything: users, projects, sessions, messages, and the bytes of files."""

    name = "jupyter-leonidas-copy"
    description = """Copy everything (users, projects, sessions, messages, files) between engines.

    Each side is an installation: what is configured (the side that is left out), a pair of URLs
    (--to-database and --to-storage), a folder (--to, laid out like a data_dir: leonidas.db and
    objects), or the configuration file of another server (--to, ending in .py or .json).

    It can be stopped, or killed, and run again: it carries what is missing or differs. In the end
    the target is looked at anew and compared, table by table and object by object (SHA-256). The
    exit code is 0 only when all is there."""
    examples = """jupyter leonidas copy --to /backup/2026-11-20     # back up what is configured
    jupyter leonidas copy --from /backup/2026-11-20             # restore it
    jupyter leonidas copy --to-database=dynamodb://eu-central-1/leonidas \\
        --to-storage=s3://my-bucket/leonidas?region=eu-central-1      # move to AWS
    jupyter leonidas copy --to /backup/2026-11-20 --dry-run           # what would be done
    """
    from_ = Unicode("", help="The source: a folder, or a configuration file.").tag(config=True)
    to = Unicode("", help="The target: a folder, or a configuration file.").tag(config=True)
    from_database = Unicode("", help="The source's database_url.").tag(config=True)
    from_storage = Unicode("", help="The source's storage_url.").tag(config=True)
    to_database = Unicode("", help="The target's database_url.").tag(config=True)
    to_storage = Unicode("", help="The target's storage_url.").tag(config=True)
    dry_run = Bool(False, help="Only say what would be carried.").tag(config=True)
    merge = Bool(
        False,
        help="Add to what the target has; of what stands on both sides, the newer one holds.",
    ).tag(config=True)
    overwrite = Bool(False, help="Make any target the same as the source.").tag(config=True)
    read_back = Bool(False, help="Verify by reading every file at the target.").tag(config=True)
    create_tables = Bool(False, help="Make the target's tables if they are missing.").tag(
        config=True
    )
    jobs = Integer(8, min=1, max=64, help="How many files are carried at once.").tag(config=True)
    aliases = {  # noqa: RUF012 - as traitlets declares it
        **Command.aliases,
        "from": "CopyApp.from_",
        "to": "CopyApp.to",
        "from-database": "CopyApp.from_database",
        "from-storage": "CopyApp.from_storage",
        "to-database": "CopyApp.to_database",
        "to-storage": "CopyApp.to_storage",
        "jobs": "CopyApp.jobs",
    }
    flags = {  # noqa: RUF012 - as traitlets declares it
        name.replace("_", "-"): ({"CopyApp": {name: True}}, text)
        for name, text in (
            ("dry_run", "Only say what would be carried."),
            ("merge", "Add to what the target has; what was changed last holds."),
            ("overwrite", "Make any target the same as the source."),
            ("read_back", "Verify by reading every file at the target."),
            ("create_tables", "Make the target's tables if they are missing."),
            ("json", "Print the report as JSON."),
        )
    }

    def start(self) -> None:
        """Copy, report, and exit."""
        super().start()
        if self.merge and self.overwrite:
            self.give_up("Say --merge or --overwrite, not both.", USAGE)
        source, target = self._side("from"), self._side("to")
        if source is None and target is None:
            self.give_up("Say where to copy to (--to …), or from (--from …). See --help.", USAGE)
        sys.exit(self._copied(source or self._configured(), target or self._configured()))

    def _copied(self, source: "Installation", target: "Installation") -> int:
        from leonidas_jupyter.copying.copier import CopyOptions
        from leonidas_jupyter.copying.errors import CopyFailed
        from leonidas_jupyter.server.copies import address
        from leonidas_jupyter.storage.base import StoreUnavailable
        from leonidas_jupyter.tables.base import Unavailable

        options = CopyOptions(
            merge=self.merge,
            overwrite=self.overwrite,
            dry_run=self.dry_run,
            read_back=self.read_back,
            jobs=self.jobs,
        )
        for word, side in (("From", source), ("To  ", target)):
            self._tell(f"{word} {address(side.database)} and {address(side.storage)}")
        try:
            return asyncio.run(self._copy(source, target, options))
        except CopyFailed as error:
            self.give_up(str(error))
        except (Unavailable, StoreUnavailable, OSError, ValueError) as error:
            self.give_up(f"{error} Run the same command again to go on.")
        except KeyboardInterrupt:
            self.give_up("Stopped. Run the same command again to go on.")

    async def _copy(
        self, source: "Installation", target: "Installation", options: "CopyOptions"
    ) -> int:
        from leonidas_jupyter.copying.errors import CopyFailed
        from leonidas_jupyter.server.copies import left_behind, run_copy
        from leonidas_jupyter.server.tables import create

        if target.in_use and not options.dry_run:
            raise CopyFailed("A server works on the target at this moment; stop it first.")
        if self.create_tables and not options.dry_run:
            await create(target.settings)
        report = await run_copy(source, target, options, progress())
        self._report(report, source.in_use, left_behind(source))
        return DONE if report.verified or report.dry_run else FAILED

    def _configured(self) -> "Installation":
        from leonidas_jupyter.server.copies import Installation

        settings = self.settings()
        return Installation(settings, settings.directory)

    def _side(self, which: str) -> "Installation | None":
        """One side as it was given; None where nothing was."""
        from leonidas_jupyter.server.copies import Installation

        whole = self.from_ if which == "from" else self.to
        urls = {
            "database_url": getattr(self, f"{which}_database"),
            "storage_url": getattr(self, f"{which}_storage"),
        }
        given = {name: url for name, url in urls.items() if url}
        if whole and given:
            self.give_up(f"Say --{which}, or --{which}-database and --{which}-storage.", USAGE)
        try:
            if given:
                return Installation(self._changed(given))
            return self._whole(whole) if whole else None
        except SettingsError as error:
            self.give_up(f"--{which}: {error}", USAGE)

    def _whole(self, given: str) -> "Installation":
        """A folder, or what a configuration file says."""
        from leonidas_jupyter.server.copies import Installation

        if "://" in given and not given.startswith("file:"):
            raise SettingsError(
                "a folder, or a configuration file, is both a database and a place for files; name "
                "the two URLs instead"
            )
        path = Path(unquote(urlsplit(given).path) if given.startswith("file:") else given)
        path = path.expanduser().absolute()
        if path.suffix in (".py", ".json"):
            settings = load_settings(_configuration(path), {})
            return Installation(settings, settings.directory)
        # Laid out as a data_dir is, so that a server can be started on it.
        urls = {
            "database_url": f"sqlite:///{path / 'leonidas.db'}",
            "storage_url": (path / "objects").as_uri(),
        }
        return Installation(self._changed(urls), path)

    def _changed(self, urls: dict[str, str]) -> Leonidas:
        """What is configured, with other engines."""
        config = Config(self.config)
        config.Leonidas.update(urls)
        return load_settings(config, os.environ)

    def _report(self, report: "CopyReport", busy: bool, behind: list[str]) -> None:
        found = warnings(report, in_use=busy)
        if self.json:
            self.show({**asdict(report), "warnings": found, "not_carried": behind})
            return
        for line in lines(report):
            self.say(line)
        for warning in found:
            self.say(f"warning {warning}")
        for line in behind:
            self.say(f"not copied: {line}")
        self.say(verdict(report))

    def _tell(self, line: str) -> None:
        if not self.json:
            self.say(line)


def _configuration(path: Path) -> Config:
    """A configuration file of Jupyter's."""
    kind = JSONFileConfigLoader if path.suffix == ".json" else PyFileConfigLoader
    try:
        found: Config = kind(path.name, path=str(path.parent)).load_config()
    except Exception as error:  # such a file is a program: anything can happen
        raise SettingsError(f"{path} cannot be read ({type(error).__name__}).") from error
    return found
