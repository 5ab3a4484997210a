"""Tables where a row stands for many: "how many commits" of a table with a column ``count``."""

import re
from collections.abc import Iterator

from leonidas_jupyter.assistant.analyst.rephrase import named
from leonidas_jupyter.assistant.analyst.rewording.wording import Wording
from leonidas_jupyter.assistant.analyst.words import singular

_AVERAGED = re.compile(r"\b(?:average|mean|median|avg)\s*$", re.I)
_RANKED = re.compile(r"\b(?:the\s+)?(?P<end>most|fewest|least)\s*$", re.I)
_ENDS = {"most": "highest", "fewest": "lowest", "least": "lowest"}


def tallied(wording: Wording) -> Iterator[Wording]:
    """Yield "how many commits" as the total of the column that counts them."""
    tally = wording.lexicon.tally
    if tally is None:
        return
    nouns = {singular(word) for word in wording.lexicon.frame_words}
    note = f"Each row stands for several, so I take the total of `{tally.name}`."
    for found in re.finditer(r"[A-Za-z]+", wording.text):
        if singular(found.group().lower()) not in nouns:
            continue
        before = re.sub(
            r"(?:\b(?:total\s+)?(?:how many|number of|count of|total|sum of)\s*(?:the\s+)?)$", "",
            wording.text[: found.start()], flags=re.I,
        )  # fmt: skip
        after = re.sub(
            r"^\s*(?:were|are|was|is|have)\s+(?:there|made|been made)\b",
            "",
            wording.text[found.end() :],
        )
        if _AVERAGED.search(before):
            return
        before = _RANKED.sub(lambda end: f"the {_ENDS[end['end'].lower()]} ", before)
        made = f"{before} total {named(tally.name)} {after}"
        yield wording.put(re.sub(r"\b(?:do|did) \w+ (?=total)", "", made), note)
        return
