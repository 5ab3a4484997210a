"""Leonidas: DS Bro, an AI data scientist inside Jupyter."""

from typing import TYPE_CHECKING, Any

from leonidas_jupyter._version import __version__

if TYPE_CHECKING:
    from leonidas_jupyter.kernel.connection import Connection

__all__ = ["__version__", "connect"]


def connect(
    project: str | None = None, *, url: str | None = None, token: str | None = None
) -> "Connection":
    """A connection to a Leonidas server for scripts and cells; see ``Connection``.

    Args:
        project: name or id of the project to work in; None is the one that LEONIDAS_PROJECT
            names, else the one changed last.
        url: of a Jupyter server with Leonidas; None is that of LEONIDAS_URL, else
            the one that runs here, else a private one that is started and ends with the process.
        token: of Jupyter or of Leonidas, for ``url``.

    Raises:
        leonidas_jupyter.kernel.errors.LeonidasError: in one sentence, why not.
    """
    from leonidas_jupyter.kernel.connection import connect as open_connection

    return open_connection(project, url=url, token=token)


def load_ipython_extension(shell: Any) -> None:  # noqa: ANN401 - IPython is not typed
    """What ``%load_ext leonidas_jupyter`` calls."""
    from leonidas_jupyter.kernel.extension import load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:  # noqa: ANN401 - IPython is not typed
    """What ``%unload_ext leonidas_jupyter`` calls."""
    from leonidas_jupyter.kernel.extension import unload

    unload(shell)


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from leonidas_jupyter.server.app import _jupyter_server_extension_points as points

    return points()


def _load_jupyter_server_extension(server_app: Any) -> None:  # noqa: ANN401 - lazy jupyter_server
    from leonidas_jupyter.server.app import _load_jupyter_server_extension as load

    load(server_app)  # type: ignore[no-untyped-call]  # jupyter_server's own
