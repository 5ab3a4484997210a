"""Every step beside pandas written by hand, with missing values everywhere."""

import numpy as np
import pandas as pd
import pytest

from leonidas_jupyter.data.recipes.errors import RecipeFailed, RecipeRefused
from tests.data.recipe_world import column, figures, reference, run, table

GAPS = """id,g,n,x,t,when
1,a,10,1.5,red,2020-01-31
2,a,,2.5,,2020-02-29
3,b,30,,red,
4,b,40,4.5,blue,2021-03-01
5,,50,5.5,,2021-03-02
6,a,10,1.5,red,2020-01-31
"""


def after(steps, name, csv=GAPS):
    return column(name, steps, csv)


def refused(steps, csv=GAPS):
    with pytest.raises(RecipeRefused) as caught:
        run({"frame": "t", "steps": steps, "outputs": [{"op": "rows", "name": "n"}]}, t=csv)
    return caught.value.sentence


def whole(steps, csv=GAPS):
    (found,) = run({"frame": "t", "steps": steps, "outputs": [{"op": "table", "name": "all"}]},
                   t=csv).tables  # fmt: skip
    return [c.name for c in found.columns], found.rows


def test_drop_missing():
    assert after([{"op": "drop_missing"}], "id") == [1, 4, 6]
    assert after([{"op": "drop_missing", "columns": ["g", "n"]}], "id") == [1, 3, 4, 6]
    assert after([{"op": "drop_missing", "columns": ["t", "when"], "how": "all"}], "id") == [
        1, 2, 3, 4, 5, 6,
    ]  # fmt: skip


def test_drop_duplicates():
    columns = ["g", "n", "x"]
    step = {"op": "drop_duplicates", "columns": columns}
    assert after([step], "id") == [1, 2, 3, 4, 5]
    assert after([{**step, "keep": "last"}], "id") == [2, 3, 4, 5, 6]
    assert after([{**step, "keep": "none"}], "id") == [2, 3, 4, 5]
    assert after([{"op": "drop_duplicates"}], "id") == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("name", "method", "expected"),
    [
        ("n", "mean", [10, 28, 30, 40, 50, 10]),
        ("n", "median", [10, 30, 30, 40, 50, 10]),
        ("n", "mode", [10, 10, 30, 40, 50, 10]),
        ("n", "min", [10, 10, 30, 40, 50, 10]),
        ("n", "max", [10, 50, 30, 40, 50, 10]),
        ("n", "zero", [10, 0, 30, 40, 50, 10]),
        ("n", "ffill", [10, 10, 30, 40, 50, 10]),
        ("n", "bfill", [10, 30, 30, 40, 50, 10]),
        ("n", "interpolate", [10, 20, 30, 40, 50, 10]),
        ("t", "mode", ["red", "red", "red", "blue", "red", "red"]),
        ("t", "ffill", ["red", "red", "red", "blue", "blue", "red"]),
    ],
)
def test_fill_missing(name, method, expected):
    assert after([{"op": "fill_missing", "columns": [name], "method": method}], name) == expected


def test_fill_missing_with_constants_and_within_groups():
    def filled(name, **options):
        return after([{"op": "fill_missing", "columns": [name], **options}], name)

    assert filled("t", method="constant", value="none")[1] == "none"
    assert filled("n", method="constant", value=0.5)[1] == 0.5
    assert filled("when", method="constant", value="2000-01-01")[2] == "2000-01-01"
    assert filled("n", method="mean", by=["g"]) == [10, 10, 30, 40, 50, 10]
    assert filled("x", method="median", by=["g"]) == [1.5, 2.5, 4.5, 4.5, 5.5, 1.5]
    assert filled("t", method="mode", by=["g"]) == ["red", "red", "red", "blue", None, "red"]
    assert filled("x", method="bfill", by=["g"]) == [1.5, 2.5, 4.5, 4.5, 5.5, 1.5]
    assert "'t' holds text" in refused([{"op": "fill_missing", "columns": ["t"],
                                         "method": "mean"}])  # fmt: skip
    assert "'t' holds text" in refused([{"op": "fill_missing", "columns": ["t"],
                                         "method": "interpolate"}])  # fmt: skip
    assert "not by groups" in refused([{"op": "fill_missing", "columns": ["n"],
                                        "method": "interpolate", "by": ["g"]}])  # fmt: skip
    assert "holds text" in refused([{"op": "fill_missing", "columns": ["t"],
                                     "method": "constant", "value": 1}])  # fmt: skip


