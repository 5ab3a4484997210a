"""Python that DS Bro wants to run, answered from cells: run, changed, refused, run right here."""

import json
import math
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from jupyter_client.blocking.client import BlockingKernelClient

from leonidas_jupyter.kernel.here import overwritten_here
from tests.kernel.conftest import Kernel
from tests.kernel.jupyterserver import JupyterServer
from tests.stubs.openai_stub import OpenAIStub
from tests.stubs.script import Call, Received

CODE = "print('heaviest', penguins['body_mass_g'].max())"
QUESTION = "Use Python, please"
WAIT = """
import time
while 'penguins' not in repr(get_ipython().run_line_magic('leonidas', 'frames')):
    time.sleep(0.2)
"""
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)
PLOT = f"""
PIXEL = {PIXEL!r}
from IPython.display import display
display({{'text/plain': 'a plot', 'image/png': PIXEL}}, raw=True)
"""
ALLOW = "%leonidas approve --session"


def _turn(received: Received) -> tuple:
    """Wants Python; once anything came of it, says what."""
    results = [m for m in received.body["messages"] if m["role"] == "tool"]
    asked = [m for m in received.body["messages"] if m["role"] == "user"][-1]
    content = asked["content"] if isinstance(asked["content"], str) else asked["content"][0]["text"]
    if received.body["messages"][-1]["role"] == "tool":
        return (f"It came to this: {len(results)}.",)
    code = content.partition("RUN:")[2] or CODE
    return ("Let me look.", Call("python", {"code": code, "purpose": "to find the heaviest"}))


@pytest.fixture(scope="module")
def model() -> Iterator[OpenAIStub]:
    with OpenAIStub(_turn) as stub:
        yield stub


