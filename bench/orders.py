"""A CSV of orders of about any size, always the same bytes for a size."""

import csv
import io
import random
from datetime import date, timedelta
from pathlib import Path

SEED = 20_240_229
DIFFERENT = 500_000
"""So many rows are made; longer files repeat them, each row under a number of its own."""

CITIES = ("Amsterdam", "Berlin", "Chicago", "Delhi", "Edinburgh", "Florence", "Göteborg", "Hanoi")
PRODUCTS = tuple(f"Product {number:03}" for number in range(200))
NOTES = ("", "", "", "gift", "returned, refunded", 'said "fast"', "late")
HEADER = (
    "order_id",
    "ordered_on",
    "city",
    "product",
    "quantity",
    "unit_price",
    "discount",
    "paid",
    "customer",
    "note",
)


def generate(path: Path, size: int) -> Path:
    """Write a table of ``size`` bytes or some more to path unless it is there.

    A half-written one never is.
    """
    if path.exists():
        return path
    rows = _rows(min(DIFFERENT, 1 + size // 40))
    partial = path.with_suffix(".partial")
    number = 0
    with partial.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerow(HEADER)
        while file.tell() < size:
            for begin in range(0, len(rows), 10_000):
                part = rows[begin : begin + 10_000]
                file.writelines([f"{number + n},{row}" for n, row in enumerate(part, 1)])
                number += len(part)
                if file.tell() >= size:
                    break
    partial.rename(path)
    return path


def _rows(count: int) -> list[str]:
    """Lines without their first cell."""
    chance = random.Random(SEED)  # noqa: S311 - data, not a secret
    begin = date(2015, 1, 1)
    text = io.StringIO(newline="")
    csv.writer(text).writerows(_row(begin, chance) for _ in range(count))
    return text.getvalue().splitlines(keepends=True)


def _row(begin: date, chance: random.Random) -> tuple[object, ...]:
    return (
        begin + timedelta(days=int(chance.random() * 3650)),
        chance.choice(CITIES),
        chance.choice(PRODUCTS),
        1 + int(chance.random() * 20),
        f"{chance.lognormvariate(3, 1):.2f}",
        f"{chance.random() / 2:.3f}" if chance.random() < 0.3 else "",
        "true" if chance.random() < 0.9 else "false",
        f"C{int(chance.random() * 1_000_000):06}",
        chance.choice(NOTES),
    )