WRITTEN = """id,money,share,mixed,day,clock,short,plain
1,"$1,234.50",12%,7,03/02/2020,01:02:03,02:05,5
2,€99,0.5%,x9,31/12/2020,00:00:10,00:07,6
3,,,"1,5",,,,
4,"-2,000",100 %,"1,500",bad,10:00:00,x,7
"""


def test_convert_to_numbers():
    def converted(name, to="number", **options):
        return after([{"op": "convert", "columns": [name], "to": to, **options}], name, WRITTEN)

    assert converted("money") == [1234.5, 99, None, -2000]
    assert converted("share") == [12, 0.5, None, 100]
    assert converted("mixed") == [7, None, None, 1500]
    assert converted("money", "integer") == [None, 99, None, -2000]
    assert converted("plain") == [5, 6, None, 7]
    assert converted("plain", "text") == ["5", "6", None, "7"]
    assert converted("clock", "seconds") == [3723, 10, None, 36000]
    assert converted("short", "seconds") == [125, 7, None, None]
    assert converted("day", "datetime", format="%d/%m/%Y")[:3] == [
        "2020-02-03T00:00:00", "2020-12-31T00:00:00", None,
    ]  # fmt: skip
    assert converted("day", "datetime", day_first=True)[0] == "2020-02-03T00:00:00"


def test_convert_dates_and_numbers_of_dates():
    step = {"op": "convert", "columns": ["d"], "to": "datetime"}
    csv = "id,d\n1,20200131\n2,\n3,20201231\n"
    found = after([{**step, "format": "%Y%m%d"}], "d", csv)
    assert found == ["2020-01-31T00:00:00", None, "2020-12-31T00:00:00"]
    assert "Say in format" in refused([step], csv)
    assert after([{"op": "convert", "columns": ["when"], "to": "text"}], "when")[0] == "2020-01-31"
    assert "holds dates" in refused([{"op": "convert", "columns": ["when"], "to": "number"}])


def test_bin():
    step = {"op": "bin", "column": "n", "into": "c"}
    csv = "id,n\n1,0\n2,10\n3,15\n4,20\n5,\n6,99\n"
    edges = {**step, "edges": [0, 10, 20]}
    assert after([edges], "c", csv) == [None, "(0, 10]", "(10, 20]", "(10, 20]", None, None]
    assert after([{**edges, "right": False}], "c", csv)[:4] == [
        "[0, 10)", "[10, 20)", "[10, 20)", None,
    ]  # fmt: skip
    named = {**edges, "labels": ["low", "high"], "include_lowest": True}
    assert after([named], "c", csv) == ["low", "low", "high", "high", None, None]
    wide = {**step, "edges": [float("-inf"), 15, float("inf")], "labels": ["z", "a"]}
    counted = [wide, {"op": "group", "by": ["c"], "measures": [{"name": "n", "statistic": "rows"}]}]
    assert whole(counted, csv)[1] == [["z", 3], ["a", 2]]
    halves = {**step, "method": "quantiles", "count": 2, "labels": ["lower", "upper"]}
    assert after([halves], "c", csv) == ["lower", "lower", "lower", "upper", None, "upper"]
    thirds = {**step, "method": "width", "count": 3}
    wanted = pd.cut(pd.Series([0, 10, 15, 20, None, 99]), 3).astype(str)
    assert [str(each) for each in after([thirds], "c", csv)[:4]] == list(wanted[:4])
    with pytest.raises(ValueError, match="2 classes take 2 labels"):
        after([{**edges, "labels": ["one"]}], "c", csv)


def test_classes_can_be_filtered_counted_and_are_in_their_order():
    named = {"op": "bin", "column": "Horsepower", "into": "power",
             "edges": [0, 100, 150, 1000], "labels": ["weak", "middle", "strong"]}  # fmt: skip
    cars = reference("cars")
    power = pd.cut(cars["Horsepower"], [0, 100, 150, 1000], labels=["weak", "middle", "strong"])
    outputs = [{"op": "value_counts", "name": "v", "column": "power", "order": "value"}]
    rows = table({"frame": "cars", "steps": [named], "outputs": outputs})
    assert [row[:2] for row in rows] == [
        [name, (power == name).sum()] for name in ["weak", "middle", "strong"]
    ]
    strong = {"op": "filter", "condition": {"op": "==", "left": "power", "value": "strong"}}
    outputs = [{"op": "rows", "name": "n"}]
    found = figures({"frame": "cars", "steps": [named, strong], "outputs": outputs})
    assert found["n"] == (power == "strong").sum()


