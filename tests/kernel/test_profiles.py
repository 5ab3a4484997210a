"""What a profile shows: escaped, without script, with figures that fit."""

import re
from html.parser import HTMLParser

import pytest

from leonidas_jupyter.kernel.profilebars import Bar, bars_html, bars_of, bars_text
from leonidas_jupyter.kernel.profiles import FrameProfile
from leonidas_jupyter.kernel.profiletext import key_text, number_text, share_text, values_text
from leonidas_jupyter.kernel.wire import File

HOSTILE = "<script>alert(1)</script>\x1b[31m\"'&"
FILE = File("f", "p", "Sales 2024.csv", "COMPLETED", frame_name="sales", size=1_250_000)


def column(name="a", kind="integer", **more):
    return {"name": name, "original_name": name, "type": kind, "nulls": 0, "distinct": 3} | more


NUMBERS = column(
    "amount",
    "number",
    nulls=25,
    min=0.5,
    max=797.48,
    median=54.9213,
    mean=79.29161,
    std=79.0859,
    histogram=[{"low": 0, "high": 400, "count": 70}, {"low": 400, "high": 800, "count": 5}],
)
DESCRIBED = {
    "profile": {
        "rows": 100,
        "columns": [
            NUMBERS,
            column(
                HOSTILE,
                "text",
                top=[{"value": HOSTILE, "count": 60}, {"value": "", "count": 40}],
                warnings=[f"constant {HOSTILE}"],
            ),
            column("id", candidate_key=True, distinct=100, distinct_exact=False),
        ],
        "warnings": ["3 rows repeat others in every cell"],
    },
    "joins": [
        {"column": "id", "frame": "orders", "other_column": HOSTILE, "share": 0.5, "exact": False,
         "unique_here": True, "unique_there": False},
    ],
    "derived_from_names": ["raw.csv"],
}  # fmt: skip


class Tags(HTMLParser):
    """Every element and attribute; elements must be closed in order."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.names, self.open = [], set(), []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.names |= {name for name, _ in attrs}
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.open.remove(tag)


@pytest.fixture
def profile():
    return FrameProfile(FILE, DESCRIBED)


def test_html_has_no_script_and_whatever_names_hold_is_escaped(profile):
    found = Tags(profile._repr_html_())
    allowed = {"div", "b", "bdi", "span", "table", "thead", "tbody", "tr", "th", "td"}
    assert set(found.tags) <= allowed | {"svg", "rect", "title", "code", "br"}
    assert not any(name.startswith("on") for name in found.names)
    assert "http" not in profile._repr_html_()


def test_colours_are_the_pages_own(profile):
    html = profile._repr_html_()
    assert "<style" not in html
    for value in re.findall(r"[;\"](?:color|fill):([^;\"]+)", html):
        assert value.startswith(("var(", "color-mix(")), value
        assert "currentColor" in value or "," in value


def test_text_says_the_same_and_obeys_no_terminal(profile):
    text = repr(profile)
    assert "\x1b" not in text
    lines = text.splitlines()
    assert lines[0] == (
        "sales: 100 rows × 3 columns · Sales 2024.csv · 1.25 MB · computed from raw.csv"
    )
    figures = "0.5 … 797.48, median 54.9213, mean 79.29 ± 79.09"
    assert re.search(rf"amount +number +25 % +3 +█▁ +{figures}$", lines[3])
    assert "~100" in lines[5]
    assert lines[5].endswith("key")
    assert "3 rows repeat others in every cell" in text
    assert "about 50 % of the values are there, one row here, many there" in text


def test_columns_are_found_by_name_and_very_many_are_counted(profile):
    assert profile["amount"]["max"] == 797.48
    with pytest.raises(KeyError):
        profile["nothing"]
    wide = FrameProfile(FILE, {"profile": {"rows": 1, "columns": [column()] * 260}})
    assert "60 more columns" in repr(wide)
    assert wide._repr_html_().count("<td") == 200 * 7


def test_a_frame_without_rows_and_a_profile_of_an_older_server():
    empty = {"rows": 0, "columns": [column("a", "text", distinct=0)]}
    assert "0 rows × 1 column" in repr(FrameProfile(FILE, {"profile": empty}))
    assert FrameProfile(FILE, {}).columns == []
    Tags(FrameProfile(FILE, {"profile": empty})._repr_html_())


def test_bars_are_of_bins_or_of_values_that_stand_more_than_once():
    assert bars_of(NUMBERS) == [Bar("0 … 400", 70), Bar("400 … 800", 5)]
    dates = column(kind="date", histogram=[{"low": 0, "high": 86400.0, "count": 2}])
    assert bars_of(dates) == [Bar("1970-01-01 … 1970-01-02", 2)]
    once = column(kind="text", top=[{"value": "x", "count": 1}])
    assert bars_of(once) == []
    assert bars_html([], "a") == ""
    html = bars_html([Bar("<b>", 9), Bar("c", 0)], "x")
    assert "&lt;b&gt;: 9" in html
    assert 'height="0.0"' in html or 'height="0"' in html
    assert bars_text([Bar("a", 8), Bar("b", 0), Bar("c", 1)]) == "█ ▁"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (20_000, "20,000"),
        (10**16, "1e+16"),
        (79.29161, "79.29"),
        (1234.5678, "1,235"),
        (0.5, "0.5"),
        (1e-9, "1e-09"),
        (-0.012346, "-0.01235"),
        (100.0, "100"),
        ("2024-01-01T00:00:00", "2024-01-01"),
        ("2024-01-01T10:00:00", "2024-01-01 10:00:00"),
        ("x" * 30, "x" * 23 + "…"),
    ],
)
def test_figures_are_short(value, text):
    assert number_text(value) == text


def test_shares_never_round_something_to_nothing_or_to_all():
    shares = [share_text(part, 10_000) for part in (0, 1, 50, 2_500, 9_999, 10_000)]
    assert shares == ["–", "<0.1 %", "0.5 %", "25 %", ">99.9 %", "100 %"]


def test_values_in_words():
    common = column(kind="text", distinct=5, top=[{"value": v, "count": 30} for v in "abcd"])
    assert values_text(common, 120) == "a 25 %, b 25 %, c 25 %, …"
    prose = column(kind="text", min_length=2, max_length=90, mean_length=41.26)
    assert values_text(prose, 3) == "2 to 90 characters, 41.3 on average"
    estimated = column(min=1, max=9, median=5.2, quantiles_exact=False)
    assert values_text(estimated, 9) == "1 … 9, median about 5.2"


def test_joins_in_words():
    assert key_text({"share": 1.0, "exact": True, "unique_there": True}) == (
        "100 % of the values are there, many rows here, one there"
    )
    assert key_text({"share": None}) == "many to many: rows multiply"


def test_a_measure_that_differs_in_every_row_is_called_no_key():
    columns = [column(kind, kind, candidate_key=True) for kind in ("number", "integer", "text")]
    shown = repr(FrameProfile(FILE, {"profile": {"rows": 9, "columns": columns}})).splitlines()
    assert [line.endswith("key") for line in shown[3:6]] == [False, True, True]
