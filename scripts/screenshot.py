"""Make the pictures of the README from the real product: ``python -m scripts.screenshot``.

JupyterLab as `make run` starts it, 1280 × 800, light and dark, with a question in a notebook.
"""

import sys
import tempfile
from pathlib import Path

from scripts import browser
from scripts.lab_browser import CHECKOUT, Lab, open_page, run_notebook, write_notebook

IMAGES = CHECKOUT / "docs" / "images"
NAME = "penguins.ipynb"
CELLS = [
    "%load_ext leonidas_jupyter",
    "%%leonidas\nBar chart of the average body mass by species",
]
SCALE = 0.8


def picture(folder: Path, executable: str, *, dark: bool) -> Path:
    """Start a lab, run the notebook, and take its picture."""
    lab = Lab(folder, dark=dark)
    lab.start()
    target = IMAGES / ("question-dark.png" if dark else "question.png")
    try:
        write_notebook(lab.home / "notebooks" / NAME, CELLS)
        with open_page(executable, dark=dark, scale=SCALE) as page:
            run_notebook(page, lab, NAME)
            page.locator(".jp-OutputArea .vega-embed, .jp-OutputArea img").first.wait_for()
            page.locator(".jp-OutputArea summary").last.click()
            page.evaluate("window.jupyterapp.commands.execute('filebrowser:toggle-main')")
            page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
            page.mouse.move(640, 985)
            page.wait_for_function("() => !document.querySelector('.jp-mod-dirty')")
            page.screenshot(path=target)
    finally:
        lab.interrupt()
    return target


def main() -> int:
    """Make both pictures."""
    executable = browser.find()
    if executable is None:
        print("There is no Chromium here: make browser installs one.", file=sys.stderr)
        return 1
    IMAGES.mkdir(parents=True, exist_ok=True)
    for dark in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            target = picture(Path(folder), executable, dark=dark)
            print(f"wrote {target.relative_to(CHECKOUT)}, {target.stat().st_size // 1024} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
