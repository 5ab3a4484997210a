"""JupyterLab as `make run` starts it, in a real headless Chromium: for journeys and screenshots."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

CHECKOUT = Path(__file__).resolve().parent.parent
READY_SECONDS = 120
RUN_SECONDS = 120
STOP_SECONDS = 30
# An evaluation in the page has no time limit of its own.
RUN_ALL = """() => Promise.race([new Promise((_, fail) => setTimeout(fail, 60000)), (async () => {
  const app = window.jupyterapp;
  await app.restored;
  const panel = () => [...app.shell.widgets('main')].find(w => w.context && w.sessionContext);
  while (!panel()) await new Promise(again => setTimeout(again, 100));
  await panel().context.ready;
  await panel().sessionContext.ready;
  await panel().sessionContext.session.kernel.info;
  await app.commands.execute('notebook:run-all-cells');
})()])"""
HAS_RUN = """() => {
  const cells = [...document.querySelectorAll('.jp-Notebook .jp-CodeCell .jp-InputPrompt')];
  return cells.length > 0 && cells.every(cell => /^\\[\\d+\\]:$/.test(cell.textContent.trim()));
}"""


def write_notebook(path: Path, cells: list[str]) -> None:
    """Write a notebook with these code cells and no outputs."""
    notebook = {
        "cells": [
            {
                "cell_type": "code",
                "execution_count": None,
                "id": f"cell-{number}",
                "metadata": {},
                "outputs": [],
                "source": source,
            }
            for number, source in enumerate(cells)
        ],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook), encoding="utf-8")


class Lab:
    """`scripts/run_lab.py` in a process of its own, with home and settings in a folder of its own.

    Attributes:
        home: where it keeps data and notebooks.
        url: JupyterLab's URL with its token.
    """

    def __init__(self, folder: Path, *, dark: bool = False) -> None:
        self.home = folder / "leonidas"
        self.url = ""
        self._folder = folder
        self._dark = dark
        self._printed: list[str] = []
        self._process: subprocess.Popen[str] | None = None

    @property
    def printed(self) -> str:
        """What the terminal shows."""
        return "".join(self._printed)

    def start(self) -> None:
        """Start it and wait for the URL that it prints.

        Raises:
            RuntimeError: when it ends or takes too long.
        """
        environment = {
            "HOME": str(self._folder),
            "PATH": os.environ["PATH"],
            "JUPYTERLAB_SETTINGS_DIR": str(self._settings()),
        }
        self._process = subprocess.Popen(
            [
                *(sys.executable, CHECKOUT / "scripts" / "run_lab.py"),
                *("--home", self.home, "--port", "8890", "--no-browser"),
                *("--", "--LabApp.expose_app_in_browser=True"),
            ],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()
        deadline = time.monotonic() + READY_SECONDS
        while "Ctrl-C stops it." not in self.printed:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"JupyterLab did not start:\n{self.printed}")
            time.sleep(0.05)
        banner = self.printed.split("DS Bro is ready:")[1]
        self.url = re.findall(r"http://\S+", banner)[0]

    def _read(self, process: subprocess.Popen[str]) -> None:
        with process:
            for line in process.stdout or []:
                self._printed.append(line)

    def _settings(self) -> Path:
        """Settings without the question about news, which covers what is to be seen."""
        folder = self._folder / "settings"
        plugin = folder / "@jupyterlab" / "apputils-extension"
        plugin.mkdir(parents=True, exist_ok=True)
        (plugin / "notification.jupyterlab-settings").write_text(
            json.dumps({"fetchNews": "false", "checkForUpdates": False}), encoding="utf-8"
        )
        if self._dark:
            (plugin / "themes.jupyterlab-settings").write_text(
                json.dumps({"theme": "JupyterLab Dark"}), encoding="utf-8"
            )
        return folder

    def interrupt(self) -> int:
        """Press Ctrl-C; return the exit code."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        try:
            return self._process.wait(STOP_SECONDS)
        finally:
            self._process.kill()
            self._reader.join()


@contextlib.contextmanager
def open_page(executable: str, *, dark: bool = False, scale: float = 1.0) -> Iterator[Page]:
    """A page of a headless Chromium, whose pictures are 1280 × 800 whatever the scale."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable)
        context = browser.new_context(
            viewport={"width": round(1280 / scale), "height": round(800 / scale)},
            device_scale_factor=scale,
            color_scheme="dark" if dark else "light",
        )
        try:
            yield context.new_page()
        finally:
            browser.close()


def run_notebook(page: Page, lab: Lab, name: str) -> None:
    """Open a notebook of the lab, run all its cells and wait until each has run."""
    page.goto(re.sub(r"/lab/tree/[^?]*", f"/lab/tree/{name}", lab.url))
    page.wait_for_function("() => window.jupyterapp !== undefined", timeout=READY_SECONDS * 1000)
    page.set_default_timeout(RUN_SECONDS * 1000)
    page.evaluate(RUN_ALL)
    page.wait_for_function(HAS_RUN, timeout=RUN_SECONDS * 1000)