def test_map_values():
    step = {"op": "map", "column": "t", "values": [{"old": "red", "new": "R"}]}
    assert after([step], "t") == ["R", None, "R", "blue", None, "R"]
    assert after([{**step, "otherwise": "missing"}], "t") == ["R", None, "R", None, None, "R"]
    other = {**step, "otherwise": "default", "default": "?", "into": "u"}
    assert after([other], "u") == ["R", "?", "R", "?", "?", "R"]
    numbers = {**step, "values": [{"old": "red", "new": 1}, {"old": "blue", "new": 0}]}
    assert after([numbers], "t") == [1, None, 1, 0, None, 1]
    total = figures({"frame": "t", "steps": [numbers], "outputs": [
        {"op": "aggregate", "name": "s", "column": "t", "statistic": "sum"}]}, t=GAPS)  # fmt: skip
    assert total == {"s": 3}
    swapped = {
        "op": "map",
        "column": "n",
        "values": [{"old": 10, "new": 40}, {"old": 40, "new": 10}],
    }
    assert after([swapped], "n") == [40, None, 30, 10, 50, 40]


def test_encode():
    codes = [{"op": "encode", "columns": ["t", "g"], "method": "codes"}]
    assert after(codes, "t") == [1, None, 1, 0, None, 1]
    assert after(codes, "g") == [0, 0, 1, 1, None, 0]
    names, rows = whole([{"op": "select", "columns": ["id", "t"]},
                         {"op": "encode", "columns": ["t"], "method": "one_hot"}])  # fmt: skip
    assert names == ["id", "t_blue", "t_red"]
    assert rows[:2] == [[1, 0, 1], [2, 0, 0]]
    dropped = {"op": "encode", "columns": ["t"], "method": "one_hot", "drop_first": True}
    outputs = [{"op": "aggregate", "name": "s", "column": "t_red", "statistic": "sum"},
               {"op": "correlation", "name": "c", "x": "t_red", "y": "id"}]  # fmt: skip
    found = figures({"frame": "t", "steps": [dropped], "outputs": outputs}, t=GAPS)
    assert found["s"] == 3
    fail = {"frame": "t", "steps": [dropped], "outputs": [
        {"op": "aggregate", "name": "s", "column": "t_blue", "statistic": "sum"}]}  # fmt: skip
    with pytest.raises(RecipeFailed, match="In the output 's': there is no column"):
        run(fail, t=GAPS)


@pytest.mark.parametrize(
    ("method", "options", "first"),  # scikit-learn's scalers, on the values that are there
    [
        ("z_score", {}, [0.6435256905947944, 1.5474445897948665, 1.1600507758519785]),
        ("min_max", {}, [0.4565217391304348, 0.6467391304347826, 0.5652173913043478]),
        ("robust", {}, [0.6451612903225806, 1.2903225806451613, 1.0138248847926268]),
        ("max_abs", {}, [0.5652173913043478, 0.717391304347826, 0.6521739130434783]),
    ],
)
def test_scale(method, options, first):
    step = {"op": "scale", "columns": ["Horsepower"], "method": method, "into": ["s"], **options}
    output = {"op": "table", "name": "t", "columns": ["s"], "limit": 3}
    rows = table({"frame": "cars", "steps": [step], "outputs": [output]})
    assert [row[0] for row in rows] == pytest.approx(first)


def test_scale_by_the_sample_and_of_a_constant():
    step = {"op": "scale", "columns": ["x"], "method": "z_score", "ddof": 1}
    x = pd.Series([1.5, 2.5, None, 4.5, 5.5, 1.5])
    wanted = (x - x.mean()) / x.std()
    assert after([step], "x")[0] == pytest.approx(wanted[0])
    for method in ("z_score", "min_max", "robust"):
        constant = {"op": "scale", "columns": ["a"], "method": method}
        assert after([constant], "a", "id,a\n1,5\n2,5\n3,\n") == [0, 0, None]


