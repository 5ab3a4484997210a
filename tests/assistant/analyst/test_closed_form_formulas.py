"""Formulas of new columns: written with signs, said in words, and what is no formula."""

from typing import Any

import pytest

from leonidas_jupyter.assistant.analyst.closed.arithmetic import arithmetic
from leonidas_jupyter.assistant.analyst.closed.formula import read_formula
from leonidas_jupyter.assistant.analyst.closed.marks import Marks
from leonidas_jupyter.assistant.analyst.lexicon import read_frame
from tests.golden.judge import Table

A, B = "bill_length_mm", "bill_depth_mm"


@pytest.fixture
def marks(tables: dict[str, Table]) -> Marks:
    return Marks(read_frame(tables["penguins"].frame))


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        (f"{A} - {B}", {"op": "-", "left": A, "right": B}),
        (f"log({A} + 1)", {"op": "log", "value": {"op": "+", "left": A, "right": 1}}),
        (
            f"({A} - mean) / std",
            {
                "op": "/",
                "left": {
                    "op": "-",
                    "left": A,
                    "right": {"op": "statistic", "column": A, "statistic": "mean"},
                },
                "right": {"op": "statistic", "column": A, "statistic": "std"},
            },
        ),
        (f"only {A} alone", None),
        (f"{A} and {B}", None),
    ],
)
def test_signs_are_read_with_their_precedence(
    marks: Marks, text: str, expression: dict[str, Any] | None
) -> None:
    assert arithmetic(marks.mark(text), marks) == expression


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        (f"subtract {A} from {B}", {"op": "-", "left": B, "right": A}),
        (f"the ratio of {A} to {B}", {"op": "/", "left": A, "right": B}),
        (f"the percentage of {A} in {B}", {"op": "/", "left": A, "right": B}),
        (
            f"the difference between {A} and {B} divided by {B}",
            {"op": "/", "left": {"op": "-", "left": A, "right": B}, "right": B},
        ),
        (f"the percentage difference between {A} and {B}", None),
    ],
)
def test_words_are_read_and_what_they_leave_open_is_not(
    marks: Marks, text: str, expression: dict[str, Any] | None
) -> None:
    assert read_formula(marks.mark(text), marks) == expression


QUOTIENT = {"op": "/", "left": A, "right": B}


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        (
            f"dividing {A} by {B} and multiplying the result by 1,000",
            {"op": "*", "left": QUOTIENT, "right": 1000},
        ),
        (
            f"the ratio of {A} to {B}, scaled by a factor of 10",
            {"op": "*", "left": QUOTIENT, "right": 10},
        ),
        (
            f"dividing {A} by {B}, then dividing it by 2.5",
            {"op": "/", "left": QUOTIENT, "right": 2.5},
        ),
        (f"{A} divided by {B}, times 100", {"op": "*", "left": QUOTIENT, "right": 100}),
    ],
)
def test_what_is_done_to_a_result_counts_once(marks: Marks, text: str, expression: Any) -> None:
    assert read_formula(marks.mark(text), marks) == expression
