"""Only what is on the allow-list reaches a renderer."""

import pytest

from leonidas_jupyter.assistant.tools.vegalite import NotAChart, checked

COLUMNS = ["region", "amount", "Total.Rev [€]"]
BAR = {"mark": "bar", "encoding": {"x": {"field": "region"}, "y": {"field": "amount"}}}


@pytest.mark.parametrize(
    "spec",
    [
        BAR,
        {**BAR, "title": "Sales", "width": 300, "height": "container"},
        {**BAR, "$schema": "https://vega.github.io/schema/vega-lite/v5.json"},
        {"mark": {"type": "line", "point": True, "color": "#123456"}, "encoding": {}},
        {"mark": {"type": "line", "point": {"size": 40}}, "encoding": {}},
        {
            "mark": "arc",
            "encoding": {
                "theta": {"field": "amount", "type": "quantitative", "stack": True},
                "color": {"field": "region", "scale": {"scheme": "tableau10"}, "legend": None},
            },
        },
        {
            "mark": "bar",
            "encoding": {
                "x": {"field": "amount", "bin": {"maxbins": 20}, "axis": {"format": ".2f"}},
                "y": {"aggregate": "count"},
                "tooltip": [{"field": "region"}, {"field": "amount"}],
                "order": {"field": "amount", "sort": "descending"},
                "row": {"field": "region", "header": {"title": "R"}},
            },
        },
        {
            "layer": [
                {"mark": "point", "encoding": {"x": {"field": "amount"}}},
                {"mark": "rule", "encoding": {"y": {"datum": 3}}},
            ],
            "encoding": {"color": {"value": "red"}},
            "resolve": {"scale": {"y": "independent"}},
        },
        {"mark": "bar", "encoding": {"x": {"field": "region", "sort": {"field": "amount"}}}},
    ],
)
def test_ordinary_charts_pass(spec):
    clean = checked(spec, COLUMNS)
    assert "$schema" not in clean
    assert set(clean) <= {"mark", "encoding", "layer", "title", "width", "height", "resolve"}


URL = "https://evil.example/x.png"


@pytest.mark.parametrize(
    "spec",
    [
        {**BAR, "data": {"url": URL}},
        {**BAR, "datasets": {"a": []}},
        {**BAR, "transform": [{"lookup": "x", "from": {"data": {"url": URL}}}]},
        {**BAR, "params": [{"name": "p", "bind": {"element": "#id"}}]},
        {**BAR, "config": {"mark": {"href": URL}}},
        {**BAR, "usermeta": {"embedOptions": {"loader": {"baseURL": URL}}}},
        {**BAR, "title": {"text": "x", "href": URL}},
        {**BAR, "width": 10**6},
        {**BAR, "width": True},
        {"mark": "image", "encoding": {"url": {"field": "region"}}},
        {"mark": "geoshape", "encoding": {}},
        {"mark": {"type": "bar", "href": URL}, "encoding": {}},
        {"mark": {"type": "bar", "url": URL}, "encoding": {}},
        {"mark": {"type": "bar", "fill": f"url({URL})"}, "encoding": {}},
        {"mark": {"type": "bar", "fill": f"URL ({URL})"}, "encoding": {}},
        {"mark": {"type": "bar", "color": {"expr": "alert(1)"}}, "encoding": {}},
        {"mark": "bar", "encoding": {"href": {"value": URL}}},
        {"mark": "bar", "encoding": {"url": {"value": URL}}},
        {"mark": "bar", "encoding": {"x": {"field": "region", "axis": {"labelExpr": "1"}}}},
        {"mark": "bar", "encoding": {"x": {"condition": {"test": "1"}, "field": "region"}}},
        {"mark": "bar", "encoding": {"x": {"field": {"repeat": "row"}}}},
        {"mark": "bar", "encoding": {"x": {"field": "nothing"}}},
        {"mark": "bar", "encoding": {"x": {"field": "region", "type": "geojson"}}},
        {"mark": "bar", "encoding": {"x": {"field": "region", "sort": {"field": "nothing"}}}},
        {"mark": "bar", "encoding": {"x": {"value": {"expr": "1"}}}},
        {"mark": "bar", "encoding": {"x": ["region"]}},
        {"mark": "bar", "encoding": []},
        {"encoding": {}},
        {"layer": []},
        {"layer": [BAR] * 9},
        {"layer": [{**BAR, "data": {"url": URL}}]},
        {"mark": ["bar"]},
        {"mark": {"type": ["bar"]}},
        {"mark": "bar", "encoding": {"x": {"field": "region", "type": ["nominal"]}}},
        {"mark": "bar", "encoding": {"x": {"field": ["region"]}}},
        {"hconcat": [BAR]},
        {**BAR, "title": "x" * 301},
        {**BAR, "resolve": {"scale": {"y": {"a": 1}}}},
    ],
)
def test_everything_else_is_refused(spec):
    with pytest.raises(NotAChart) as refused:
        checked(spec, COLUMNS)
    assert refused.value.sentence
    assert "\n" not in refused.value.sentence


def test_odd_column_names_are_escaped_and_shown_as_they_are():
    clean = checked({"mark": "bar", "encoding": {"x": {"field": "Total.Rev [€]"}}}, COLUMNS)
    assert clean["encoding"]["x"] == {
        "field": "Total\\.Rev \\[€\\]",
        "title": "Total.Rev [€]",
    }
