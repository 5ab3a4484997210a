"""Months in words of many languages, and which twelve words a column of dates is written with.

The words are those of the Unicode CLDR's Gregorian calendars, in the form that stands in a date.
"""

import re
from collections.abc import Iterator
from functools import cache

_FULL = (
    "january february march april may june july august september october november december",
    "januar februar märz april mai juni juli august september oktober november dezember",
    "jänner februar märz april mai juni juli august september oktober november dezember",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "januari februari maart april mei juni juli augustus september oktober november december",
    "januari februari mars april maj juni juli augusti september oktober november december",
    "januar februar marts april maj juni juli august september oktober november december",
    "januar februar mars april mai juni juli august september oktober november desember",
    "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada "
    "grudnia",
    "ledna února března dubna května června července srpna září října listopadu prosince",
    "ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık",  # noqa: RUF001 - Turkish
    "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
)
_SHORT = (
    "jan feb mar apr may jun jul aug sep oct nov dec",
    "jan feb mar apr may jun jul aug sept oct nov dec",
    "jan feb mär apr mai jun jul aug sep okt nov dez",
    "jan feb mrz apr mai jun jul aug sep okt nov dez",
    "janv févr mars avr mai juin juil août sept oct nov déc",
    "ene feb mar abr may jun jul ago sep oct nov dic",
    "ene feb mar abr may jun jul ago sept oct nov dic",
    "gen feb mar apr mag giu lug ago set ott nov dic",
    "jan fev mar abr mai jun jul ago set out nov dez",
    "jan feb mrt apr mei jun jul aug sep okt nov dec",
    "jan feb mar apr maj jun jul aug sep okt nov dec",
    "jan feb mar apr mai jun jul aug sep okt nov des",
    "sty lut mar kwi maj cze lip sie wrz paź lis gru",
    "oca şub mar nis may haz tem ağu eyl eki kas ara",
    "янв фев мар апр мая июн июл авг сен окт ноя дек",
)

_WORD = re.compile(r"[^\W\d_]+\.?")
Months = tuple[str, ...]


@cache
def _sets() -> tuple[Months, ...]:
    full = [tuple(line.split()) for line in _FULL]
    short = [tuple(line.split()) for line in _SHORT]
    # A point stands after what is shortened, which not every month is.
    pointed = [
        tuple(
            word if any(word == whole[number] for whole in full) else f"{word}."
            for number, word in enumerate(words)
        )
        for words in short
    ]
    every = [tuple(f"{word}." for word in words) for words in short]
    small = [*full, *short, *pointed, *every]
    found = [
        tuple(spell(word) for word in words)
        for words in small
        for spell in (str, str.capitalize, str.upper)
    ]
    return tuple(dict.fromkeys(found))


def months_of(values: list[str]) -> Iterator[tuple[Months, list[str]]]:
    """Twelve words that a column's months may be written with, and its cells with numbers instead.

    Each cell has one word of the twelve, and nothing but that is changed in it.
    """
    words = [[word for word in _WORD.findall(value) if len(word) > 2] for value in values]
    if not all(words):
        return
    for months in _sets():
        numbers = {word: f"{number:02d}" for number, word in enumerate(months, 1)}
        if any(word in numbers for word in words[0]):
            replaced = [
                _replaced(value, found, numbers) for value, found in zip(values, words, strict=True)
            ]
            if all(replaced):
                yield months, replaced


def _replaced(value: str, words: list[str], numbers: dict[str, str]) -> str:
    """The cell with its one month as a number; nothing where there is none, or more."""
    known = [word for word in words if word in numbers]
    return value.replace(known[0], numbers[known[0]]) if len(known) == 1 else ""


def numbered_sql(months: Months) -> str:
    """SQL of the cell ``{v}`` with its month as a number; NULL where it has none of the twelve."""
    listed = ", ".join("'" + word.replace("'", "''") + "'" for word in months)
    longest = sorted(months, key=len, reverse=True)
    word = f"regexp_extract({{v}}, '{'|'.join(map(re.escape, longest))}')"
    number = f"list_position([{listed}], {word})"
    return f"replace({{v}}, {word}, lpad(CAST({number} AS VARCHAR), 2, '0'))"
