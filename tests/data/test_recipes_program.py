"""The program itself: it is what runs, it runs in a notebook, and nothing else can get into it."""

import ast
import builtins
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leonidas_jupyter.data.profile import ColumnProfile, FrameProfile
from leonidas_jupyter.data.recipes.errors import RecipeFailed, RecipeRefused
from leonidas_jupyter.data.recipes.grammar import grammar_of_outputs, grammar_of_steps
from leonidas_jupyter.data.recipes.guard import check_program, confined, names_for
from leonidas_jupyter.data.recipes.program import code_of, compile_recipe
from leonidas_jupyter.data.recipes.running import run_program
from leonidas_jupyter.data.recipes.steps import Recipe
from tests.data.recipe_world import figures, frame, request_of, run

LOANS = [
    {"op": "fill_missing", "columns": ["Horsepower"], "method": "median"},
    {"op": "derive", "name": "ratio", "value": {"op": "/", "left": "Horsepower",
                                                "right": "Weight_in_lbs"}},
]  # fmt: skip
OUTPUTS = [
    {"op": "aggregate", "name": "mean", "column": "ratio", "statistic": "mean"},
    {"op": "correlation", "name": "c", "x": "ratio", "y": "Miles_per_Gallon"},
]


def column_of(name, type_="integer", **more):
    return ColumnProfile(name=name, original_name=name, type=type_, nulls=0, distinct=3, **more)


def profile(*columns):
    made = [each if isinstance(each, ColumnProfile) else column_of(each) for each in columns]
    return FrameProfile(rows=3, columns=made)


def code(steps, outputs, frames=None, name="t"):
    recipe = Recipe.model_validate({"frame": name, "steps": steps, "outputs": outputs})
    return code_of(recipe, frames or {"t": profile("a", "b")})


def test_it_reads_as_a_person_would_write_it():
    recipe = Recipe.model_validate({"frame": "cars", "steps": LOANS, "outputs": OUTPUTS})
    text = code_of(recipe, {"cars": frame("cars")[1]})
    assert (
        text
        == """\
from scipy import stats

df = cars[['Miles_per_Gallon', 'Horsepower', 'Weight_in_lbs']].astype({'Horsepower': 'float'})

df['Horsepower'] = df['Horsepower'].fillna(df['Horsepower'].median())
df['ratio'] = df['Horsepower'] / df['Weight_in_lbs']

mean = df['ratio'].mean()

complete = df[['ratio', 'Miles_per_Gallon']].dropna()
c_r, c_p = stats.pearsonr(complete['ratio'], complete['Miles_per_Gallon'])
c_n = len(complete)

rows_used = {
    'mean': df['ratio'].count(),
    'c': len(complete),
}
"""
    )


def test_only_the_columns_that_it_needs_are_read():
    def read(steps, outputs):
        recipe = Recipe.model_validate({"frame": "cars", "steps": steps, "outputs": outputs})
        return compile_recipe(recipe, {"cars": frame("cars")[1]}).read["cars"]

    every = [column.name for column in frame("cars")[1].columns]
    assert read(LOANS, OUTPUTS) == ["Miles_per_Gallon", "Horsepower", "Weight_in_lbs"]
    assert read([], [{"op": "rows", "name": "n"}]) == ["Name"]
    assert read([{"op": "drop_missing"}], [{"op": "rows", "name": "n"}]) == every
    assert read([], [{"op": "table", "name": "n"}]) == every
    chosen = [{"op": "select", "columns": ["Name"]}]
    assert read(chosen, [{"op": "table", "name": "n"}]) == ["Name"]
    assert read(chosen, [{"op": "table", "name": "n", "after": 0}]) == every


def test_it_runs_in_a_notebook_as_it_stands_and_leaves_the_frame_alone():
    import pandas as pd

    from leonidas_jupyter.data.recipes.running import load

    path, known = frame("cars")
    names = {"cars": load(str(path), [column.name for column in known.columns])}
    untouched = names["cars"].copy()
    recipe = {"frame": "cars", "steps": LOANS, "outputs": OUTPUTS}
    result = run(recipe)
    exec(result.code, names)  # noqa: S102 - as a notebook would
    assert [names["mean"], names["c_r"], names["c_p"], names["c_n"]] == result.rows[0]
    pd.testing.assert_frame_equal(names["cars"], untouched)


