# ruff: noqa: RUF001 - answers are written with signs for minus, times, alpha
"""Receipts: formulas, what is exempt, the note, and how seldom chance backs a number."""

import asyncio
import random
import time

import pytest

from leonidas_jupyter.assistant.receipts import check, checked, derive, note, pools
from leonidas_jupyter.assistant.receipts.figures import figures
from leonidas_jupyter.assistant.receipts.ledger import MAX_VALUES
from leonidas_jupyter.assistant.receipts.moments import moments
from leonidas_jupyter.assistant.results import Results
from leonidas_jupyter.assistant.shapes import Derived, Receipts, Unmatched


def results(*found, code=None):
    made = Results()
    for number, result in enumerate(found, 1):
        made.add(f"t{number}", result, code)
    return made


def table(names, rows):
    return {"columns": [{"name": name, "type": "X"} for name in names], "rows": rows}


GROUPS = table(["kind", "value"], [["alpha", 1234.5], ["beta", 2345.25], ["gamma", 987.0]])


def marked(text, question="", *found, code=None):
    made = check(text, question, results(*(found or (GROUPS,)), code=code))
    return [each.text for each in made.unmatched]


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("beta exceeds alpha by 1,110.75", "1,234.5 − 2,345.25 = 1,110.75"),
        ("beta is 90.0 % more than alpha", "(2,345.25 − 1,234.5) ÷ 1,234.5 = 0.899757"),
        ("beta is 1.90 times alpha", "2,345.25 ÷ 1,234.5 = 1.89976"),
        ("alpha has 27.03 % of all", "1,234.5 ÷ 4,566.75 (sum of value) = 0.270324"),
        ("all without alpha: 72.97 %", "1 − 1,234.5 ÷ 4,566.75 (sum of value) = 0.729676"),
        ("4,566.75 in all", "sum of value over 3 rows = 4,566.75"),
        ("1,522.25 on average", "mean of value over 3 rows = 1,522.25"),
        ("the first two have 3,579.75", "sum of the first 2 of value = 3,579.75"),
    ],
)
def test_what_follows_in_one_step_has_its_formula(text, formula):
    found = check(text, "", results(GROUPS))
    assert found.unmatched == []
    assert formula in [each.formula for each in found.derived]


def test_a_share_and_a_change_that_look_alike_are_told_apart_by_their_words():
    rows = table(["kind", "n"], [["alpha", 64], ["beta", 36], ["gamma", 49]])
    share = check("beta has 36 of 149, 24.2 % of all", "", results(rows)).derived
    change = check("gamma has 36.1 % more than beta", "", results(rows)).derived
    assert ("24.2 %", "36 ÷ 149 = 0.241611") in [(e.text, e.formula) for e in share]
    assert [each.formula for each in change] == ["(49 − 36) ÷ 36 = 0.361111"]


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("who is above 4711?", "Above 4711: alpha."),
        ("who is above 4.7 thousand?", "Above 4,700: alpha."),
        ("above 12.5 %?", "Above 0.125 or 12.5%: alpha."),
        ("longer than 90 minutes", "Longer than 1.5 hours: alpha."),
        ("hotter than 77 F", "Hotter than 25 C: alpha."),
        ("before 2010", "Up to 2009: alpha."),
        ("since 3 May 2019", "Since 2019-05-03: alpha."),
        ("in 2019", "From 2019-01-01 to before 2020-01-01: alpha."),
        ("between 5 and 6 million", "Between 5,000,000 and 6,000,000: alpha."),
    ],
)
def test_numbers_of_the_question_need_no_receipt(question, text):
    assert marked(text, question) == []
    assert marked(text, "who?") != []


def test_numbers_in_the_code_of_a_call_are_inputs():
    assert marked("Those above 4711.", "who?", code="SELECT kind WHERE value > 4711") == []
    assert marked("Those above 4711.", "who?", code="SELECT kind") == ["4711"]


def test_without_any_result_every_claim_is_marked():
    found = check("The mean is 42.7 since 2019.", "What is the mean?", Results())
    assert [each.text for each in found.unmatched] == ["42.7", "2019"]
    assert found.checked == 2