def outliers_of(values, z=None, factor=1.5, ddof=0):
    if z is not None:
        return ((values - values.mean()) / values.std(ddof=ddof)).abs() > z
    q1, q3 = values.quantile([0.25, 0.75])
    return (values < q1 - factor * (q3 - q1)) | (values > q3 + factor * (q3 - q1))


def test_treat_outliers():
    cars = reference("cars")
    step = {"op": "treat_outliers", "columns": ["Horsepower"], "method": "iqr"}
    statistics = [
        {"op": "rows", "name": "rows"},
        {"op": "aggregate", "name": "mean", "column": "Horsepower", "statistic": "mean"},
    ]

    def found(*steps):
        got = figures({"frame": "cars", "steps": list(steps), "outputs": statistics})
        return got["rows"], pytest.approx(got["mean"])

    out = outliers_of(cars["Horsepower"])
    power = cars["Horsepower"]
    assert out.sum() > 0
    assert found(step) == ((~out).sum(), power[~out].mean())
    assert found({**step, "action": "keep"}) == (out.sum(), power[out].mean())
    assert found({**step, "action": "missing"}) == (406, power[~out].mean())
    q1, q3 = power.quantile([0.25, 0.75])
    clipped = power.clip(q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1))
    assert found({**step, "action": "clip"}) == (406, clipped.mean())
    z = {**step, "method": "z_score", "threshold": 2, "ddof": 1}
    far = outliers_of(power, z=2, ddof=1)
    assert found(z) == ((~far).sum(), power[~far].mean())
    both = {**step, "columns": ["Horsepower", "Acceleration"]}
    either = out | outliers_of(cars["Acceleration"])
    assert found(both) == ((~either).sum(), power[~either].mean())


def test_rows_and_columns():
    assert after([{"op": "sort", "columns": ["g", "x"], "descending": [False, True]}], "id") == [
        2, 1, 6, 4, 3, 5,
    ]  # fmt: skip
    assert after([{"op": "sort", "columns": ["n"], "descending": True}], "id")[-1] == 2
    assert after([{"op": "head", "rows": 2}], "id") == [1, 2]
    assert after([{"op": "tail", "rows": 1}], "id") == [6]
    assert whole([{"op": "select", "columns": ["x", "id"]}])[0] == ["x", "id"]
    assert whole([{"op": "drop_columns", "columns": ["x", "n", "t"]}])[0] == ["id", "g", "when"]
    assert after([{"op": "rename", "names": {"id": "key", "x": "id"}}], "id")[0] == 1.5
    assert "one name" in refused([{"op": "rename", "names": {"id": "x"}}])
    assert "did you mean 'when'" in refused([{"op": "select", "columns": ["whne"]}])
    gone = [{"op": "select", "columns": ["id"]}, {"op": "sort", "columns": ["x"]}]
    assert refused(gone).startswith("In step 2 (sort): There is no column 'x' here")


def test_group():
    cars = reference("cars")
    measures = [
        {"name": "mean", "statistic": "mean", "column": "Horsepower"},
        {"name": "rows", "statistic": "rows"},
        {"name": "sd", "statistic": "std", "ddof": 0, "column": "Horsepower"},
    ]
    group = {"op": "group", "by": ["Origin", "Cylinders"], "measures": measures}
    (found,) = run({"frame": "cars", "steps": [group], "outputs": [
        {"op": "table", "name": "t"}]}).tables  # fmt: skip
    parts = cars.groupby(["Origin", "Cylinders"])["Horsepower"]
    assert [row[:2] for row in found.rows] == [list(key) for key in parts.groups]
    assert [row[2] for row in found.rows] == pytest.approx(parts.mean().tolist(), nan_ok=True)
    assert [row[3] for row in found.rows] == parts.size().tolist()
    assert [row[4] for row in found.rows] == pytest.approx(parts.std(ddof=0).tolist())
    count = [{"name": "c", "statistic": "rows"}]
    gaps = {"op": "group", "by": ["g"], "measures": count}
    assert whole([gaps])[1] == [["a", 3], ["b", 2]]
    assert whole([{**gaps, "missing": True}])[1] == [["a", 3], ["b", 2], [None, 1]]
    again = [gaps, {"op": "filter", "condition": {"op": ">", "left": "c", "value": 2}}]
    assert whole(again)[1] == [["a", 3]]
    assert "called like the group" in refused([{**gaps, "measures": [
        {"name": "g", "statistic": "rows"}]}])  # fmt: skip


