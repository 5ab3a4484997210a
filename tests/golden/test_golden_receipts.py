"""Receipts over every golden question: the analyst states nothing that its tools did not find."""

import sys

import pytest

from leonidas_jupyter.assistant.receipts import check
from leonidas_jupyter.assistant.results import Results
from tests.golden.judge import Desk, golden

MOST_FALSE_MARKS = 0.01


@pytest.fixture(scope="module")
def receipts(desks: dict[str, Desk]):
    found = []
    for name, desk in desks.items():
        for entry in golden(name):
            earlier = entry.get("earlier", ())
            plan, outcomes, text = desk.ask(entry["question"], earlier)
            results = Results()
            for number, (call, outcome) in enumerate(zip(plan.calls, outcomes, strict=False), 1):
                if outcome.ok:
                    results.add(f"t{number}", outcome.result, call.arguments.get("sql"))
            asked = "\n".join([*earlier, entry["question"]])
            found.append((asked, text, results, check(text, asked, results)))
    return found


def test_hardly_any_number_of_the_analyst_is_marked(receipts, capsys):
    checked = sum(each.checked for *_, each in receipts)
    wrong = [
        f"{asked!r}: {[unmatched.text for unmatched in each.unmatched]}"
        for asked, _, _, each in receipts
        if each.unmatched
    ]
    marks = sum(len(each.unmatched) for *_, each in receipts)
    with capsys.disabled():
        sys.stdout.write(f"\n  {marks} of {checked} numbers of golden answers marked\n")
    assert checked > 4000
    assert marks / checked < MOST_FALSE_MARKS, "\n".join(wrong)


def test_a_wrong_number_in_a_golden_answer_is_marked(receipts):
    """Some of the answers with numbers taken from nowhere: nearly every one is marked."""
    marked = tried = 0
    for asked, text, results, each in receipts[::5]:
        if not each.checked or not list(results):
            continue
        tried += 1
        wrong = f"{text}\n\nThe share of that is 73.918 % (n = 48,613)."
        found = [unmatched.text for unmatched in check(wrong, asked, results).unmatched]
        marked += "73.918 %" in found and "48,613" in found
    assert tried > 150
    assert marked / tried > 0.98
