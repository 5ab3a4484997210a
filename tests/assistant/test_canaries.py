"""Values planted in the data, in errors, outputs and files: none leaves where that is forbidden."""

import functools
import json

import pytest

from leonidas_jupyter.assistant.policy import Gate, Policy
from leonidas_jupyter.assistant.policy.statistics import proved_figures
from leonidas_jupyter.core.errors import LeonidasError
from leonidas_jupyter.core.exposure import DataExposure
from leonidas_jupyter.data.profile import FrameProfile
from leonidas_jupyter.data.recipes.results import RecipeResult
from tests.assistant.canaries import (
    ALICE,
    CELLS,
    COMMON,
    FIGURED,
    HEADED,
    OTHER,
    PICTURED,
    SALARY,
    STEPS,
    VALUES,
    Recorder,
    asked,
    frame,
)

NONE, SCHEMA, SUMMARY, AGGREGATES, ROWS = DataExposure
BELOW = (SCHEMA, SUMMARY, AGGREGATES)


@functools.cache
def told_of(level):
    """What the model got, once it has made every call."""
    told = asked(level)
    assert len(told.model.heard) == len(STEPS) + 1
    return told


@pytest.mark.parametrize("level", BELOW)
def test_no_planted_value_reaches_a_model_below_rows(level):
    heard = told_of(level).heard
    for value in (*VALUES, PICTURED, "987,654", "1931", "987654.0"):
        assert value not in heard, value


def test_at_rows_they_all_arrive_but_those_in_pictures():
    heard = told_of(ROWS).heard
    for value in VALUES:
        if value != HEADED:
            assert value in heard, value
    assert PICTURED not in heard


def test_a_local_model_sees_everything():
    heard = asked(NONE, local=True).heard
    for value in CELLS:
        assert value in heard


def test_at_none_a_remote_model_is_not_asked_at_all():
    with pytest.raises(LeonidasError, match="nothing may leave"):
        Policy(allowed_models=("m",)).gate("m", local=False, exposure=NONE)


def test_at_schema_there_are_names_and_types_and_nothing_else():
    told = told_of(SCHEMA)
    assert '"people"' in told.heard
    assert "salary" in told.heard
    for value in (COMMON, OTHER, "41", "25202.5", "1141", "1100", "30"):
        assert not any(value in json.dumps(each) for each in told.model.returned), value
    assert COMMON not in told.heard
    assert '"rows"' not in told.heard.split("data block")[1].split("messages")[0]


def test_at_summary_there_are_counts_and_what_many_share():
    told = told_of(SUMMARY)
    assert '"rows":41' in told.heard
    assert COMMON in told.heard
    assert OTHER not in told.heard  # eight rows share it
    assert "[1100,1100,1200]" in told.heard  # quartiles, two digits
    assert "25202.5" not in told.heard
    results = [each for each in told.model.returned if isinstance(each, dict) and "rows" in each]
    assert all(each["rows"] == 41 for each in results)  # of a frame; no query's rows


def test_at_aggregates_there_are_results_of_enough_rows():
    told = told_of(AGGREGATES)
    results = [each for each in told.model.returned if isinstance(each, dict)]
    groups = [each for each in results if isinstance(each.get("rows"), list) and each["rows"]]
    assert [COMMON, 1101.5, 30] in groups[0]["rows"]
    assert [[row[0] for row in each["rows"]] for each in groups] == [[COMMON]] * 2
    figures = [each["figures"] for each in results if "figures" in each]
    assert figures == [{"m": 25202.5}]
    assert OTHER not in told.heard


@pytest.mark.parametrize("level", [*BELOW, ROWS])
def test_the_user_gets_full_answers_at_every_level(level):
    last = (
        "Best paid is {{t1.0.name}} with {{t1.0.salary}}; {{t1.rows}} rows; the mean in "
        f"{{{{t3[{COMMON}].city}}}} is {{{{t3[{COMMON}].m}}}}, of {{{{t3[{COMMON}].n}}}}. "
        "Top: {{t2.0.top}}. {{t99.0.x}}"
    )
    steps = (
        ("query", {"sql": "select name, salary from people order by salary desc limit 5"}),
        *STEPS[1:3],
    )
    told = asked(level, model=Recorder(steps=steps, last=last))
    assert told.shown.startswith(
        f"Best paid is {ALICE} with 987654; 5 rows; the mean in {COMMON} is 1101.5, of 30. "
        "Top: 987654. (no such result)"
    )
    assert told.shown.endswith("*Not computed by a tool in this answer: (no such result).*")
    assert (ALICE in told.heard) == (level is ROWS)
    assert [event.ok for event in told.returned] == [True] * 3
    assert told.returned[0].outputs[0]["application/json"]["rows"][0] == [ALICE, 987654]


