"""Start JupyterLab with DS Bro on the data in ``.leonidas``, and say what to try.

``make run`` calls this. Everything that a person makes here is kept in ``.leonidas`` in this
checkout: ``data`` holds the projects, ``notebooks`` the notebooks. Ctrl-C stops the server and the
kernels.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_runtime_dir

CHECKOUT = Path(__file__).resolve().parent.parent
QUICKSTART = "01_quickstart.ipynb"
START_SECONDS = 120
STOP_SECONDS = 20
BANNER = """
  JupyterLab with DS Bro is ready:

    {url}

  The URL opens a notebook to run from top to bottom. Or, in any notebook:

    %load_ext leonidas_jupyter
    %leonidas use Demo

    %leonidas ask how many penguins are there by species
    %leonidas ask average body mass by species and sex
    %leonidas ask top 5 countries by population

  Projects and notebooks are kept in {home}.
  Ctrl-C stops it.
"""


def prepare(home: Path) -> Path:
    """Make the folders, copy the example notebooks that are not there yet, and return theirs."""
    notebooks = home / "notebooks"
    notebooks.mkdir(parents=True, exist_ok=True)
    for source in sorted((CHECKOUT / "notebooks").glob("*.ipynb")):
        target = notebooks / source.name
        if not target.exists():
            shutil.copy(source, target)
    return notebooks


def has_display() -> bool:
    """Whether a browser could open here."""
    if sys.platform in {"darwin", "win32"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def command(home: Path, notebooks: Path, arguments: argparse.Namespace) -> list[str]:
    """The command line of JupyterLab, which itself takes the next free port."""
    options = [
        f"--ServerApp.root_dir={notebooks}",
        f"--ServerApp.port={arguments.port}",
        f"--LabApp.default_url=/lab/tree/{QUICKSTART}",
        f"--Leonidas.data_dir={home / 'data'}",
        "--Application.log_level=WARN",
    ]
    if arguments.no_browser or not has_display():
        options.append("--no-browser")
    if os.geteuid() == 0:
        options.append("--allow-root")
    return [sys.executable, "-m", "jupyterlab", *options, *arguments.options]


def wait_until_ready(server: subprocess.Popen[bytes]) -> dict[str, Any] | None:
    """What the server wrote about itself (URL, token), or None when it ended instead."""
    path = Path(jupyter_runtime_dir()) / f"jpserver-{server.pid}.json"
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            info: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            time.sleep(0.1)
        else:
            return info
    return None


def stop(server: subprocess.Popen[bytes]) -> None:
    """End the server and its kernels without its question on the terminal."""
    if server.poll() is None:
        server.terminate()
        try:
            server.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def raise_interrupt(*_: object) -> None:
    """Make the signals of a closed terminal and of ``kill`` stop the server as Ctrl-C does."""
    raise KeyboardInterrupt


def serve(home: Path, arguments: argparse.Namespace) -> int:
    """Run JupyterLab until it ends or is stopped; return the exit code."""
    notebooks = prepare(home)
    # Its own session: Ctrl-C reaches this process alone, which then ends the server properly.
    server = subprocess.Popen(
        command(home, notebooks, arguments), stdin=subprocess.DEVNULL, start_new_session=True
    )
    try:
        info = wait_until_ready(server)
        if info is not None:
            url = f"{info['url']}lab/tree/{QUICKSTART}?token={info['token']}"
            print(BANNER.format(url=url, home=home), flush=True)
        elif server.poll() is None:
            print("JupyterLab did not start; its log is above.", file=sys.stderr)
            return 1
        return server.wait()
    except KeyboardInterrupt:
        print("\nStopping JupyterLab ...", flush=True)
        return 0
    finally:
        stop(server)


def main() -> int:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--home", type=Path, default=CHECKOUT / ".leonidas")
    parser.add_argument("--port", type=int, default=8888, help="the first port to try")
    parser.add_argument("--no-browser", action="store_true")
    parser.add_argument("options", nargs="*", help="after --, further options of JupyterLab")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, raise_interrupt)
    signal.signal(signal.SIGHUP, raise_interrupt)
    return serve(arguments.home.resolve(), arguments)


if __name__ == "__main__":
    sys.exit(main())
