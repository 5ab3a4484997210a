"""``%leonidas`` and ``%%leonidas``: one command each, its result, or one sentence of error."""

import argparse
import glob
from collections.abc import Callable
from pathlib import Path
from typing import Any

from leonidas_jupyter.kernel.answer import Answer
from leonidas_jupyter.kernel.arguments import (
    HelpAsked,
    help_text,
    parse,
    parse_question,
)
from leonidas_jupyter.kernel.connection import Connection, connect
from leonidas_jupyter.kernel.dialects import how_read
from leonidas_jupyter.kernel.display import LiveDisplay, live_display
from leonidas_jupyter.kernel.errors import Interrupted, LeonidasError
from leonidas_jupyter.kernel.framemagics import load_frame, save_table
from leonidas_jupyter.kernel.here import name_overwritten, run_waiting, tables_here
from leonidas_jupyter.kernel.listing import Column, Listing, Note, shape_text
from leonidas_jupyter.kernel.run import Watch
from leonidas_jupyter.kernel.wire import File


class LeonidasMagic:
    """The magic of one IPython shell, with its own connection, made when first needed."""

    def __init__(self, shell: Any) -> None:  # noqa: ANN401 - IPython is not typed
        self._shell = shell
        self._connection: Connection | None = None
        self._waits: Answer | None = None

    @property
    def connected(self) -> Connection | None:
        """The connection, if there is one yet."""
        return self._connection

    def leonidas(self, line: str, cell: str | None = None) -> object:
        """Run one command, or ask the question in a cell.

        Raises:
            LeonidasError: in one sentence, what went wrong; the cell fails.
        """
        try:
            if cell is not None:
                return self._ask(parse_question(f"{line}\n{cell}"))
            arguments = parse(line)
            return _RUN[arguments.command](self, arguments)
        except HelpAsked as asked:
            return Note(asked.text)
        except LeonidasError:
            raise
        except KeyboardInterrupt:
            raise Interrupted("Stopped; what DS Bro said so far is kept in the session.") from None
        except Exception as error:
            # People get a sentence whatever happens; the cause stays on it for who looks for it.
            raise LeonidasError(
                f"Leonidas itself failed ({type(error).__name__}: {error}); please report this."
            ) from error

    def close(self) -> None:
        """Give back what the connection holds."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> Connection:
        if self._connection is None or not self._connection.alive:
            self._connection = connect()
        return self._connection

    def _status(self, _arguments: argparse.Namespace) -> Listing[tuple[str, str]]:
        connection = self._connected()
        session = connection.current_session
        facts = [
            ("server", connection.found),
            ("user", connection.user.username),
            ("project", connection.project.name),
            ("session", (session.title or session.session_id) if session else "none yet"),
            ("models", ", ".join(connection.user.policy.get("models", []))),
            ("data a model may see", connection.project.data_exposure),
        ]
        columns = [
            Column[tuple[str, str]]("", lambda fact: fact[0]),
            Column[tuple[str, str]]("", lambda fact: fact[1]),
        ]
        return Listing([fact for fact in facts if fact[1]], columns)

    def _projects(self, _arguments: argparse.Namespace) -> object:
        return self._connected().projects()

    def _use(self, arguments: argparse.Namespace) -> Note:
        name = " ".join(arguments.name)
        if arguments.url is not None:
            self.close()
            self._connection = connect(name, arguments.url, arguments.token)
        project = self._connected().use(name)
        return Note(f"Working in project {project.name!r}.")

    def _new(self, arguments: argparse.Namespace) -> Note:
        project = self._connected().new(" ".join(arguments.name), arguments.description)
        return Note(f"Made project {project.name!r}, and working in it.")

    def _files(self, _arguments: argparse.Namespace) -> object:
        return self._connected().files()

    def _upload(self, arguments: argparse.Namespace) -> Note:
        paths = [path for pattern in arguments.path for path in _expanded(pattern)]
        if arguments.name is not None and len(paths) > 1:
            raise LeonidasError("--name is for one file at a time.", code="usage")
        connection = self._connected()
        lines = []
        for path in paths:
            file = connection.upload(path, arguments.name, replace=arguments.replace)
            lines.append(_ready(file))
        return Note("\n".join(lines))

    def _load(self, arguments: argparse.Namespace) -> Note:
        return load_frame(self._shell, self._connected(), arguments)

    def _save(self, arguments: argparse.Namespace) -> Note:
        return save_table(self._shell, self._connected(), arguments)

    def _frames(self, _arguments: argparse.Namespace) -> object:
        return self._connected().frames

    def _profile(self, arguments: argparse.Namespace) -> object:
        return self._connected().frames.profile(arguments.name)

    def _sessions(self, _arguments: argparse.Namespace) -> object:
        return self._connected().sessions()

    def _history(self, arguments: argparse.Namespace) -> object:
        return self._connected().history(arguments.last, session=arguments.session)

    def _ask(self, arguments: argparse.Namespace) -> Answer:
        if arguments.approve:
            return self._approve_edited(arguments.question)
        if not arguments.question:
            raise LeonidasError("Write a question first.", code="usage")
        connection = self._connected()
        if arguments.project is not None:
            connection.use(arguments.project)
        watch = _Watch(self._keep, self._shell)
        connection.session(arguments.session)
        answer = connection.ask(
            arguments.question,
            model=arguments.model,
            exposure=arguments.exposure,
            here=arguments.here,
            tables=tables_here(self._shell) if arguments.here else (),
            watch=watch,
        )
        self._waits = answer if answer.waiting else None
        if answer.waiting:
            return answer
        if arguments.into is not None:
            frame = answer.frame
            if frame is None:
                raise LeonidasError(f"This answer has no table to put into {arguments.into!r}.")
            self._shell.push({arguments.into: frame})
        return answer

    def _approve(self, arguments: argparse.Namespace) -> Answer | Note:
        answer = self._waiting()
        if arguments.edit:
            return self._offer_cell(answer)
        if all(step.needs == "client" for step in answer.waiting):
            if arguments.session:
                raise LeonidasError(
                    "Code that runs in this notebook is approved one at a time; leave --session "
                    "out.",
                    code="usage",
                )
            return self._run_here(answer)
        return self._answered(
            lambda watch: self._connected().approve(answer, session=arguments.session, watch=watch)
        )

    def _approve_edited(self, code: str) -> Answer:
        answer = self._waiting()
        if len(answer.waiting) == 1 and answer.waiting[0].needs == "client":
            answer.waiting[0].code = code
            return self._run_here(answer)
        return self._answered(
            lambda watch: self._connected().approve(answer, code=code, watch=watch)
        )

    def _refuse(self, arguments: argparse.Namespace) -> Answer:
        answer, reason = self._waiting(), " ".join(arguments.reason)
        return self._answered(lambda watch: self._connected().refuse(answer, reason, watch=watch))

    def _run_here(self, answer: Answer) -> Answer:
        results = run_waiting(self._shell, self._connected(), answer)
        return self._answered(lambda watch: self._connected().report(answer, results, watch=watch))

    def _offer_cell(self, answer: Answer) -> Note:
        if len(answer.waiting) != 1:
            raise LeonidasError("Several steps wait; approve or refuse them.", code="usage")
        self._shell.set_next_input(f"%%leonidas --approve\n{answer.waiting[0].code}")
        return Note("The code is in the next cell; running that cell approves it as it is then.")

    def _answered(self, give: Callable[[Watch], Answer]) -> Answer:
        self._waiting().shown = False  # it stands under an earlier cell, and goes on under this one
        answer = give(_Watch(self._keep, self._shell))
        self._waits = answer if answer.waiting else None
        return answer

    def _waiting(self) -> Answer:
        if self._waits is None:
            raise LeonidasError("Nothing waits for an approval here.", code="usage")
        return self._waits

    def _export(self, arguments: argparse.Namespace) -> Note:
        path = self._connected().export(arguments.path, session=arguments.session)
        return Note(f"Wrote {path}.")

    def _keep(self, answer: Answer) -> None:
        self._shell.push({"_leo": answer}, interactive=False)

    def _help(self, arguments: argparse.Namespace) -> Note:
        return Note(help_text(arguments.about or ""))


class _Watch:
    """Shows an answer as it grows; a question that is refused shows nothing but its error."""

    def __init__(self, keep: Callable[[Answer], None], shell: Any) -> None:  # noqa: ANN401 - IPython is not typed
        self._keep, self._shell = keep, shell
        self._display: LiveDisplay | None = None

    def __call__(self, answer: Answer) -> None:
        if self._display is None:
            if not answer.run_id:
                return
            self._keep(answer)
            self._display = live_display()
        if answer.status == "running":
            self._display.update(answer)
        elif not answer.shown:
            name_overwritten(self._shell, answer)
            self._display.finish(answer)
            answer.shown = True


def _expanded(pattern: str) -> list[Path]:
    path = Path(pattern).expanduser()
    if path.exists() or not glob.has_magic(pattern):
        return [path]
    found = sorted(Path(name) for name in glob.glob(str(path)))
    if not found:
        raise LeonidasError(f"No file fits {pattern}; look at the folder's name.")
    return found


def _ready(file: File) -> str:
    shape = shape_text(file.rows, file.columns)
    told = [f"  {note}" for note in how_read(file)]
    return "\n".join([f"{file.filename} → {file.frame_name}: {shape}", *told])


_RUN: dict[str, Callable[[LeonidasMagic, argparse.Namespace], object]] = {
    "status": LeonidasMagic._status,
    "projects": LeonidasMagic._projects,
    "use": LeonidasMagic._use,
    "new": LeonidasMagic._new,
    "files": LeonidasMagic._files,
    "upload": LeonidasMagic._upload,
    "load": LeonidasMagic._load,
    "save": LeonidasMagic._save,
    "frames": LeonidasMagic._frames,
    "profile": LeonidasMagic._profile,
    "sessions": LeonidasMagic._sessions,
    "ask": LeonidasMagic._ask,
    "approve": LeonidasMagic._approve,
    "refuse": LeonidasMagic._refuse,
    "export": LeonidasMagic._export,
    "history": LeonidasMagic._history,
    "help": LeonidasMagic._help,
}
