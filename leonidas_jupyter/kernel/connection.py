"""A connection to a server, working in one project: what scripts use, and the magics, too."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from leonidas_jupyter.kernel import approvals
from leonidas_jupyter.kernel.answer import Answer, Step
from leonidas_jupyter.kernel.attach import attach
from leonidas_jupyter.kernel.choosing import one_of
from leonidas_jupyter.kernel.client import Client, path_of
from leonidas_jupyter.kernel.datawork import DataWork
from leonidas_jupyter.kernel.errors import LeonidasError
from leonidas_jupyter.kernel.exporting import export_session
from leonidas_jupyter.kernel.files import ProjectFiles
from leonidas_jupyter.kernel.frames import Frames
from leonidas_jupyter.kernel.listings import message_listing, project_listing, session_listing
from leonidas_jupyter.kernel.replies import Json
from leonidas_jupyter.kernel.run import Run, Watch
from leonidas_jupyter.kernel.surroundings import in_notebook
from leonidas_jupyter.kernel.wire import Message, Project, Session

if TYPE_CHECKING:
    from leonidas_jupyter.kernel.listing import Listing

MOST_PER_PAGE = 200
"""What a page of the API holds at most."""


class Connection(DataWork):
    """One user's way to a server, with an active project and a session of its own.

    Attributes:
        user: who we are there.
        project: the active project.
        frames: its frames, as a mapping of DataFrames that are loaded when asked for.
    """

    def __init__(self, client: Client, project: str | None = None) -> None:
        self._client = client
        self._session: Session | None = None
        self.user = client.sign_in()
        self.project = self._choose(project)
        self.frames = Frames(lambda: self._files)

    @property
    def found(self) -> str:
        """Which server this is, and how it was found."""
        return self._client.endpoint.found

    @property
    def alive(self) -> bool:
        """Whether the server can still answer: False once a private one has ended."""
        return self._client.endpoint.alive()

    @property
    def current_session(self) -> Session | None:
        """The session that questions go to; None before the first one."""
        return self._session

    def projects(self) -> "Listing[Project]":
        """My projects and those that are shared with me."""
        return project_listing(list(self._projects()), active=self.project.project_id)

    def use(self, project: str) -> Project:
        """Work in another project, by name or id, in a new session.

        Raises:
            LeonidasError: there is none, or several have that name.
        """
        self.project = self._choose(project)
        self._session = None
        return self.project

    def new(self, name: str, description: str = "") -> Project:
        """Make a project and work in it.

        Raises:
            LeonidasError: the server refused the name.
        """
        body = {"name": name, "description": description}
        self.project = Project.read(self._client.call("POST", "/projects", body=body))
        self._session = None
        return self.project

    def sessions(self) -> "Listing[Session]":
        """The sessions of the active project."""
        active = self._session.session_id if self._session else None
        return session_listing(list(self._sessions()), active=active)

    def ask(
        self,
        question: str,
        *,
        session: str | None = None,
        model: str | None = None,
        exposure: str | None = None,
        here: bool = False,
        tables: Sequence[Json] = (),
        watch: Watch | None = None,
    ) -> Answer:
        """Ask DS Bro, and wait until the answer is there, or waits for an approval.

        Args:
            question: in words.
            session: title or id of the session to ask in, or ``new``; None goes on with this
                connection's own.
            model: which one answers, as ``provider:name``; None is the server's own choice.
            exposure: what that model may see of the data at most: none, schema, summary,
                aggregates or rows; None is what holds in the session.
            here: whether Python that DS Bro writes is to run in this process, by ``report``,
                instead of in the session's own kernel.
            tables: with ``here``, this process's own tables: their names, columns and types.
            watch: called with the answer each time that it has grown.

        Raises:
            LeonidasError: the question was refused, or the answer failed.
        """
        self._files.completed()  # a question that comes just after an upload is about it
        asked_in = self.session(session)
        wanted = {"model": model, "data_exposure": exposure, "executor": "client" if here else None}
        options: Json = {name: value for name, value in wanted.items() if value is not None}
        if tables:
            options["frames"] = list(tables)
        answer = Answer(question, asked_in.session_id)
        return Run(self._client, answer, watch or _nobody).ask(options)

    def approve(
        self,
        answer: Answer,
        *,
        session: bool = False,
        code: str | None = None,
        watch: Watch | None = None,
    ) -> Answer:
        """Let what an answer waits for run in the session's own kernel, and follow on.

        Args:
            answer: one whose status is ``pending``; it grows.
            session: whether Python may run for the rest of the session without asking.
            code: what to run instead, where one step waits.
            watch: as for ``ask``.

        Raises:
            LeonidasError: nothing waits, or the server refused.
        """
        decision = "session" if session else "once"
        given = {"decision": decision} if code is None else {"decision": decision, "code": code}
        return approvals.decide(self._client, answer, given, watch or _nobody)

    def refuse(self, answer: Answer, reason: str = "", *, watch: Watch | None = None) -> Answer:
        """Refuse what an answer waits for, and follow on: DS Bro is told the reason.

        Raises:
            LeonidasError: nothing waits, or the server refused.
        """
        given = {"decision": "refuse", "reason": reason} if reason else {"decision": "refuse"}
        return approvals.decide(self._client, answer, given, watch or _nobody)

    def claim(self, answer: Answer, step: Step, claim: str | None = None) -> Json:
        """Say that this process runs a step; see ``approvals.claim``."""
        return approvals.claim(self._client, answer, step, claim)

    def report(self, answer: Answer, results: list[Json], watch: Watch | None = None) -> Answer:
        """Report what came of the steps that ran here; see ``approvals.report``."""
        return approvals.report(self._client, answer, results, watch or _nobody)

    def export(self, path: str | Path, *, session: str | None = None) -> Path:
        """Write a session into a file: ``.ipynb`` (that runs), ``.md`` or ``.json``.

        Raises:
            LeonidasError: there is nothing to export, or the file cannot be written.
        """
        chosen = self._session if session is None else self.session(session)
        if chosen is None:
            raise LeonidasError("Nothing was asked yet; ask first, or name a session.")
        return export_session(self._client, chosen.session_id, Path(path).expanduser())

    def history(self, last: int = 20, *, session: str | None = None) -> "Listing[Message]":
        """The newest messages of a session, oldest first."""
        chosen = self._session if session is None else self.session(session)
        if chosen is None:
            return message_listing([])
        path = path_of("/sessions/{session_id}/chat", session_id=chosen.session_id)
        found: list[Message] = []
        cursor: str | None = "latest"
        while cursor is not None and len(found) < last:
            query = {"before": cursor, "limit": min(last - len(found), MOST_PER_PAGE)}
            page = self._client.call("GET", path, query=query)
            found = [Message.read(item) for item in page["items"]] + found
            cursor = page.get("next")
        return message_listing(found)

    def session(self, wanted: str | None = None) -> Session:
        """Make a session the one to go on with; made anew for ``new``, or where there is none.

        Raises:
            LeonidasError: there is none of that title or id, or several.
        """
        if wanted is None and self._session is not None:
            return self._session
        if wanted is None or wanted == "new":
            path = path_of("/projects/{project_id}/sessions", project_id=self.project.project_id)
            self._session = Session.read(self._client.call("POST", path, body={}))
        else:
            pairs = [(s.session_id, s.title, s) for s in self._sessions()]
            self._session = one_of("session", wanted, pairs)
        return self._session

    def close(self) -> None:
        """Give back the token and close the connections; a private server ends with the process."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Leonidas: project {self.project.name!r} on {self.found}>"

    @property
    def _files(self) -> ProjectFiles:  # type: ignore[override]  # of the project that is active now
        return ProjectFiles(self._client, self.project.project_id)

    def _projects(self) -> Sequence[Project]:
        return [Project.read(item) for item in self._client.pages("/projects")]

    def _sessions(self) -> Sequence[Session]:
        path = path_of("/projects/{project_id}/sessions", project_id=self.project.project_id)
        return [Session.read(item) for item in self._client.pages(path)]

    def _choose(self, wanted: str | None) -> Project:
        projects = self._projects()
        if wanted is not None:
            return one_of("project", wanted, [(p.project_id, p.name, p) for p in projects])
        if not projects:
            return Project.read(
                self._client.call("POST", "/projects", body={"name": "My first project"})
            )
        return max(projects, key=lambda project: project.updated_at)


def connect(
    project: str | None = None, url: str | None = None, token: str | None = None
) -> Connection:
    """Connect to a server, and say to which; see ``leonidas_jupyter.connect``.

    Raises:
        LeonidasError: in one sentence, why not.
    """
    client = attach(url, token)
    try:
        connection = Connection(client, project or os.environ.get("LEONIDAS_PROJECT"))
    except BaseException:
        client.close()
        raise
    _say(f"Leonidas: working in project {connection.project.name!r} on {connection.found}")
    return connection


def _nobody(_answer: Answer) -> None:
    """Nobody watches."""


def _say(text: str) -> None:
    """Under a cell, standard error stands out in red; a script's standard output is its own."""
    out = sys.stdout if in_notebook() else sys.stderr
    out.write(text + "\n")
