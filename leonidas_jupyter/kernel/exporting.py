"""A session as a file to take away."""

from pathlib import Path

from leonidas_jupyter.kernel.client import Client, path_of
from leonidas_jupyter.kernel.errors import LeonidasError

FORMS = {".ipynb": "ipynb", ".md": "md", ".json": "json"}


def export_session(client: Client, session_id: str, path: Path) -> Path:
    """Write a session into a file; the name's ending says in which form.

    Raises:
        LeonidasError: the ending is none of ours, or the file cannot be written.
    """
    form = FORMS.get(path.suffix.lower())
    if form is None:
        raise LeonidasError(
            f"{path.name} has none of the endings {', '.join(FORMS)}; name the file so.",
            code="usage",
        )
    target = path_of("/sessions/{session_id}/export", session_id=session_id)
    content = client.download(target, query={"format": form})
    try:
        path.write_bytes(content)
    except OSError as error:
        raise LeonidasError(f"{path} cannot be written ({error.strerror}).") from error
    return path