def test_pivot():
    cars = reference("cars")
    step = {"op": "pivot", "rows": ["Cylinders"], "columns": "Origin", "values": "Horsepower"}
    (found,) = run({"frame": "cars", "steps": [step], "outputs": [
        {"op": "table", "name": "t"}]}).tables  # fmt: skip
    expected = cars.pivot_table(index="Cylinders", columns="Origin", values="Horsepower")
    assert [c.name for c in found.columns] == ["Cylinders", "Europe", "Japan", "USA"]
    wanted = expected.astype(object).where(expected.notna(), None).to_numpy().tolist()
    assert [row[1:] for row in found.rows] == [pytest.approx(row) for row in wanted]
    mean = {"op": "aggregate", "name": "m", "column": "Japan", "statistic": "mean"}
    filled = figures({"frame": "cars", "steps": [{**step, "fill": 0}], "outputs": [mean]})
    assert filled["m"] == pytest.approx(expected["Japan"].fillna(0).mean())


@pytest.mark.parametrize(
    ("every", "rule"),
    [("month", "MS"), ("year", "YS"), ("quarter", "QS"), ("day", "D"), ("week", "W-MON")],
)
def test_resample(every, rule):
    weather = reference("weather").set_index("date")["temp_max"]
    step = {"op": "resample", "time": "date", "every": every,
            "measures": [{"name": "mean", "statistic": "mean", "column": "temp_max"}]}  # fmt: skip
    output = {"op": "table", "name": "t", "limit": 1000}
    rows = table({"frame": "weather", "steps": [step], "outputs": [output]})
    options = {"closed": "left", "label": "left"} if every == "week" else {}
    expected = weather.resample(rule, **options).mean()[:1000]
    assert [row[0] for row in rows] == [day.date().isoformat() for day in expected.index]
    assert [row[1] for row in rows] == pytest.approx(expected.tolist())


def test_resample_with_gaps_and_groups():
    csv = "id,g,day,n\n1,a,2020-01-05,1\n2,b,2020-01-06,2\n3,a,2020-03-01,4\n4,a,,8\n"
    step = {"op": "resample", "time": "day", "every": "month",
            "measures": [{"name": "n", "statistic": "sum", "column": "n"}]}  # fmt: skip
    assert whole([step], csv)[1] == [["2020-01-01", 3], ["2020-03-01", 4]]
    assert whole([{**step, "by": ["g"]}], csv)[1] == [
        ["a", "2020-01-01", 1], ["a", "2020-03-01", 4], ["b", "2020-01-01", 2],
    ]  # fmt: skip
    assert [row[0] for row in whole([{**step, "empty": True}], csv)[1]] == [
        "2020-01-01", "2020-02-01", "2020-03-01",
    ]  # fmt: skip
    assert "no dates" in refused([{**step, "time": "g"}], csv)


def test_melt():
    csv = "country,1952,1957\nA,1.5,2\nB,,3\n"
    step = {"op": "melt", "columns": ["1952", "1957"], "names_to": "year", "values_to": "gdp"}
    names, rows = whole([step], csv)
    assert names == ["country", "year", "gdp"]
    assert rows == [["A", "1952", 1.5], ["B", "1952", None], ["A", "1957", 2], ["B", "1957", 3]]
    later = [step, {"op": "convert", "columns": ["year"], "to": "integer"},
             {"op": "filter", "condition": {"op": ">", "left": "year", "value": 1955}}]  # fmt: skip
    assert column("gdp", later, csv) == [2, 3]


PEOPLE = "id,name,city,ok\n1,Ann,x,true\n2,Bob,y,false\n3,Cy,,true\n3,Di,z,false\n"
CITIES = "city,size,ok,id\nx,10,true,7\nz,,false,8\n,99,true,9\n"


def joined(**options):
    step = {"op": "join", "frame": "cities", "on": ["city"], **options}
    (found,) = run({"frame": "people", "steps": [step], "outputs": [
        {"op": "table", "name": "t"}]}, people=PEOPLE, cities=CITIES).tables  # fmt: skip
    return [c.name for c in found.columns], found.rows


