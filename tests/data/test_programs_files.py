"""Files as programs write them: statistics packages, logs, reports, offices and statisticians."""

import datetime

import pytest


def said(loaded, part: str) -> bool:
    return any(part in sentence for sentence in loaded.report.dialect.assumed)


def test_tables_that_r_writes_with_few_rows(load):
    loaded = load('"mpg" "cyl"\n"Mazda RX4" 21 6\n"Datsun 710" 22.8 4\n"Fiat" 30 4\n')
    assert loaded.rows == [("Mazda RX4", 21.0, 6), ("Datsun 710", 22.8, 4), ("Fiat", 30.0, 4)]
    assert loaded.names == ["column_1", "mpg", "cyl"]


def test_running_text_with_quoted_words_is_one_column(load):
    assert len(load('say "hello" to "me"\n"hi" said "he"\n"x" was "y"\n').names) == 1


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ('"a,b,c"\n"1,x,2"\n"3,y,4"\n', {"a": [1, 3], "b": ["x", "y"], "c": [2, 4]}),
        ('"n,""b"",c"\r\n"ann,""hi, you"",2"\r\n', {"n": ["ann"], "b": ["hi, you"], "c": [2]}),
        ('a;b\n"1;2,5"\n"2;3,5"\n', {"a": [1, 2], "b": [2.5, 3.5]}),
    ],
)
def test_lines_that_are_quoted_as_a_whole(load, text, columns):
    loaded = load(text)
    assert loaded.columns == columns
    assert said(loaded, "Each line stands in quotes")


@pytest.mark.parametrize(
    "text",
    [
        '"location"\n"Paris,France"\n"Rome,Italy"\n',
        '"Paris,France"\n"Rome,Italy"\n"Bonn,Germany"\n',
        '"1,234"\n"5,678"\n"9,012"\n',
        '"tag,1"\n"tag,2"\n"tag,3"\n',
        '"Hello, my friend"\n"How are you, today"\n"Fine, thanks"\n',
        '"{""a"":1,""b"":2}"\n"{""a"":3,""b"":4}"\n',
    ],
)
def test_quoted_cells_of_one_column_stay_one(load, text):
    loaded = load(text)
    assert len(loaded.names) == 1
    assert not said(loaded, "Each line stands in quotes")


def test_a_delimiter_at_the_end_of_every_line_is_an_empty_column_and_said_so(load):
    loaded = load("a,b,\n" + "1,x,\n" * 3)
    assert loaded.columns == {"a": [1] * 3, "b": ["x"] * 3, "column_3": [None] * 3}
    assert "empty: every cell is missing" in loaded.report.profile.columns[2].warnings


def test_an_empty_column_with_a_name_and_one_amid_others_are_kept(load):
    assert load("a,b,c\n1,2,\n3,4,\n").columns["c"] == [None, None]
    assert load("a,,c\n1,,2\n3,,4\n").columns["column_2"] == [None, None]


def test_dates_over_numbers_are_names(load):
    loaded = load("place,lat,1/22/20,1/23/20\nRome,41.9,0,2\nOslo,59.9,548,643\nBonn,50.7,0,0\n")
    assert loaded.names == ["place", "lat", "1/22/20", "1/23/20"]
    assert loaded.columns["1/23/20"] == [2, 643, 0]


def test_years_at_any_distance_over_figures_are_names(load):
    rows = "Aruba,ABW,54608,55811,106277,\nChad,TCD,3002000,3062000,18278000,\n"
    loaded = load("Country,Code,1960,1961,2023,\n" + rows)
    assert loaded.names[:5] == ["Country", "Code", "1960", "1961", "2023"]
    assert loaded.columns["1960"] == [54608, 3002000]


def test_years_over_years_are_data(load):
    loaded = load("Ann,1990,2000\nBob,1985,1999\nCid,1970,2010\n")
    assert loaded.rows[0] == ("Ann", 1990, 2000)


def test_figures_of_statisticians_with_colons_for_missing_ones(load):
    head = "unit,geo\\TIME_PERIOD\t2019 \t2020 \t2021 \n"
    loaded = load(head + "PC,AT\t1.5 \t-6.7 \t4.6 b\nPC,XK\t: \t: \t10.7 \nPC,DE\t1.1 \t: \t2.6 \n")
    assert loaded.names == ["unit,geo\\TIME_PERIOD", "2019", "2020", "2021"]
    assert loaded.columns["2020"] == [-6.7, None, None]
    assert loaded.columns["2021"][0] == "4.6 b"


@pytest.mark.parametrize(
    "text",
    [
        "name,score\nann,absent\nbob,5\ncid,6\n",
        "name,score,age\nann,absent,unknown age\nbob,5,30\ncid,6,31\ndan,7,40\n",
        "name,score\nann,\u20131.5\nbob,5\ncid,6\n",
    ],
)
def test_a_first_row_with_words_for_values_is_a_row(load, text):
    assert load(text).columns["name"][0] == "ann"


@pytest.mark.parametrize(
    ("units", "names"),
    [
        ("text,s,kg", ["place text", "time s", "mass kg"]),
        (",s,kg", ["place", "time s", "mass kg"]),
        ("-,[s],[kg]", ["place -", "time [s]", "mass [kg]"]),
        ("Place,Time taken,Mass (kg)", ["place Place", "time Time taken", "mass Mass (kg)"]),
    ],
)
def test_a_row_that_explains_the_names_belongs_to_them(load, units, names):
    loaded = load(f"place,time,mass\n{units}\nRome,1,2.5\nOslo,2,3.5\nBonn,3,4.5\n")
    assert loaded.names == names
    assert loaded.columns[names[2]] == [2.5, 3.5, 4.5]