def test_frames_called_like_what_programs_use():
    csv = "a,b\n1,2\n3,5\n"
    output = [{"op": "correlation", "name": "stats", "x": "a", "y": "b"},
              {"op": "aggregate", "name": "len", "column": "a", "statistic": "rows"},
              {"op": "aggregate", "name": "df", "column": "a", "statistic": "skewness",
               "bias": True},
              {"op": "value_counts", "name": "pd", "column": "a"}]  # fmt: skip
    for name in ("stats", "pd", "np", "df", "table", "rows_used", "len"):
        found = figures({"frame": name, "outputs": output}, **{name: csv})
        assert (found["stats_r"], found["len"]) == (1, 2), name


def test_frames_whose_names_are_no_variables_are_refused():
    for name in ("a b", "import os", "1a", "class", ""):
        with pytest.raises((RecipeRefused, ValueError)):
            code([], [{"op": "rows", "name": "n"}], {name: profile("a")}, name)


HOSTILE = [
    "'] or __import__('os').system('touch pwned') or df['",
    '"""\nimport os\nos.system("x")\n"""',
    "\\'+open('/etc/passwd').read()+\\'",
    "{__import__('os')}", "{0.__class__}", "\n\nraise SystemExit\n#", "a\\", "\x00",
    "np.inf; import os", "%s%(x)s", "`x`", "`", "@x", "__class__", "\u2028import os",
]  # fmt: skip


def literals_only(text):
    """Every name and attribute of a program; the literals are left out."""
    return {
        node.id if isinstance(node, ast.Name) else node.attr
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Name | ast.Attribute)
    }


def everywhere(evil):
    """A recipe with a text wherever one can stand, and the frame for it."""
    frames = {"t": profile(evil, column_of("c", "text"), column_of("d", "date"), "n"),
              "o": profile(column_of(evil), column_of("x", "text"))}  # fmt: skip
    text, number = {"op": "constant", "value": evil}, {"op": "abs", "value": evil}
    short = evil[:20] or "x"
    steps = [
        {"op": "fill_missing", "columns": ["c"], "method": "constant", "value": evil},
        {"op": "convert", "columns": ["c"], "to": "datetime", "format": evil[:60]},
        {"op": "convert", "columns": ["c"], "to": "text"},
        {"op": "derive", "name": evil, "value": number},
        {
            "op": "derive",
            "name": evil + "1",
            "value": {
                "op": "if",
                "condition": {"op": "==", "left": "c", "value": evil},
                "then": text,
                "otherwise": text,
            },
        },
        {
            "op": "derive",
            "name": "r",
            "value": {"op": "replace", "value": "c", "old": short, "new": short},
        },
        {"op": "derive", "name": "s", "value": {"op": "split", "value": "c", "separator": short}},
        {
            "op": "derive",
            "name": "k",
            "value": {"op": "concatenate", "values": ["c", text], "separator": short},
        },
        {
            "op": "derive",
            "name": "h",
            "value": {"op": "shift", "value": evil, "by": [evil], "order_by": evil},
        },
        {
            "op": "filter",
            "condition": {
                "op": "or",
                "conditions": [
                    {"op": "contains", "left": "c", "text": evil[:200]},
                    {"op": "starts_with", "left": "c", "text": evil[:200]},
                    {"op": "in", "left": "c", "values": [evil]},
                    {"op": "not_null", "left": evil},
                ],
            },
        },
        {"op": "map", "column": "c", "values": [{"old": evil, "new": evil}], "into": evil + "2"},
        {"op": "bin", "column": "n", "into": evil + "3", "edges": [0, 1], "labels": [evil]},
        {"op": "scale", "columns": [evil], "method": "z_score", "into": [evil + "4"]},
        {"op": "treat_outliers", "columns": [evil], "method": "iqr"},
        {"op": "join", "frame": "o", "on": [evil], "how": "left", "suffix": short},
        {"op": "sort", "columns": [evil]},
        {"op": "drop_duplicates", "columns": [evil]},
        {"op": "rename", "names": {"x": evil + "5"}},
        {"op": "encode", "columns": [evil + "2"], "method": "codes"},
    ]
    measure = {"name": evil + "6", "statistic": "iqr", "column": evil}
    name = evil[:90]
    outputs = [
        {"op": "aggregate", "name": name, "column": evil, "statistic": "mean"},
        {"op": "groups", "name": name + "g", "by": ["c"], "measures": [measure],
         "order_by": evil + "6", "min_rows": 2},
        {"op": "value_counts", "name": name + "v", "column": evil},
        {"op": "correlation", "name": name + "c", "x": evil, "y": "n"},
        {"op": "linear_regression", "name": name + "l", "target": evil, "features": ["n"]},
        {"op": "compare_groups", "name": name + "t", "test": "anova", "column": evil, "by": "c",
         "groups": [evil, evil + "7"]},
        {"op": "strongest_pair", "name": name + "s", "columns": [evil, "n"], "target": evil},
        {"op": "crosstab", "name": name + "x", "rows": evil, "columns": "c"},
        {"op": "lookup", "name": name + "k", "column": "c", "by": evil},
        {"op": "outlier_list", "name": name + "o", "column": evil, "method": "iqr",
         "columns": ["c"]},
        {"op": "goodness_of_fit", "name": name + "f", "column": "c", "expected": {evil: 1.0}},
        {"op": "compute", "name": name + "z", "value": {"op": "if", "condition": {
            "op": ">", "left": {"op": "result", "name": name}, "value": 0},
            "then": text, "otherwise": {"op": "constant", "value": "no"}}},
    ]  # fmt: skip
    return steps, outputs, frames