def test_join():
    names, rows = joined()
    assert names == ["id", "name", "city", "ok", "size", "ok_2", "id_2"]
    assert [[row[1], row[4], row[6]] for row in rows] == [["Ann", 10, 7], ["Di", None, 8]]
    names, rows = joined(how="left", columns=["size", "ok"], suffix=" there")
    assert names == ["id", "name", "city", "ok", "size", "ok there"]
    assert [row[4:] for row in rows] == [[10, True], [None, None], [None, None], [None, False]]
    other = {"op": "join", "frame": "cities", "on": ["id"], "other": ["size"]}
    with pytest.raises(RecipeRefused, match="no frame 'towns'; there are: "):
        run({"frame": "people", "steps": [{**other, "frame": "towns"}], "outputs": [
            {"op": "rows", "name": "n"}]}, people=PEOPLE, cities=CITIES)  # fmt: skip


def test_a_joined_truth_can_be_asked_where_it_is_missing():
    step = {"op": "join", "frame": "cities", "on": ["city"], "how": "left", "suffix": "_there"}
    outputs = [
        {"op": "rows", "name": "yes", "where": {"op": "==", "left": "ok_there", "value": True}},
        {"op": "rows", "name": "no", "where": {"op": "not", "condition": {
            "op": "==", "left": "ok_there", "value": True}}},
        {"op": "aggregate", "name": "mean", "column": "ok_there", "statistic": "mean"},
        {"op": "aggregate", "name": "sd", "column": "ok_there", "statistic": "std"},
    ]  # fmt: skip
    found = figures({"frame": "people", "steps": [step], "outputs": outputs},
                    people=PEOPLE, cities=CITIES)  # fmt: skip
    assert found == {"yes": 1, "no": 1, "mean": 0.5, "sd": pytest.approx(np.std([1, 0], ddof=1))}


def test_keys_of_different_types_are_refused():
    step = {"op": "join", "frame": "cities", "on": ["name"], "other": ["size"]}
    with pytest.raises(RecipeRefused, match="'name' holds text and 'size' whole numbers"):
        run({"frame": "people", "steps": [step], "outputs": [{"op": "rows", "name": "n"}]},
            people=PEOPLE, cities=CITIES)  # fmt: skip


def test_sample():
    cars = reference("cars")
    wanted = cars.sample(n=5, random_state=7)["Name"].tolist()
    outputs = [{"op": "table", "name": "t", "columns": ["Name"]}]
    rows = table({"frame": "cars", "steps": [{"op": "sample", "rows": 5, "seed": 7}],
                  "outputs": outputs})  # fmt: skip
    assert [row[0] for row in rows] == wanted
    half = [{"op": "sample", "fraction": 0.5, "seed": 1}]
    assert figures({"frame": "cars", "steps": half, "outputs": [
        {"op": "rows", "name": "n"}]})["n"] == 203  # fmt: skip
    with pytest.raises(RecipeFailed, match=r"In step 1 \(sample\): "):
        run({"frame": "cars", "steps": [{"op": "sample", "rows": 500, "seed": 1}],
             "outputs": outputs})  # fmt: skip


@pytest.mark.parametrize(
    "step",
    [
        {"op": "sort", "columns": ["id"]}, {"op": "drop_missing"}, {"op": "drop_duplicates"},
        {"op": "fill_missing", "columns": ["a"], "method": "mean"},
        {"op": "scale", "columns": ["a"], "method": "z_score"},
        {"op": "treat_outliers", "columns": ["a"], "method": "iqr"},
        {"op": "encode", "columns": ["id"], "method": "codes"},
        {"op": "head", "rows": 3}, {"op": "melt", "columns": ["a"]},
        {"op": "group", "by": ["id"], "measures": [{"name": "m", "statistic": "iqr",
                                                    "column": "a"}]},
        {"op": "bin", "column": "a", "into": "b", "edges": [0, 1]},
        {"op": "train_test", "test_size": 0.5, "seed": 1, "keep": "test"},
        {"op": "derive", "name": "b", "value": {"op": "rolling_mean", "value": "a", "window": 3,
                                                "by": ["id"]}},
    ],
)  # fmt: skip
def test_steps_on_a_table_without_rows(step):
    empty = {"op": "filter", "condition": {"op": "<", "left": "id", "value": 0}}
    outputs = [{"op": "rows", "name": "n"}]
    csv = "id,a\n1,2\n2,3\n"
    assert figures({"frame": "t", "steps": [empty, step], "outputs": outputs}, t=csv) == {"n": 0}