def test_a_logger_s_header_of_four_lines(load):
    head = '"TOA5","X","CR1000","12","Std.32","p.CR1","5","T"\n"TIMESTAMP","RECORD","Air","RH"\n'
    units = '"TS","RN","Deg C","%"\n"","","Avg","Smp"\n'
    rows = "".join(f'"2024-01-01 00:{n}0:00",{n},3.{n},88\n' for n in range(4))
    loaded = load(head + units + rows)
    assert loaded.names == ["TIMESTAMP TS", "RECORD RN", "Air Deg C Avg", "RH % Smp"]
    assert loaded.columns["Air Deg C Avg"] == [3.0, 3.1, 3.2, 3.3]


@pytest.mark.parametrize(
    ("head", "names"),
    [
        (",s,s\n,2023,2024\nregion,,\n", ["region", "s 2023", "s 2024"]),
        ("p,s,s\nyear,2023,2024\nregion,,\n", ["p year region", "s 2023", "s 2024"]),
        (",s,s\n,mean,std\nregion,,\n", ["region", "s mean", "s std"]),
    ],
)
def test_columns_of_several_levels_as_pandas_writes_them(load, head, names):
    loaded = load(head + "north,1.5,2.5\nsouth,3.5,4.5\n")
    assert loaded.names == names
    assert loaded.rows == [("north", 1.5, 2.5), ("south", 3.5, 4.5)]


def test_rows_that_head_groups_are_rows(load):
    loaded = load("name,a,b\nfirst,3,4\nGroup 1,,\nx,1,2\nGroup 2,,\nz,5,6\n")
    assert loaded.names == ["name", "a", "b"]
    assert loaded.report.rows == 5


def test_a_log_s_fields_are_its_names(load):
    head = "#Software: X\n#Version: 1.0\n#Fields: date c-ip cs(User-Agent) sc-status\n"
    loaded = load(head + "2024-01-05 10.0.0.1 curl/7 200\n2024-01-05 10.0.0.2 x+y 404\n")
    assert loaded.names == ["date", "c-ip", "cs(User-Agent)", "sc-status"]
    assert loaded.columns["sc-status"] == [200, 404]
    assert said(loaded, "names are those of the comment")


def test_names_in_a_comment_as_numpy_writes_them(load):
    loaded = load("# time temp\n0.0 1.5\n1.0 2.5\n2.0 3.5\n3.0 2.5\n")
    assert loaded.columns == {"time": [0.0, 1.0, 2.0, 3.0], "temp": [1.5, 2.5, 3.5, 2.5]}


def test_a_comment_of_other_words_names_nothing(load):
    loaded = load("# sample data\n1,2\n3,4\n5,6\n")
    assert loaded.names == ["column_1", "column_2"]


def test_a_report_with_rules_of_dashes(load):
    rule = "-" * 31 + "\n"
    head = "|CoCd|Doc. Date |     Amount|\n"
    rows = "|1000|31.01.2024|  1.234,56 |\n|1000|30.01.2024|     12,00-|\n"
    loaded = load("Report   Date 31.01.2024\n" + rule + head + rule + rows + rule)
    assert loaded.columns["Amount"] == [1234.56, -12.0]
    assert loaded.columns["Doc. Date"][0] == datetime.date(2024, 1, 31)


def test_words_that_chance_to_align_go_on_with_the_named_column(load):
    loaded = load(
        "Name            City         Amt\n"
        "Ann Lee         New York     1,200.50\n"
        "Bob Ray Jones   Los Angeles     30.00\n"
        "Cid             Rome             2.25\n"
    )
    assert loaded.columns["Name"] == ["Ann Lee", "Bob Ray Jones", "Cid"]
    assert loaded.columns["City"] == ["New York", "Los Angeles", "Rome"]


def test_files_put_together_with_their_marks(load):
    loaded = load("\ufeffid,v\n1,2\n3,4\n\ufeffid,v\n5,6\n7,8\n")
    assert loaded.rows == [(1, 2), (3, 4), (5, 6), (7, 8)]
    assert said(loaded, "repeat the header are left out: 1")


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1,5E+03", "2,25E-02", "-3,0E+00"], [1500.0, 0.0225, -3.0]),
        (["1\u2009234,5", "99,9", "1\u2009234\u2009567,0"], [1234.5, 99.9, 1234567.0]),
        (["1,5E03", "2,5E04", "x"], ["1,5E03", "2,5E04", "x"]),
    ],
)
def test_numbers_with_powers_and_thin_spaces(load, cells, values):
    loaded = load("k;x\n" + "".join(f"r;{cell}\n" for cell in cells))
    assert loaded.columns["x"] == values


def test_zeros_that_no_fraction_has_tell_thousands(load):
    loaded = load("m;s;c\nI;1.200;800\nII;1.350;900\nIII;1.100;1.750\n")
    assert loaded.columns["c"] == [800, 900, 1750]
    assert loaded.columns["s"] == [1200, 1350, 1100]
    assert load("x;y\n1.250;2\n1.375;3\n2;1\n").columns["x"] == [1.25, 1.375, 2.0]


def test_a_rule_below_the_header_is_no_part_of_names(load):
    assert load("a,b\n-----,-----\n1,2\n3,4\n").names == ["a", "b"]
