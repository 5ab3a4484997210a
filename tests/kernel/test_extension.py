"""``%load_ext leonidas_jupyter`` in a real ipykernel, with no server anywhere."""

import pytest

HEAVY = (
    "jupyter_server",
    "leonidas_jupyter.server",
    "leonidas_jupyter.core",
    "pydantic",
    "sqlalchemy",
    "duckdb",
    "pandas",
    "numpy",
    "pyarrow",
    "tqdm",
    "ipywidgets",
    "anywidget",
    "boto3",
    "urllib.request",
)

MODULES = 60
"""Nearly twice what loading brings."""

TIMES = 10
"""How often the time of IPython's own `%load_ext autoreload`, of about 1.5 on an idle machine."""

LOADED = """
import sys, time
def load(name):
    before, start = set(sys.modules), time.process_time()
    get_ipython().run_line_magic("load_ext", name)
    return time.process_time() - start, sorted(set(sys.modules) - before)
peer, _ = load("autoreload")
took, modules = load("leonidas_jupyter")
print(took / peer)
print(*modules)
"""


@pytest.fixture(scope="module")
def kernel(kernels):
    made = kernels()
    yield made
    made.close()


def test_loading_is_quick_and_loads_nothing_heavy(kernels):
    """A wide limit, for any machine: `make bench` holds loading to its milliseconds."""
    kernel = kernels()
    ratio, modules = kernel.run(LOADED).stdout.splitlines()
    kernel.close()
    loaded = modules.split()
    heavy = [m for m in loaded if any(m == h or m.startswith(h + ".") for h in HEAVY)]
    assert heavy == []
    assert len(loaded) <= MODULES, loaded
    assert float(ratio) <= TIMES


def test_nothing_is_said_or_connected_by_loading(kernel):
    result = kernel.run("%load_ext leonidas_jupyter")
    assert (result.status, result.stdout, result.stderr, result.outputs) == ("ok", "", "", [])


def test_loading_twice_and_unloading_leave_no_trace(kernel):
    kernel.run("%load_ext leonidas_jupyter\n%reload_ext leonidas_jupyter")
    code = (
        "%unload_ext leonidas_jupyter\n"
        "_m = get_ipython().magics_manager.magics\n"
        "print('leonidas' in _m['line'], 'leonidas' in _m['cell'],"
        " len(get_ipython().Completer.custom_matchers))\n"
        "%load_ext leonidas_jupyter"
    )
    assert kernel.run(code).stdout == "False False 0\n"


def test_the_question_mark_shows_help(kernel):
    shown = kernel.run("%leonidas?").payload_text
    for command in ("status", "projects", "upload", "load", "ask", "history"):
        assert f"  {command} " in shown
    assert "%%leonidas [--project NAME]" in shown


def test_question_marks_elsewhere_mean_what_they_meant(kernel):
    assert "Prints the values" in kernel.run("print?").payload_text
    kernel.run("text = '''\n%leonidas ask is it?\n'''")
    assert kernel.run("print(text)").stdout == "\n%leonidas ask is it?\n\n"


def test_help_says_what_a_command_takes(kernel):
    text = kernel.run("%leonidas help upload").text
    assert "--replace" in text
    assert kernel.run("%leonidas upload -h").text == text


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("%leonidas fiels", "There is no command 'fiels'; did you mean 'files'?"),
        ("%leonidas how many penguins", "to ask: %leonidas ask how many penguins"),
        ("%leonidas upload", "The following arguments are required: path; write %leonidas upload"),
        ("%leonidas load x into y", "Write %leonidas load FRAME as NAME."),
        ('%leonidas use "open', "No closing quotation: close the quotes."),
        ("%leonidas ask --intro x How many?", "There is no option '--intro'"),
        ("%leonidas ask --into class How many?", "'class' cannot be a variable"),
        ("%leonidas ask --into list How many?", "'list' is Python's own name"),
        ("%leonidas ask", "Write a question first."),
        ("%%leonidas --intro How many?", "There is no option '--intro'"),
        ("x = %leonidas ask --intro How many?", "There is no option '--intro'"),
        ("if True:\n    %leonidas ask --intro How many?", "There is no option '--intro'"),
        ("%%leonidas\n  ", "Write a question first."),
    ],
)
def test_a_mistake_is_one_red_line_and_the_cell_fails(kernel, line, sentence):
    result = kernel.run(line)
    assert result.status == "error"
    assert sentence in result.error["evalue"]
    assert result.error["traceback"] == [f"\x1b[31m{result.error['evalue']}\x1b[0m"]
    assert "\n" not in result.error["evalue"]


def test_a_failing_line_stops_the_cell(kernel):
    kernel.run("reached = False")
    kernel.run("%leonidas fiels\nreached = True")
    assert kernel.run("print(reached)").stdout == "False\n"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("%leonidas ", {"status", "projects", "use", "upload", "load", "ask", "history", "help"}),
        ("%leonidas up", {"upload"}),
        ("x = %leonidas fi", {"files"}),
        ("%leonidas upload --", {"--name", "--replace"}),
        ("%%leonidas --in", {"--into"}),
        ("%leonidas help his", {"history"}),
    ],
)
def test_the_tab_completes_commands_and_options(kernel, code, expected):
    found = kernel.complete(code)
    assert expected <= set(found)
    assert all(name.startswith(code.rpartition(" ")[2]) for name in found)


def test_the_tab_completes_paths(kernel, tmp_path):
    (tmp_path / "sales.csv").write_text("a\n1\n")
    (tmp_path / "my sales.csv").write_text("a\n1\n")
    (tmp_path / "samples").mkdir()
    (tmp_path / ".hidden").mkdir()
    found = kernel.complete(f"%leonidas upload {tmp_path}/sa")
    assert found == [f"{tmp_path}/sales.csv", f"{tmp_path}/samples/"]
    assert f'"{tmp_path}/my sales.csv"' in kernel.complete(f"%leonidas upload {tmp_path}/")


def test_other_lines_complete_as_ever(kernel):
    assert "print" in kernel.complete("prin")
    assert "%load_ext" in kernel.complete("%load_e")
