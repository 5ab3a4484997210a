"""The tool ``statistics``: from a model's call to figures, tables and the code that was run."""

import asyncio
import json
import warnings

import pytest

from leonidas_jupyter.assistant.tools import TOOLS
from leonidas_jupyter.assistant.tools.base import ToolContext, ToolFailed
from leonidas_jupyter.assistant.tools.statistics import MAX_BYTES, STATISTICS
from leonidas_jupyter.core.errors import ErrorCode, LeonidasError
from leonidas_jupyter.data.frames import Frame
from leonidas_jupyter.data.recipes.errors import RecipeFailed
from leonidas_jupyter.data.recipes.program import compile_recipe
from leonidas_jupyter.data.recipes.results import RecipeResult, ResultTable
from leonidas_jupyter.data.recipes.running import run_program
from leonidas_jupyter.data.sql import ResultColumn
from tests.data.recipe_world import frame, request_of

PATH, PROFILE = frame("cars")
CARS = Frame(name="cars", file_id="f-1", filename="cars.csv", frame_hash="ab" * 16,
             content_version=2, profile=PROFILE)  # fmt: skip


async def in_this_process(recipe):
    program = compile_recipe(recipe, {"cars": PROFILE})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = run_program(request_of(program, {"cars": PATH}), 100)
    return RecipeResult.model_validate({**result, "code": program.code})


def context(statistics=in_this_process):
    return ToolContext(frames=[CARS], query=None, statistics=statistics)


def call(arguments, within=None):
    within = within or context()
    parsed = STATISTICS.arguments.model_validate(arguments)
    return asyncio.run(STATISTICS.run(parsed, within)), STATISTICS.code_of(parsed, within)


MEAN = {"op": "aggregate", "name": "mean", "column": "Horsepower", "statistic": "mean"}
GROUPS = {"op": "groups", "name": "by origin", "by": ["Origin"], "order_by": "n",
          "measures": [{"name": "n", "statistic": "rows"}]}  # fmt: skip


def test_figures_and_tables_are_shown_with_the_code_that_made_them():
    output, code = call({"frame": " CARS ", "outputs": [MEAN, GROUPS]})
    assert output.summary == "1 figure, 1 table"
    assert code.startswith("df = cars[['Horsepower', 'Origin']]")
    (bundle,) = output.outputs
    assert bundle["application/json"] == output.result
    assert output.result["columns"] == [{"name": "mean", "type": "DOUBLE"}]
    assert output.result["rows"] == [[pytest.approx(105.0825)]]
    assert output.result["facts"] == [{"output": "mean", "used": 400, "aggregate": True}]
    (table,) = output.result["tables"]
    assert (table["name"], table["rows"][0], table["used"]) == ("by origin", ["USA", 254, 254], 73)
    assert json.loads(json.dumps(output.result)) == output.result
    assert bundle["text/markdown"].startswith(
        "| figure | value |\n| --- | --- |\n| mean | 105.082 |\n\n"
        "**by origin**\n\n| Origin | n | rows |\n| --- | --- | --- |\n| USA | 254 | 254 |"
    )
    assert [(use.name, use.content_version) for use in output.frames] == [("cars", 2)]


def test_figures_that_were_not_asked_for_are_left_out_of_what_people_see():
    test = {"op": "normality", "name": "w", "column": "Horsepower", "test": "shapiro"}
    output, _ = call({"frame": "cars", "outputs": [test]})
    assert output.result["columns"][2]["name"] == "w_critical"
    assert "critical" not in output.outputs[0]["text/markdown"]


def test_what_the_recipe_asks_wrongly_may_be_told_to_any_model():
    with pytest.raises(ToolFailed, match="did you mean 'Horsepower'") as caught:
        call({"frame": "cars", "outputs": [{**MEAN, "column": "Horsepowr"}]})
    assert caught.value.safe
    with pytest.raises(ToolFailed, match="no frame 'bikes'; there are: cars"):
        call({"frame": "bikes", "outputs": [MEAN]})
    parsed = STATISTICS.arguments.model_validate({"frame": "bikes", "outputs": [MEAN]})
    assert STATISTICS.code_of(parsed, context()) is None


def test_what_the_data_caused_may_not():
    async def failing(_recipe):
        raise RecipeFailed("In step 1 (convert): could not convert 'Ann Secret'.")

    async def gone(_recipe):
        raise LeonidasError(ErrorCode.BACKEND_UNAVAILABLE, "The store does not answer.")

    for statistics, words in ((failing, "Ann Secret"), (gone, "does not answer")):
        with pytest.raises(ToolFailed, match=words) as caught:
            call({"frame": "cars", "outputs": [MEAN]}, context(statistics))
        assert not caught.value.safe


def test_where_nothing_runs_it_models_do_not_hear_of_it():
    nowhere = context(None)
    assert not STATISTICS.offered(nowhere)
    assert STATISTICS.offered(context())
    assert STATISTICS.needs(None, nowhere) == "none"
    with pytest.raises(ToolFailed, match="use query"):
        call({"frame": "cars", "outputs": [MEAN]}, nowhere)


def test_big_tables_are_cut_and_say_so():
    async def big(_recipe):
        columns = [ResultColumn(name="a", type="VARCHAR")]
        rows = [["x" * 1000]] * 500
        tables = [ResultTable(name=name, columns=columns, rows=rows) for name in ("s", "t")]
        return RecipeResult(columns=[], rows=[], tables=tables)

    output, _ = call({"frame": "cars", "outputs": [MEAN]}, context(big))
    first, second = output.result["tables"]
    assert first["truncated"]
    assert 0 < len(json.dumps(first["rows"])) <= MAX_BYTES
    assert second["rows"] == []
    assert "Only the first" in output.outputs[0]["text/markdown"]


def test_the_schema_is_short_and_the_call_is_checked_whole():
    assert STATISTICS in TOOLS
    assert len(STATISTICS.description) <= 1024
    schema = STATISTICS.arguments.model_json_schema()
    assert len(json.dumps(schema)) < 10_000
    assert set(schema["required"]) == {"frame", "outputs"}
    ops = schema["properties"]["steps"]["items"]["properties"]["op"]["enum"]
    assert {"fill_missing", "head", "tail", "join"} <= set(ops)
    assert "correlation(x: text, y: text" in schema["properties"]["outputs"]["description"]
    with pytest.raises(ValueError, match="does not match any"):
        STATISTICS.arguments.model_validate({"frame": "cars", "outputs": [{"op": "python"}]})
    with pytest.raises(ValueError, match="Extra inputs"):
        STATISTICS.arguments.model_validate({"frame": "cars", "outputs": [MEAN], "code": "1"})
