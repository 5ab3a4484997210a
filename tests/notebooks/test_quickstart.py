"""The quickstart notebook, executed in a real kernel: beside a Jupyter server, and with none."""

import json
import math
import os
import re
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient

from tests.kernel.jupyterserver import JupyterServer, surroundings

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "notebooks" / "01_quickstart.ipynb"
PENGUINS = ROOT / "leonidas_jupyter" / "demo" / "penguins.csv"
VEGALITE = "application/vnd.vegalite.v5+json"
CHECK = """
import json
print(json.dumps({
    "csv": path.read_text(),
    "by_city": by_city.to_dict("records"),
    "coffee": [list(coffee.shape), coffee["day"].dt.year.unique().tolist()],
    "penguins": list(penguins.shape),
    "connect": str(answer),
}))
"""


@pytest.fixture(
    params=[
        "no server",
        pytest.param("a server", marks=pytest.mark.soak),
        pytest.param("a server on DynamoDB and S3", marks=pytest.mark.soak),
    ]
)
def home(request, tmp_path):
    """Surroundings in which one Jupyter server runs, or none."""
    if request.param == "no server":
        yield tmp_path, "a private server that was started for this process"
        return
    engines = {}
    if request.param == "a server on DynamoDB and S3":
        engines = {
            "LEONIDAS_DATABASE_URL": request.getfixturevalue("dynamodb_url"),
            "LEONIDAS_STORAGE_URL": request.getfixturevalue("s3_url"),
            "LEONIDAS_CREATE_TABLES": "1",
        }
    server = JupyterServer(tmp_path, **engines)
    yield tmp_path, f"the running Jupyter server, {server.url}"
    server.close()


def executed(home: Path) -> tuple[list[nbformat.NotebookNode], dict]:
    """The code cells with their outputs, and what the kernel's variables were at the end."""
    notebook = nbformat.read(NOTEBOOK, 4)
    notebook.cells.append(nbformat.v4.new_code_cell(CHECK))
    client = NotebookClient(
        notebook, timeout=90, kernel_name="python3", resources={"metadata": {"path": str(home)}}
    )
    client.execute(env=surroundings(home))
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return cells[:-1], json.loads(cells[-1].outputs[0]["text"])


def said(cell: nbformat.NotebookNode) -> str:
    parts = []
    for output in cell.outputs:
        data = output.get("data", {})
        parts.append(output.get("text") or data.get("text/markdown") or data.get("text/plain", ""))
    return "\n".join(parts)


def cell_with(cells: list, start: str) -> nbformat.NotebookNode:
    (found,) = [cell for cell in cells if cell.source.startswith(start)]
    return found


def test_the_notebook_answers_as_pandas_does(home):
    directory, server = home
    cells, values = executed(directory)
    assert server in said(cell_with(cells, "%leonidas status"))

    penguins = pd.read_csv(PENGUINS)
    answer = said(cell_with(cells, "%%leonidas --project Demo"))
    for species, mean in penguins.groupby("species")["body_mass_g"].mean().items():
        (row,) = re.findall(rf"\| {species} \| ([\d.,]+) \|", answer)
        assert math.isclose(float(row.replace(",", "")), mean, rel_tol=1e-5)
    assert values["penguins"] == list(penguins.shape)

    (directory / "coffee.csv").write_text(values["csv"])
    coffee = pd.read_csv(directory / "coffee.csv")
    totals = coffee.groupby("city")["revenue"].sum()
    assert values["coffee"] == [list(coffee.shape), [2024]]
    found = {
        row["city"]: next(v for k, v in row.items() if "revenue" in k) for row in values["by_city"]
    }
    assert found.keys() == set(totals.index)
    assert all(math.isclose(found[city], total) for city, total in totals.items())

    outputs = cell_with(cells, "%%leonidas\nBar chart").outputs
    (chart,) = [o.data[VEGALITE] for o in outputs if VEGALITE in o.get("data", {})]
    drawn = {
        row["city"]: next(v for k, v in row.items() if k != "city")
        for row in chart["data"]["values"]
    }
    assert all(math.isclose(drawn[city], total) for city, total in totals.items())
    assert str(len(coffee)) in values["connect"]


def test_the_notebook_is_committed_without_outputs():
    for cell in nbformat.read(NOTEBOOK, 4).cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
    assert os.path.expanduser("~") not in NOTEBOOK.read_text()