@pytest.fixture(scope="module")
def notebook(model: OpenAIStub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel beside a server whose model is the stub, in the demo project."""
    server = JupyterServer(
        tmp_path_factory.mktemp("home"),
        LEONIDAS_MODEL="openai:m",
        LEONIDAS_MODEL_BASE_URL=model.base_url,
        LEONIDAS_MODEL_API_KEY="sk-for-tests",
    )
    client = BlockingKernelClient(connection_file=str(server.start_kernel()))
    client.load_connection_file()
    kernel = Kernel(client)
    kernel.run("%load_ext leonidas_jupyter")
    kernel.run("%leonidas use Demo")
    kernel.run(WAIT)
    yield kernel
    kernel.close()
    server.close()


def _ask(notebook: Kernel, options: str = "--session new", code: str = CODE) -> str:
    result = notebook.run(f"%%leonidas {options}\n{QUESTION} RUN:{code}")
    assert result.status == "ok", result.error
    return _markdown(result)


def _markdown(result) -> str:
    return "\n".join(output.get("text/markdown", "") for output in result.outputs)


def test_the_code_is_shown_and_nothing_runs_until_somebody_approves(notebook, model) -> None:
    before = len(model.requests)
    shown = _ask(notebook)
    assert f"```python\n{CODE}\n```" in shown
    assert "to find the heaviest" in shown
    assert "%leonidas approve" in shown
    assert len(model.requests) == before + 1
    assert notebook.run("print(_leo.status, len(_leo.waiting))").stdout == "pending 1\n"


def test_approved_code_runs_in_the_sessions_own_kernel_and_the_answer_goes_on(notebook) -> None:
    _ask(notebook)
    result = notebook.run("%leonidas approve")
    assert result.status == "ok", result.error
    shown = _markdown(result)
    assert "It came to this: 1." in shown
    assert "Python" in shown
    assert any("heaviest 6300" in output["text/plain"] for output in result.outputs)
    assert notebook.run("print(_leo.status, _leo.steps[-1].ok)").stdout == "completed True\n"
    output = notebook.run("print(_leo.steps[-1].outputs)").stdout
    assert "heaviest 6300" in output
    assert notebook.run("print('penguins' in globals())").stdout == "False\n"


def test_pictures_and_text_are_shown_and_no_html(notebook) -> None:
    html = "display({'text/plain': 'plain', 'text/html': '<script>1</script>'}, raw=True)"
    _ask(notebook, code=PLOT + html)
    result = notebook.run("%leonidas approve")
    assert any(output.get("image/png") for output in result.outputs)
    assert any(output.get("text/plain") == "plain" for output in result.outputs)
    assert not any("text/html" in output for output in result.outputs)


def test_refusing_tells_the_model_why(notebook, model) -> None:
    _ask(notebook)
    result = notebook.run("%leonidas refuse it's too slow")
    assert result.status == "ok", result.error
    assert "it's too slow" in model.requests[-1].raw
    assert notebook.run("print(_leo.steps[-1].ok)").stdout == "False\n"


def test_the_code_can_be_changed_first(notebook) -> None:
    _ask(notebook)
    offered = notebook.run("%leonidas approve --edit")
    assert offered.status == "ok", offered.error
    result = notebook.run("%%leonidas --approve\nprint('changed', 6 * 7)")
    assert result.status == "ok", result.error
    assert "changed 42" in notebook.run("print(_leo.steps[-1].outputs)").stdout


def test_allowed_for_the_session_it_runs_without_asking_and_only_there(notebook) -> None:
    _ask(notebook)
    assert notebook.run(ALLOW).status == "ok"
    shown = _ask(notebook, options="")
    assert "It came to this:" in shown
    assert "%leonidas approve" in _ask(notebook, options="--session new")


def test_here_it_runs_among_ones_own_variables(notebook, model) -> None:
    notebook.run("import pandas as pd\nmine = pd.DataFrame({'secret_column': [41]})\nkept = 1")
    code = "kept = int(mine['secret_column'][0]) + len(penguins) - 343\nprint('here', kept)"
    shown = _ask(notebook, "--session new --here", code)
    assert "in this notebook" in shown
    assert "It would overwrite `kept`." in shown
    assert notebook.run("print(kept)").stdout == "1\n"
    assert "secret_column" in model.requests[-1].raw
    result = notebook.run("%leonidas approve")
    assert result.status == "ok", result.error
    assert "here 42" in result.stdout
    assert "It came to this: 1." in _markdown(result)
    assert notebook.run("print(kept, _leo.status)").stdout == "42 completed\n"


def test_a_receipt_tells_the_notebooks_own_table_from_a_file(notebook) -> None:
    notebook.run("import pandas as pd\npenguins = pd.DataFrame({'body_mass_g': [1]})")
    notebook.run("globals().pop('countries', None)")
    _ask(notebook, "--session new --here", "print('both', len(penguins), len(countries) > 100)")
    result = notebook.run("%leonidas approve")
    assert "both 1 True" in result.stdout
    read = notebook.run("print('; '.join(_leo.steps[0].read))").stdout.strip()
    assert read == "countries.csv (version 1); the notebook's `penguins`, not penguins.csv"
    assert read in notebook.run("print(_leo.receipt())").stdout
    notebook.run("del penguins")


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("print(a)", []),
        ("a = 1\nnew = 2\nfor b in (1,): pass", ["a", "b"]),
        ("a += 1\ndel b", ["a", "b"]),
        ("def f():\n    a = 1\n    global b\n    b = 2", ["b"]),
        ("[a for a in (1,)]", []),
        ("import math\nfrom math import pi as a", ["a"]),
        ("%time b = 1\nmath = 3", ["math"]),
        ("a = (", []),
    ],
)
def test_names_that_code_would_bind_anew(code, names) -> None:
    shell = InteractiveShell()
    shell.user_ns.update(a=1, b=2, math=math)
    assert overwritten_here(shell, code) == names


def test_what_fails_here_is_told_and_the_answer_goes_on(notebook) -> None:
    _ask(notebook, "--session new --here", "1 / 0")
    result = notebook.run("%leonidas approve")
    assert "It came to this: 1." in _markdown(result)
    assert notebook.run("print(_leo.steps[-1].ok)").stdout == "False\n"


def test_a_plot_made_here_stands_under_the_cell(notebook) -> None:
    _ask(notebook, "--session new --here", PLOT)
    result = notebook.run("%leonidas approve")
    assert any(output.get("image/png") for output in result.outputs)


def test_without_anything_that_waits_it_says_so(notebook) -> None:
    notebook.run("%leonidas refuse")
    for command in ("approve", "refuse"):
        result = notebook.run(f"%leonidas {command}")
        assert result.error["evalue"] == "Nothing waits for an approval here."


def test_a_session_is_written_into_a_file(notebook, tmp_path: Path) -> None:
    _ask(notebook)
    notebook.run("%leonidas approve")
    target = tmp_path / "talk.ipynb"
    assert notebook.run(f"%leonidas export {target}").status == "ok"
    cells = json.loads(target.read_text())["cells"]
    assert any(cell["source"] == CODE for cell in cells)
    refused = notebook.run(f"%leonidas export {tmp_path / 'talk.docx'}")
    assert re.search(r"none of the endings .ipynb, .md, .json", refused.error["evalue"])