def variables(text):
    """The names that a program assigns."""
    return {
        node.id
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


OWN_NAMES = frozenset("cdnxrskht")
"""Columns of that recipe that are called so in any case."""

TAME = code(*everywhere("q"))


def check_everywhere(evil):
    steps, outputs, frames = everywhere(evil)
    text = code(steps, outputs, frames)
    check_program(text)
    # Whatever the text is, the program uses the names that any text would have it use.
    assert literals_only(text) - variables(text) == literals_only(TAME) - variables(TAME)
    assert [type(node) for node in ast.parse(text).body] == [
        type(node) for node in ast.parse(TAME).body
    ]


@pytest.mark.parametrize("evil", HOSTILE)
def test_hostile_names_and_values_stay_literals(evil):
    check_everywhere(evil)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(min_size=1, max_size=40).filter(lambda text: text not in OWN_NAMES))
def test_any_text_stays_a_literal(evil):
    check_everywhere(evil)


def test_hostile_cells_and_names_run():
    evil = "'] + __import__('os').name + ['"
    csv = f'id,"{evil}"\n1,4\n2,6\n'
    output = {"op": "aggregate", "name": evil, "column": evil, "statistic": "mean"}
    found = figures({"frame": "t", "outputs": [output]}, t=csv)
    assert found == {evil: 5}


@pytest.mark.parametrize(
    "program",
    [
        "import os", "import pandas", "from os import system", "x = open('f')\nx.read()",
        "df.to_csv('x')", "pd.read_csv('x')", "df.eval('1')", "df.query('1')", "x = ().__class__",
        "np.load('x')", "def f(): pass", "class A: pass", "global x", "with x: pass",
        "x = __builtins__", "while True: pass", "x = f'{y}'", "del df", "exec('1')\nx.y",
        "try:\n    x = 1\nexcept: pass", "assert x", "x: int = 1", "x = (yield)", "stats.os",
    ],
)  # fmt: skip
def test_the_guard_refuses_what_no_template_writes(program):
    if program.startswith("exec"):
        names = names_for({})
        with pytest.raises(NameError):
            exec("exec('1')", names)  # noqa: S102
        return
    with pytest.raises((RecipeRefused, SyntaxError)):
        check_program(program)


def test_a_program_has_few_functions_and_none_that_reaches_out():
    given_names = names_for({})["__builtins__"]
    for name in ("open", "eval", "exec", "compile", "getattr", "globals", "input", "vars", "type"):
        assert name not in given_names
        assert hasattr(builtins, name)
    request = request_of(compile_recipe(
        Recipe.model_validate({"frame": "cars", "outputs": [{"op": "rows", "name": "n"}]}),
        {"cars": frame("cars")[1]}), {"cars": frame("cars")[0]})  # fmt: skip
    with pytest.raises(RecipeRefused, match="was not run"):
        run_program({**request, "code": "n = cars.to_csv('x')"}, 100)
    with pytest.raises(RecipeFailed, match="name 'open' is not defined"):
        run_program({**request, "code": "n = open('x')"}, 100)


CONFINED = """
import sys
from leonidas_jupyter.data.recipes.guard import Forbidden, confined
import socket, subprocess, os, tempfile
tries = {
    "read": lambda: open("/etc/hostname").read(),
    "write": lambda: open(os.path.join(tempfile.gettempdir(), "x"), "w"),
    "library": lambda: open(os.__file__, "a"),
    "connect": lambda: socket.create_connection(("127.0.0.1", 9), timeout=1),
    "start": lambda: subprocess.run([sys.executable, "-c", ""]),
    "system": lambda: os.system("true"),
    "remove": lambda: os.remove("/nonexistent"),
}
for name, attempt in tries.items():
    try:
        with confined():
            attempt()
    except Forbidden:
        print(name, "forbidden")
    except BaseException as error:
        print(name, type(error).__name__)
with confined():
    import colorsys
open("/etc/hostname").close()
print("free again")
"""


