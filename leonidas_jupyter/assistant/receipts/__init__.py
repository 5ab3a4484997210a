"""Receipts: every number of an answer is matched against what the tools of its run computed.

A number is backed when it stands in a result, rounded to the digits shown, or follows from results
in one step; see ``derive`` for the steps, and ``claims`` for the numbers that claim nothing.
"""

import asyncio

from leonidas_jupyter.assistant.receipts.matching import Matching
from leonidas_jupyter.assistant.results import Results
from leonidas_jupyter.assistant.shapes import Receipts

MAX_NAMED = 8
"""Numbers that the note names; of more it says how many."""

_ESCAPED = str.maketrans({char: f"\\{char}" for char in "\\$*_~|<`["})


def check(text: str, question: str, results: Results) -> Receipts:
    """Match the numbers of an answer (as the user reads it, Markdown) with the run's results.

    It takes milliseconds, with large results tens of them: ``checked`` keeps them off the loop.
    """
    return Matching(text, question, results).run()


async def checked(text: str, question: str, results: Results) -> Receipts:
    """``check`` in a thread."""
    return await asyncio.to_thread(check, text, question, results)


def note(receipts: Receipts) -> str:
    """What to say below the answer, as Markdown; empty where every number is backed."""
    texts = list(dict.fromkeys(each.text.strip() for each in receipts.unmatched))
    if not texts:
        return ""
    named = ", ".join(text.translate(_ESCAPED) for text in texts[:MAX_NAMED])
    more = f" and {len(texts) - MAX_NAMED} more" if len(texts) > MAX_NAMED else ""
    return f"*Not computed by a tool in this answer: {named}{more}.*"
