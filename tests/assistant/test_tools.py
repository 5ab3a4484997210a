"""What the tools give to people and to models."""

import asyncio
import json

import pytest

from leonidas_jupyter.assistant.events import ToolCalled, ToolReturned
from leonidas_jupyter.assistant.policy import Gate, Policy
from leonidas_jupyter.assistant.toolbox import MAX_OUTPUT_BYTES, Toolbox
from leonidas_jupyter.assistant.tools import TOOLS
from leonidas_jupyter.assistant.tools.base import ToolContext, ToolFailed
from leonidas_jupyter.assistant.tools.chart import CHART, VEGA_LITE
from leonidas_jupyter.assistant.tools.frames import DESCRIBE_FRAME, LIST_FRAMES
from leonidas_jupyter.assistant.tools.query import MAX_BYTES, MAX_ROWS, QUERY, frames_read
from leonidas_jupyter.assistant.tools.table import cell, markdown_table
from leonidas_jupyter.core.errors import ErrorCode, LeonidasError
from leonidas_jupyter.core.exposure import DataExposure
from leonidas_jupyter.data.errors import SqlFailed
from leonidas_jupyter.data.sql import QueryResult
from tests.chat.world import SALES, Files

LOCAL = Gate(local=True, exposure=DataExposure.ROWS)


def run(tool, arguments, context):
    return asyncio.run(tool.run(tool.arguments.model_validate(arguments), context))


def context(frames=(SALES,), result=None):
    async def query(sql, *, limit):
        return result if result is not None else await Files().query("p", sql, limit=limit)

    return ToolContext(frames, query)


def big(rows, cell_size=10):
    return QueryResult.model_validate(
        {"columns": [{"name": "a", "type": "VARCHAR"}], "rows": [["x" * cell_size]] * rows}
    )


def test_list_and_describe():
    listed = run(LIST_FRAMES, {}, context())
    assert listed.summary == "1 frame"
    assert listed.result["frames"][0]["content_version"] == 3
    described = run(DESCRIBE_FRAME, {"name": " SALES "}, context())
    assert described.summary == "sales: 3 rows, 2 columns"
    assert [c["name"] for c in described.result["columns"]] == ["region", "amount"]
    assert "| region | text | 0 | 2 |" in described.outputs[0]["text/markdown"]
    with pytest.raises(ToolFailed, match="there are: sales"):
        run(DESCRIBE_FRAME, {"name": "x"}, context())


def test_query_is_cut_by_bytes_and_says_so():
    output = run(QUERY, {"sql": "select * from sales"}, context(result=big(MAX_ROWS, 1000)))
    kept = output.outputs[0]["application/json"]
    assert kept["truncated"]
    assert 0 < len(json.dumps(kept["rows"])) <= MAX_BYTES
    assert "Only the first" in output.outputs[0]["text/markdown"]
    assert output.summary.startswith("the first ")


def test_a_querys_failure_is_the_databases_sentence():
    async def failing(sql, *, limit):
        raise SqlFailed("There is no column amont; did you mean amount?")

    async def gone(sql, *, limit):
        raise LeonidasError(ErrorCode.BACKEND_UNAVAILABLE, "The store does not answer.")

    for query, sentence in ((failing, "did you mean"), (gone, "does not answer")):
        with pytest.raises(ToolFailed, match=sentence):
            run(QUERY, {"sql": "select"}, ToolContext((SALES,), query))


def test_frames_read_are_those_that_the_query_names():
    other = SALES.model_copy(update={"name": "costs", "file_id": "f-2"})
    frames = (SALES, other)

    def names(sql):
        return [use.name for use in asyncio.run(frames_read(sql, frames))]

    assert names("select * from Sales") == ["sales"]
    assert names('with c as (select * from "costs") select * from c join sales s on 1=1') == [
        "sales",
        "costs",
    ]
    assert names("not sql at (((") == ["sales", "costs"]


def test_chart_has_its_data_inside_and_a_text():
    spec = {
        "mark": "bar",
        "title": "By region",
        "encoding": {"x": {"field": "region"}, "y": {"field": "total"}},
    }
    sql = "select region, sum(amount)::int as total from sales group by 1 order by 1"
    output = run(CHART, {"sql": sql, "spec": spec}, context())
    (bundle,) = output.outputs
    assert bundle[VEGA_LITE]["data"] == {
        "values": [{"region": "north", "total": 4}, {"region": "south", "total": 2}]
    }
    assert bundle["text/plain"] == (
        "By region — bar chart (x: region, y: total) of 2 rows, 2 columns"
    )
    assert [use.name for use in output.frames] == ["sales"]
    with pytest.raises(ToolFailed, match="gives no column"):
        run(CHART, {"sql": sql, "spec": {**spec, "encoding": {"x": {"field": "nope"}}}}, context())


def test_numbers_that_a_chart_cannot_draw_become_null():
    result = QueryResult.model_validate(
        {
            "columns": [{"name": "a", "type": "DOUBLE"}],
            "rows": [["NaN"], ["Infinity"], [1.5], [None]],
        }
    )
    spec = {"mark": "point", "encoding": {"x": {"field": "a"}}}
    output = run(CHART, {"sql": "select a from sales", "spec": spec}, context(result=result))
    values = output.outputs[0][VEGA_LITE]["data"]["values"]
    assert [value["a"] for value in values] == [None, None, 1.5, None]


def test_cells_show_exactly_their_characters_in_markdown():
    odd = "a|b*c_<img src=x>[l](u)`$\n&lt;"
    assert cell(odd) == r"a\|b\*c\_\<img src=x\>\[l\](u)\`\$ \&lt;"
    assert cell("x" * 500) == "x" * 199 + "…"
    assert [cell(v) for v in (None, True, 3, 1234567.89, 0.1 + 0.2, 12.5, 1e-9, 4.0)] == [
        "", "True", "3", "1234568", "0.3", "12.5", "1e-09", "4",
    ]  # fmt: skip
    table = markdown_table(["a"], [[n] for n in range(25)])
    assert table.endswith("| 19 |\n\n… and 5 more rows")


class Emitted(list):
    async def __call__(self, event):
        self.append(event)


def called(toolbox, name, arguments):
    tool = next(tool for tool in TOOLS if tool.name == name)
    return asyncio.run(toolbox._call(tool, arguments, 1))


def test_a_call_is_announced_before_it_runs_and_its_result_before_the_model_has_it():
    order = []

    async def emit(event):
        order.append(type(event))

    async def query(sql, *, limit):
        order.append("runs")
        return big(1)

    toolbox = Toolbox(ToolContext((SALES,), query), LOCAL, emit, Policy())
    result = called(toolbox, "query", {"sql": "select a from sales"})
    assert order == [ToolCalled, "runs", ToolReturned]
    assert result["id"] == "t1"


def test_an_answer_has_room_for_so_many_outputs_and_keeps_the_light_ones():
    emitted = Emitted()
    toolbox = Toolbox(context(result=big(MAX_ROWS, 90)), LOCAL, emitted, Policy())
    for _ in range(6):
        called(toolbox, "query", {"sql": "select a from sales"})
    outputs = [event.outputs for event in emitted if isinstance(event, ToolReturned)]
    assert "application/json" in outputs[0][0]
    assert "application/json" not in outputs[-1][0]
    assert "text/markdown" in outputs[-1][0]
    assert len(json.dumps(outputs)) < MAX_OUTPUT_BYTES + 6 * 8_000


def test_the_tools_tell_models_what_they_take():
    for tool in TOOLS:
        schema = tool.arguments.model_json_schema()
        assert schema["additionalProperties"] is False
        assert tool.description
