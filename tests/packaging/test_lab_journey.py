"""A person's first minute: JupyterLab as `make run` starts it, in a real Chromium."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import browser
from scripts.lab_browser import Lab, open_page, run_notebook, write_notebook

pytestmark = pytest.mark.browser
SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"


@pytest.fixture(scope="module")
def chromium() -> str:
    """A browser; in CI it must be there."""
    found = browser.find()
    if found is None and not os.environ.get("CI"):
        pytest.skip("There is no Chromium here; make test says how to get one.")
    assert found, "There is no Chromium: CI needs one."
    return found


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab with its data in an empty folder."""
    running = Lab(tmp_path_factory.mktemp("lab"))
    try:
        running.start()
        yield running
    finally:
        running.interrupt()


def test_a_question_in_a_cell_is_answered_with_its_code_and_a_chart(
    chromium: str, lab: Lab
) -> None:
    cells = [
        "%load_ext leonidas_jupyter\n%leonidas use Demo",
        "%%leonidas\nHow many penguins are there by species?",
        "%%leonidas\nbar chart of the average body mass by species",
        "_leo.steps[0]",
    ]
    write_notebook(lab.home / "notebooks" / "journey.ipynb", cells)
    with open_page(chromium) as page:
        try:
            run_notebook(page, lab, "journey.ipynb")
            answer, chart = page.locator(".jp-CodeCell").nth(1), page.locator(".jp-CodeCell").nth(2)
            for text in ("Adelie", "152", "Chinstrap", "68", "Gentoo", "124", "SELECT"):
                assert answer.locator(".jp-OutputArea", has_text=text).count() > 0, text
            drawing = chart.locator(".jp-OutputArea .vega-embed canvas, .jp-OutputArea img").first
            drawing.wait_for(state="visible", timeout=60_000)
            assert page.locator(".jp-OutputArea [data-mime-type*=error]").count() == 0
        except BaseException:
            SCREENSHOTS.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=SCREENSHOTS / "question_in_a_cell.png", full_page=True)
            raise


def test_what_the_terminal_shows_names_the_url_and_three_questions(lab: Lab) -> None:
    assert f"{lab.url}\n" in lab.printed
    assert "?token=" in lab.url
    assert lab.printed.count("%leonidas ask ") == 3
    assert str(lab.home) in lab.printed


def test_ctrl_c_stops_it_and_the_data_stays(lab: Lab) -> None:
    assert lab.interrupt() == 0
    assert (lab.home / "data").is_dir()
    assert (lab.home / "notebooks" / "01_quickstart.ipynb").is_file()