@pytest.mark.parametrize("level", BELOW)
def test_errors_tell_what_to_mend_in_our_own_words(level):
    told = told_of(level)
    errors = [each for each in told.model.returned if isinstance(each, str)]
    assert any(
        "A type does not fit. The query uses: id (integer), name (text)" in each for each in errors
    )
    assert any("There is no column 'nme'; near: name." in each for each in errors)
    assert any("The code failed with ValueError;" in each for each in errors)
    assert any("There is no frame 'nobody'; there are: people." in each for each in errors)


def test_an_exception_called_after_a_cell_is_just_an_error():
    from leonidas_jupyter.assistant.policy.errors import exception_type

    assert exception_type("KeyError: 'x'") == "KeyError"
    assert exception_type(f"{ALICE}: x") == "an error"
    assert exception_type("Alice: x") == "an error"
    assert exception_type("print: x") == "an error"


@pytest.mark.parametrize("level", BELOW)
def test_how_many_outputs_code_has_is_no_way_to_count(level):
    notes = [each["note"] for each in told_of(level).model.returned if "several" in str(each)]
    assert notes == ["It ran without error; several outputs are shown to the user."]


@pytest.mark.parametrize("level", BELOW)
def test_a_saved_result_is_named_and_no_more(level):
    returned = told_of(level).model.returned
    (saved, *_) = [each for each in returned if isinstance(each, dict) and "frame" in each]
    assert set(saved) == {"id", "name", "frame", "note"}
    (described,) = [
        each for each in returned if isinstance(each, dict) and each.get("name") == "saved"
    ]
    assert described["columns"] == []


@pytest.mark.parametrize("generated", [False, True])
def test_a_saved_result_proves_nothing(generated):
    """Saving can copy one row many times; then k rows are one person's."""
    model = Recorder(steps=(("query", {"sql": "select count(*) as n from people"}),))
    of_people = frame(generated=generated)
    told = asked(AGGREGATES, model=model, frames=[of_people])
    assert ("'rows': [[41]]" in told.heard) is not generated
    shown = Gate(local=False, exposure=SUMMARY).frame(of_people)
    assert bool(shown["columns"]) is not generated
    assert Gate(local=False, exposure=ROWS).frame(of_people)["columns"]


@pytest.mark.parametrize("level", BELOW)
def test_a_tool_that_the_policy_does_not_know_tells_nothing(level):
    import asyncio
    from dataclasses import replace

    from leonidas_jupyter.assistant.tools.base import ToolContext, ToolOutput
    from leonidas_jupyter.assistant.tools.query import QUERY, QueryArguments

    gate = Gate(local=False, exposure=level)
    told = asyncio.run(
        gate.returned(
            replace(QUERY, name="new_tool"),
            "t1",
            QueryArguments(sql="select 1"),
            ToolOutput(ALICE, {"rows": [[ALICE]], "columns": [{"name": ALICE}]}),
            ToolContext([frame()], None),
        )
    )
    assert set(told) == {"id", "note"}
    assert ALICE not in str(told)


@pytest.mark.parametrize("level", BELOW)
@pytest.mark.parametrize(
    "sql",
    [
        'select 1 as "my own" from people',
        "select unnest(range(3)) from people where id = 41",
        "select salary as s from people where name like 'zq%' limit 1",
    ],
)
def test_neither_names_nor_how_many_rows_there_are_carry_a_value_out(level, sql):
    """An alias is the model's own word; the number of rows could be any number of the data's."""
    told = asked(level, model=Recorder(steps=(("query", {"sql": sql}),)))
    (returned,) = told.model.returned
    assert set(returned) == {"id", "columns", "note"}
    assert str(returned["note"]).count("rows") <= 2


def test_names_that_no_word_of_the_call_made_are_not_told():
    from leonidas_jupyter.assistant.policy.results import Call, safe_names
    from leonidas_jupyter.assistant.tools.base import ToolContext, ToolOutput
    from leonidas_jupyter.assistant.tools.query import QUERY, QueryArguments

    found = {"columns": [{"name": n} for n in (ALICE, "salary", "sum(salary)", "count_star()")]}
    for sql, names in (
        ("select sum(salary) from people", ["column 0", "salary", "sum(salary)", "count_star()"]),
        ("pivot people on name using sum(salary)", []),
        (f"from (pivot people on name) -- {ALICE}", []),
    ):
        arguments, context = QueryArguments(sql=sql), ToolContext([frame()], None)
        output = ToolOutput("", found)
        gate = Gate(local=False, exposure=SCHEMA)
        assert safe_names(Call(QUERY, "t1", arguments, output, context, gate)) == names


def column(name):
    return {"op": "column", "name": name}


def compared(*names):
    each = [{"op": ">", "left": column(name), "value": 1, "right": None} for name in names]
    return [{"op": "filter", "condition": {"op": "and", "conditions": each}}]


EITHER = [{"op": "or", "conditions": compared("a", "b")[0]["condition"]["conditions"]}]
PLAIN = {"op": "aggregate", "name": "m", "column": "a", "where": None, "after": None, "q": None}