def test_names_with_digits_are_no_numbers():
    cars = table(["model 2000", "mpg"], [["ford torino 500", 17.25], ["Number Nine", 9.5]])
    text = "The ford torino 500 has 17.25 in model 2000, and Number Nine 9.5; Q1, R2, COVID-19."
    assert marked(text, "", cars) == []
    assert marked("The torino 501 has 17.25", "", cars) == ["501"]


def test_the_note_names_what_is_not_backed_once_and_calmly():
    assert note(Receipts(checked=3)) == ""
    found = check("It is 42.7, then 42.7, then $13 and `x`.", "", results(GROUPS))
    assert note(found) == "*Not computed by a tool in this answer: 42.7, \\$13.*"
    many = [Unmatched(text=str(n), start=n, end=n + 1) for n in range(100, 120)]
    assert note(Receipts(unmatched=many)).endswith("107 and 12 more.*")


def test_hostile_numbers_neither_break_nor_stall():
    wild = "9" * 5000 + " 1e999 1e-999 " + "1," * 4000 + " 10^99999 " + "(" * 3000 + "1.2.3.4 ٣٤"
    began = time.perf_counter()
    check(wild, wild, results({"x": float("nan"), "y": [float("inf"), 10**400, None, True]}))
    assert time.perf_counter() - began < 30


def test_nested_and_deep_results_are_read():
    deep = {"a": {"b": [{"c": 4711.5, "d": {"e": 815}}], "text": "mean=16.25 (n 99)"}}
    assert marked("4,711.5 and 815 and 16.25 and 99", "", deep) == []
    bottomless: dict = {}
    for _ in range(500):
        bottomless = {"x": bottomless}
    assert marked("4,711.5", "", bottomless) == ["4,711.5"]


def big(rows=1000, columns=8):
    source = random.Random(3)  # noqa: S311 - no secret, a table
    cells = [
        [f"name {n}", *(round(source.lognormvariate(6, 2), 4) for _ in range(columns - 1))]
        for n in range(rows)
    ]
    return table([f"c{n}" for n in range(columns)], cells)


def test_large_results_take_bounded_time_in_a_thread():
    async def main():
        made = results(*(big() for _ in range(4)))
        ticks = 0

        async def ticking():
            nonlocal ticks
            while True:
                await asyncio.sleep(0.001)
                ticks += 1

        beside = asyncio.create_task(ticking())
        began = time.perf_counter()
        text = " ".join(f"{n / 7:.2f}" for n in range(1000, 1100))
        found = await checked(text, "", made)
        elapsed = time.perf_counter() - began
        beside.cancel()
        assert found.checked == 100
        assert elapsed < 60
        assert ticks > 2

    asyncio.run(main())


def test_no_more_cells_are_read_than_the_bound():
    rows = table(["value"], [[n] for n in range(MAX_VALUES + 10_000, 0, -1)])
    assert marked("69,999 and 4711", "", rows) == ["4711"]


def ten_rows(source):
    rows = [
        [f"group {n}", source.randint(10, 900), round(source.uniform(100, 9000), 3)]
        for n in range(10)
    ]
    return table(["name", "n", "mean"], rows)


def share_by_chance(digits, template, tries=200):
    source = random.Random(digits)  # noqa: S311 - no secret, a sample
    accepted = 0
    for _ in range(tries):
        number = source.randint(10 ** (digits - 1), 10**digits - 1)
        number += number % 10 == 0
        shown = (f"{number:,}", f"{number / 10}", f"{number / 10 ** (digits - 2)} %")
        text = template.format(source.choice(shown))
        found = check(text, "", results(ten_rows(source)))
        accepted += not found.unmatched
    return accepted / tries


@pytest.mark.parametrize(("digits", "most"), [(3, 0.12), (4, 0.02), (5, 0.01)])
def test_random_numbers_are_seldom_backed(digits, most):
    assert share_by_chance(digits, "The answer is {} here.") < most


@pytest.mark.parametrize(("digits", "most"), [(4, 0.03), (5, 0.01)])
def test_random_numbers_beside_named_rows_are_seldom_backed(digits, most):
    assert share_by_chance(digits, "Group 3 differs from group 7 by {} here.") < most


