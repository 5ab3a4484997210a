"""The words of column and frame names, and which say that a column names things."""

import re
from functools import lru_cache

KEY_WORDS = frozenset(
    re.findall(
        r"\w+",
        "id key code no nr num number uuid guid sku ref reference iso iata icao fips zip postcode "
        "plz isbn ean gtin vat iban",
    )
)
"""Words, as ``words`` gives them, in the names of columns that name things."""

TIME_WORDS = frozenset({"year", "quarter", "month", "week", "day", "hour", "period"})
"""Words of columns whose whole numbers are times, and so name rows, too."""


@lru_cache(maxsize=10_000)
def words(name: str) -> tuple[str, ...]:
    """The words of a name, in lower case and in the singular: ``CustomerIDs`` is customer, id."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return tuple(_singular(word) for word in re.findall(r"[^\W_]+", parted.lower()))


def names_things(name: str) -> bool:
    """Whether a column's name says that its values name things, as ``customer_id`` does."""
    return not KEY_WORDS.isdisjoint(words(name))


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return "id" if word == "ids" else word