PROFILE = FrameProfile.model_validate(
    {
        "rows": 41,
        "columns": [
            {"name": name, "original_name": name, "type": "integer", "nulls": nulls,
             "distinct": distinct, "top": [{"value": 1, "count": most}]}
            for name, nulls, distinct, most in (
                ("a", 0, 41, 1), ("b", 0, 2, 20), ("flag", 0, 2, 40), ("sparse", 32, 9, 1),
            )
        ],
    }
)  # fmt: skip


@pytest.mark.parametrize(
    ("steps", "output", "passes"),
    [
        ([], {"statistic": "mean"}, True),
        (compared("a", "b"), {"statistic": "sum"}, True),
        ([{"op": "filter", "condition": EITHER[0]}], {"statistic": "sum"}, False),
        ([{"op": "derive", "name": "w", "value": 1}], {"statistic": "mean"}, False),
        ([{"op": "fill_missing", "columns": ["a"]}], {"statistic": "mean"}, False),
        ([{"op": "encode", "columns": ["a"]}], {"statistic": "mean"}, False),
        ([], {"statistic": "max"}, False),
        ([], {"statistic": "mode"}, False),
        ([], {"statistic": "mean", "where": compared("a")[0]["condition"]}, False),
        (compared("a"), {"statistic": "mean", "after": 0}, False),
        ([], {"statistic": "quantile", "q": 0.5}, True),
        ([], {"statistic": "quantile", "q": 0.9}, False),
        ([], {"op": "lookup"}, False),
        ([], {"op": "cell"}, False),
        ([], {"op": "correlation", "x": "a", "y": "b"}, True),
        ([{"op": "sort"}], {"op": "covariance", "x": "a", "y": "b"}, True),
        # One row apart from all others would be the whole of it.
        ([], {"op": "correlation", "x": "a", "y": "flag"}, False),
        ([], {"op": "covariance", "x": "flag", "y": "a"}, False),
        ([], {"op": "linear_regression", "target": "a", "features": ["b", "flag"]}, False),
        ([], {"op": "linear_regression", "target": "a", "features": ["b"]}, True),
        ([], {"op": "linear_regression", "target": "a", "features": ["b"], "test_size": 1}, False),
        (
            [],
            {
                "op": "linear_regression",
                "target": "a",
                "features": ["b"],
                "train": {"op": "<", "left": "b", "value": 3},
            },
            False,
        ),
        ([], {"op": "logistic_regression", "target": "a", "features": ["b"]}, False),
        (compared("a"), {"op": "covariance", "x": "a", "y": "b"}, False),
        ([], {"op": "covariance", "x": "a", "y": "unknown"}, False),
        ([], {"op": "correlation", "x": "a", "y": "sparse"}, False),
        # The distance at one cell, and a weight for each value.
        ([], {"op": "normality", "column": "a", "test": "kstest"}, False),
        ([], {"op": "normality", "column": "a", "test": "shapiro"}, True),
        ([], {"op": "goodness_of_fit", "column": "a", "expected": {"7": 0.1}}, False),
        ([], {"op": "goodness_of_fit", "column": "a", "expected": None}, True),
        ([], {"op": "strongest_pair"}, False),
    ],
)
def test_figures_pass_that_are_of_enough_rows_and_weigh_none(steps, output, passes):
    recipe = {"steps": steps, "outputs": [PLAIN | output]}
    assert bool(proved_figures(recipe, figures(), 10, PROFILE)) is passes
    assert proved_figures(recipe, figures(used=9), 10, PROFILE) == {}
    assert proved_figures(recipe, figures(aggregate=False), 10, PROFILE) == {}


def test_a_prediction_is_of_one_row():
    named = {"op": "linear_regression", "name": "r", "target": "a", "features": ["b"]}
    recipe = {"outputs": [named | {"where": None, "after": None}]}
    result = figures() | {
        "columns": [{"name": "r_slope"}, {"name": "r_prediction"}],
        "rows": [[1.5, FIGURED]],
        "facts": [{"output": "r", "used": 41, "aggregate": True}] * 2,
    }
    assert proved_figures(recipe, result, 10, PROFILE) == {"r_slope": 1.5}


@pytest.mark.parametrize("statistic", ["median", "quantile"])
def test_a_quantile_which_is_a_cell_passes_with_few_digits(statistic):
    recipe = {"outputs": [PLAIN | {"statistic": statistic, "q": 0.5}]}
    exact = figures()
    exact["rows"] = [[SALARY]]
    assert proved_figures(recipe, exact, 10, PROFILE) == {"m": 988_000.0}


def figures(used=41, aggregate=True):
    result = RecipeResult.model_validate(
        {
            "columns": [{"name": "m", "type": "DOUBLE"}],
            "rows": [[FIGURED]],
            "facts": [{"output": "m", "used": used, "aggregate": aggregate}],
        }
    )
    return result.model_dump(mode="json")