def test_the_bound_on_coincidence_is_what_keeps_random_numbers_out(monkeypatch):
    kept_out = share_by_chance(3, "The answer is {} here.")
    monkeypatch.setattr(derive, "LIMITS", dict.fromkeys(derive.LIMITS, 1e9))
    assert share_by_chance(3, "The answer is {} here.") > 2 * kept_out + 0.05


def test_candidates_as_close_as_rounding_count_once():
    pool = pools.Pool()
    for size in (10.0, 10.001, 10.002, 15.0):
        pool.add(size, str)
    pool.close()
    assert pool.expected(10.0, 0.05) == pytest.approx(2 * 2 * 0.05 / 15)


@pytest.mark.parametrize(
    ("text", "value", "half"),
    [
        ("1,234.50", 1234.5, 0.005),
        ("1 234", 1, 0.5),
        ("3.2M", 3.2e6, 5e4),
        ("$4.7bn", 4.7e9, 5e7),
        ("−12", -12, 0.5),
        ("1.5e-3", 1.5e-3, 5e-5),
        ("3.21 × 10⁻¹⁴", 3.21e-14, 5e-17),
        ("2.5 × 10^{6}", 2.5e6, 5e4),
        ("45 %", 45, 0.5),
        (".25", 0.25, 0.005),
    ],
)
def test_how_numbers_are_read(text, value, half):
    first = next(figures(text))
    assert first.value == pytest.approx(value)
    assert first.half == pytest.approx(half)


def test_ranges_and_signs():
    assert [each.value for each in figures("1–3, 5-7, (-2), at -4 or, 10 to 20 %")] == [
        *(1, 3, 5, 7, -2, -4, 10, 20)
    ]
    assert [each.percent for each in figures("10 to 20 %", words=False)] == [True, True]
    assert [each.value for each in figures("1 to 2 million")] == [1e6, 2e6]


def test_how_dates_are_read():
    text = "2020-01-31T23:59:00Z, 3 May 2021, Dec 24, 1999, 5/6/2020, Q3 2022, the 1970s, 4:30 pm"
    found = {each.text: each for each in moments(text)}
    assert found["3 May 2021"].months == (5,)
    assert found["Q3 2022"].months == (7, 8, 9)
    assert found["1970s"].decade
    assert (found["4:30 pm"].hour, found["4:30 pm"].minute) == (16, 30)
    assert len(found) == 7


def test_receipts_are_stored_as_they_are():
    found = Receipts(checked=1, derived=[Derived(text="1", formula="2 − 1")])
    assert Receipts.model_validate(found.model_dump(mode="json")) == found


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("The mean is sixty-two thousand.", "sixty-two thousand"),
        ("Thirty-seven left.", "Thirty-seven"),
        ("There are two hundred and five million of them.", "two hundred and five million"),
        ("See step 61234.", "61234"),
        ("It stands on line 61234", "61234"),
        ("The mean is 61_234.", "61_234"),
        ("```\n61234\n```", "61234"),
        ("The tank is at the 87.3 % level.", "87.3 %"),
    ],
)
def test_numbers_in_disguise_are_claims(text, named):
    assert marked(text, "how much?") == [named]


@pytest.mark.parametrize(
    "text",
    [
        "Step 12, line 400, Python 3.11 and the twenty-first row.",
        "One or two of these, the third and fourth; thousands and a hundred ways.",
        "```python\nx = 61234\n```",
        "At 95 % confidence (CI 95% of the mean), at the 5 % level.",
    ],
)
def test_ways_to_speak_are_none(text):
    assert marked(text, "how much?") == []


def test_what_a_model_says_beside_its_code_backs_nothing():
    for comment in ("-- 4711", "/* 4711 */", "\n# 4711"):
        assert marked("It is 4711.", "who?", code=f"SELECT kind {comment}") == ["4711"]


def test_three_digits_are_a_rounded_number():
    """So a quantile comes to a model that sees no cells."""
    found = table(["median"], [[49_142.6]])
    assert marked("The median is 49,100.", "", found) == []
    assert marked("The median is 49,200.", "", found) == ["49,200"]
    assert marked("The median is 49,000.", "", found) == ["49,000"]