def test_while_it_runs_the_process_reaches_nothing():
    # In a process of its own: an audit hook cannot be taken away again.
    done = subprocess.run(
        [sys.executable, "-c", CONFINED], capture_output=True, text=True, timeout=60, check=True
    )
    *tries, last = done.stdout.splitlines()
    assert last == "free again"
    assert tries == [f"{line.split()[0]} forbidden" for line in tries]
    assert len(tries) == 7


def test_confinement_ends():
    with confined():
        pass
    with open(__file__) as this:
        assert this.readline()


def test_an_error_names_the_step_or_output():
    steps = [{"op": "head", "rows": 1}, {"op": "sample", "rows": 9, "seed": 1}]
    with pytest.raises(RecipeFailed, match=r"^In step 2 \(sample\): "):
        run({"frame": "cars", "steps": steps, "outputs": [{"op": "rows", "name": "n"}]})
    cell = {"op": "cell", "name": "x", "column": "Name", "row": 999}
    with pytest.raises(RecipeFailed, match=r"^In the output 'x': there are not so many rows"):
        run({"frame": "cars", "outputs": [{"op": "rows", "name": "n"}, cell]})
    none = {"op": "filter", "condition": {"op": "==", "left": "Name", "value": "nobody"}}
    top = {"op": "lookup", "name": "x", "column": "Name", "by": "Horsepower"}
    with pytest.raises(RecipeFailed, match=r"^In the output 'x': there are no values left"):
        run({"frame": "cars", "steps": [none], "outputs": [top]})


def test_shapes_refuse_what_they_do_not_know():
    rows = {"op": "rows", "name": "n"}
    for wrong, words in [
        ({"frame": "t", "outputs": [{**rows, "code": "x"}]}, "extra"),
        ({"frame": "t", "outputs": []}, "at least 1"),
        ({"frame": "t", "outputs": [rows, rows]}, "a name of its own"),
        ({"frame": "t", "outputs": [{**rows, "after": 1}]}, "there are 0"),
        ({"frame": "t", "steps": [{"op": "eval"}], "outputs": [rows]}, "does not match any"),
        ({"frame": "t", "outputs": [{"op": "aggregate", "name": "q", "column": "a",
                                     "statistic": "quantile"}]}, "q goes with"),
        ({"frame": "t", "steps": [{"op": "sample", "seed": 1}], "outputs": [rows]}, "either rows"),
        ({"frame": "t", "steps": [{"op": "train_test", "test_size": 0.3, "keep": "test"}],
          "outputs": [rows]}, "needs a seed"),
        ({"frame": "t", "steps": [{"op": "derive", "name": "x", "value": float("nan")}],
          "outputs": [rows]}, "finite"),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=words):
            Recipe.model_validate(wrong)


@pytest.mark.parametrize("depth", [50, 150, 240])
def test_deep_expressions_run_or_are_refused(depth):
    value = "a"
    for _ in range(depth):
        value = {"op": "abs", "value": {"op": "+", "left": 1, "right": value}}
    steps = [{"op": "derive", "name": "x", "value": value}]
    outputs = [{"op": "cell", "name": "n", "column": "x"}]
    try:
        found = figures({"frame": "t", "steps": steps, "outputs": outputs}, t="a,b\n3,4\n")
    except (RecipeRefused, ValueError) as error:
        sentence = str(error)
        found = {"n": 3 + depth} if "nested" in sentence or "ecursion" in sentence else {}
    assert found == {"n": 3 + depth}


def test_a_result_that_is_not_there_yet():
    later = {"op": "compute", "name": "c", "value": {"op": "result", "name": "n"}}
    with pytest.raises(RecipeRefused, match=r"no earlier result 'n'; there are: none yet"):
        code([], [later, {"op": "rows", "name": "n"}])
    with pytest.raises(RecipeRefused, match="takes earlier results, not the column 'a'"):
        code([], [{"op": "compute", "name": "c", "value": "a"}])


def test_the_grammar_names_every_op():
    steps, outputs = grammar_of_steps(), grammar_of_outputs()
    for word in ("fill_missing(", "train_test(", "==|!=|", "rolling_mean|", "statistic(S", "expr"):
        assert word in steps
    for word in ("linear_regression(", "_prediction", "compute(value: expr)", "compare_two("):
        assert word in outputs
    assert len(steps) + len(outputs) < 9_000
