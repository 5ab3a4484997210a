"""A CSV of about 100 MB, always the same bytes."""

import csv
import random
from datetime import date, timedelta
from pathlib import Path

SIZE = 100_000_000
SEED = 20_240_229
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


def generate(path: Path) -> Path:
    """Write the table to path unless it is there; a half-written one never is."""
    if path.exists():
        return path
    chance = random.Random(SEED)  # noqa: S311 - data, not a secret
    begin = date(2015, 1, 1)
    partial = path.with_suffix(".partial")
    with partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        number = 0
        while file.tell() < SIZE:
            for _ in range(20_000):
                number += 1
                writer.writerow(_row(number, begin, chance))
    partial.rename(path)
    return path


def _row(number: int, begin: date, chance: random.Random) -> tuple[object, ...]:
    return (
        number,
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
