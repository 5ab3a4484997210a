"""The private server's process: a Jupyter server that ends when the process that began it does.

Run as ``python -m leonidas_jupyter.kernel.serve DIRECTORY``. The directory holds its config (with
the token, so that no command line shows it) and its runtime files, and goes with it. Standard input
is a pipe from the parent: when it ends, for whatever reason, the parent is gone.
"""

import os
import shutil
import signal
import sys
import tempfile
import threading
from pathlib import Path

GRACE_SECONDS = 10.0


def main(directory: Path) -> None:
    """Serve until the parent ends."""
    threading.Thread(target=_end_with_parent, args=(directory,), daemon=True).start()
    _keep_config_in(directory)
    from jupyter_server.serverapp import ServerApp

    try:
        ServerApp.launch_instance(argv=[f"--config={directory / 'config.json'}"])
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _end_with_parent(directory: Path) -> None:
    while os.read(0, 1024):
        pass
    # A timer, not the main thread, ends a server that does not stop by itself.
    timer = threading.Timer(GRACE_SECONDS, _end_now, args=(directory,))
    timer.daemon = True
    timer.start()
    os.kill(os.getpid(), signal.SIGTERM)


def _end_now(directory: Path) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    os._exit(1)


def _keep_config_in(directory: Path) -> None:
    """Where JUPYTER_NO_CONFIG is set, Jupyter makes an empty folder once and leaves it behind."""
    from jupyter_core.paths import jupyter_config_dir

    tempfile.tempdir = str(directory)
    jupyter_config_dir()
    tempfile.tempdir = None


if __name__ == "__main__":
    main(Path(sys.argv[1]))
