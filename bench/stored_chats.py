"""Projects, sessions and messages as they are stored, for what is measured below the services."""

from collections.abc import Iterator

from leonidas_jupyter.assistant.shapes import RunStatus, Usage
from leonidas_jupyter.chat.schemas import Message, MessageRole, Run
from leonidas_jupyter.core.exposure import DataExposure
from leonidas_jupyter.core.ids import new_id
from leonidas_jupyter.projects.schemas import Project
from leonidas_jupyter.sessions.schemas import Session

MODEL = "builtin"
QUESTION = "How heavy are the penguins of each species on average?"
ANSWER = (
    "Gentoo penguins are the heaviest by far, at 5,076.0 g on average; Chinstrap (3,733.1 g) and "
    "Adelie (3,700.7 g) are close to each other. The means leave out the two that were not weighed."
)


def project_of(owner_id: str) -> Project:
    """A new project."""
    return Project(project_id=new_id(), name="Measured", owner_id=owner_id)


def session_of(project_id: str) -> Session:
    """A new session."""
    return Session(session_id=new_id(), project_id=project_id, title="Measured")


def run_of(session: Session) -> Run:
    """A run that is about to begin."""
    return Run(
        run_id=new_id(),
        session_id=session.session_id,
        project_id=session.project_id,
        user_id="measured",
        question_id=new_id(),
        message_id=new_id(),
        model=MODEL,
        exposure=DataExposure.ROWS,
        active_session=session.session_id,
    )


def messages_of(session_id: str, many: int) -> Iterator[Message]:
    """Questions and answers in turn, each under an id of its own, oldest first."""
    question = Message(
        session_id=session_id, message_id="", role=MessageRole.USER, content=QUESTION
    )
    answer = Message(
        session_id=session_id,
        message_id="",
        role=MessageRole.ASSISTANT,
        content=ANSWER,
        run_status=RunStatus.COMPLETED,
        model=MODEL,
        exposure=DataExposure.ROWS,
        usage=Usage(input_tokens=1200, output_tokens=80),
    )
    for number in range(many):
        said = answer if number % 2 else question
        yield said.model_copy(update={"message_id": new_id()})
