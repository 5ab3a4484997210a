"""Words of a closed-form question that nothing explains: which could change the answer.

A noun that only says what was measured, or of whom, changes nothing where the columns and the
figures to fill are clear without it. A word is salient, and stops the question, where it may
restrict the rows, denote a value, compare, count, or call for an operation.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from leonidas_jupyter.assistant.analyst.closed.explained import explained, overlapped
from leonidas_jupyter.assistant.analyst.closed.facts import Declined, Facts
from leonidas_jupyter.assistant.analyst.closed.gaps import MISSING
from leonidas_jupyter.assistant.analyst.closed.marks import C
from leonidas_jupyter.assistant.analyst.closed.modifiers import check_modifiers, sorting
from leonidas_jupyter.assistant.analyst.closed.moments import MONTHS, WEEKDAYS
from leonidas_jupyter.assistant.analyst.closed.nouns import calls_rows, row_noun
from leonidas_jupyter.assistant.analyst.closed.stages import texts_in
from leonidas_jupyter.assistant.analyst.closed.vocabulary import is_known, listed, words_of
from leonidas_jupyter.assistant.analyst.column import same_word

_STRICT = frozenset({*MONTHS, *WEEKDAYS}) | listed("some_of_them")
"""Words that always restrict the rows."""

_FURTHER = 4
"""How many letters longer a value of one word may be than a word that is like it."""

_SALIENT = listed("salient")
"""Words that count, scale, sort out or calculate."""

_ADJECTIVE = re.compile(r"\w{2,}(?:al|an|ic|ive|ous|ish|ese|ed|ing|less|ful|able|ible|ary|ern)$")
_RESTRICTING = re.compile(
    r"\b(?:only|among|amongst|except|excluding|besides|other\s+than|without|with|having|whose|who"
    r"|non|not|never|no|neither|nor|n't|if|when|unless|until|since|before|after|during"
    r"|than|least|most|more|less)\s+(?:the\s+|an?\s+|all\s+|any\s+)?$"
)
_OPERATIVE = re.compile(
    r"\b(?:only|exclud\w*|includ(?:e|ing)\s+only|restrict\w*|limit(?:ed)?\s+to|keep\w*|filter\w*"
    r"|drop(?:s|ped|ping)?|remov\w*|ignor\w*|select\w*|omit\w*|leave\s+out|discard\w*|skip\w*"
    r"|disregard\w*|delet\w*|not\s+(?:consider|count|includ|use)\w*)\b[^.;:?]*$"
)
"""Words behind which a clause says what rows or values to take."""

_ABSENT = re.compile(rf"\b{MISSING}\s+(?:[a-z]+\s+)?$")
"""What says that the word behind it has no value: such rows are in no figure of it."""

_DONE = re.compile(r"\b(?:be|been|being|is|are|was|were|get|gets|got)\s+(?:\w+ly\s+|first\s+)?$")
_DOING = re.compile(r"\b(?:by|after|before|without|when|while)\s+(?:first\s+)?$")
_COMMAND = re.compile(
    r"(?:^|[.;:,]|\b(?:and|then|first|next|please|finally|afterwards|to|must|should|shall))\s*$"
)
_NAMED_PLACE = re.compile(r"\b(?:in|for|from|of|at|by|among|within)\s+(?:the\s+|all\s+)?$")
_QUESTION = re.compile(
    r"^\W*(?:what|which|who|how|is|are|was|were|do|does|did|in|at|has|have|can|could)\b"
)
_NOUN = re.compile(r"\w+(?:tion|ment|ness|ity|ship|ism|age|ure|ance|ence|ies|s)$")


def check_unknown(facts: Facts, recipe: Mapping[str, Any], slots: Sequence[str]) -> None:
    """Check that no word which nothing explains could change the answer.

    Raises:
        Declined: one could.
    """
    own = explained(facts, slots)
    check_modifiers(facts, own)
    wanted = _wanted(facts, recipe)
    counted = not wanted and all(output["op"] == "rows" for output in recipe["outputs"])
    found = [_strange(facts, at, text, own) for at, text in enumerate(facts.texts)]
    clear = {
        name
        for text, strange in zip(facts.texts, found, strict=True)
        if not strange
        for name in facts.marks.columns_in(text)
    }
    said_again = bool(wanted) and wanted <= clear
    spare = _described_elsewhere(facts)
    for at, (text, strange) in enumerate(zip(facts.texts, found, strict=True)):
        introduces = said_again and (at == 0 or _introduces(text))
        for match in strange:
            if _of_condition(match.group(), facts):
                continue
            if introduces and match.group() in _STRICT and _ALL_OF.match(text[match.end() :]):
                continue
            if not _stops(match, text, facts, counted=counted, introduces=introduces):
                continue
            if not spare or at >= spare[0] or match.group() in _SALIENT:
                raise Declined(f"I do not understand “{match.group()}”.")
            spare.pop(0)


def _stops(
    match: re.Match[str], text: str, facts: Facts, *, counted: bool, introduces: bool
) -> bool:
    """Return whether an unknown word stops the question.

    Args:
        match: the word in its sentence.
        text: the sentence.
        facts: what was read.
        counted: rows are counted of which nothing else is asked, so that every word may restrict.
        introduces: another sentence says all that is asked in words that are understood.
    """
    word = match.group()
    if word in _STRICT | _SALIENT or _like_a_value(word, facts):
        return True
    if _OPERATIVE.search(text[: match.start()]):
        return counted or not _ABSENT.search(text[: match.start()])
    if introduces or (counted and any(_tallied(word, each) for each in facts.texts)):
        return False
    return counted or _salient(match, text, facts)


_ALL_OF = re.compile(
    r"\s+(?:in|of|from)\s+(?:the|this)\s+(?:whole\s+|entire\s+|given\s+)?(?:data\s?set|data|table|file|sample"
    r"|study|records)\b"
)


def _of_condition(word: str, facts: Facts) -> bool:
    """Return whether a word is a part of a value that a condition was read with."""
    parts = {part for one in (*facts.conditions, *facts.excluded) for part in one.words}
    return len(word) > _LONG and any(
        len(part) > _LONG and (part.startswith(word[:_STEM]) or word.startswith(part))
        for part in parts
    )


_LONG, _STEM = 3, 6


def _described_elsewhere(facts: Facts) -> list[int]:
    """Return the sentences in which conditions stand that no sentence before speaks of.

    Each explains one word of a sentence before it: "the male subjects … rows with sex 'M'".
    """
    found = []
    for one in dict.fromkeys((*facts.conditions, *facts.excluded)):
        sign = facts.marks.column_sign(one.column)
        spoken = [at for at, text in enumerate(facts.texts) if sign in text]
        if spoken and spoken[0] > 0 and one.column in facts.marks.columns:
            found.append(spoken[0])
    found += [
        step.at[0]
        for step in facts.preparations
        if step.kind == "drop" and step.columns and step.at[0] > 0
    ]
    return sorted(found)


def _introduces(text: str) -> bool:
    """Return whether a sentence asks or speaks of columns, rather than demanding a treatment."""
    return re.search(C, text) is not None or text.rstrip().endswith("?")


def _wanted(facts: Facts, recipe: Mapping[str, Any]) -> set[str]:
    """Return the columns, new ones too, that the outputs of a recipe read."""
    names = {column.name for column in facts.marks.lexicon.columns} | set(facts.derived)
    return texts_in(recipe["outputs"]) & names


def _tallied(word: str, text: str) -> bool:
    """Return whether a word is what is counted: "how many voyages"."""
    return (
        re.search(
            rf"\b(?:how many|number of|count(?: of)?(?: the)?)\s+(?:{C}\s+)?(?:[\w-]+\s+)?{word}\b",
            text,
        )
        is not None
    )


def _strange(facts: Facts, at: int, text: str, own: set[str]) -> list[re.Match[str]]:
    """Return the words of a sentence that neither the table nor the language of data knows."""
    found = []
    for match in words_of(text):
        word = match.group().removesuffix("'s")
        if is_known(word):
            continue
        if facts.used(at, *match.span()) or overlapped(facts, at, match.span()):
            continue
        if any(_alike(word, part) for part in own) or _of_all(word, facts):
            continue
        if word not in _STRICT | _SALIENT and not _like_a_value(word, facts):
            if calls_rows(word, *match.span(), text, facts.proper):
                continue
            if _before_column(text[match.end() :]):
                continue
        found.append(match)
    return found


_SEXES = listed("sexes")


def _of_all(word: str, facts: Facts) -> bool:
    """Return whether a word for men or women means everybody: no column tells them apart."""
    if word not in _SEXES:
        return False
    lexicon = facts.marks.lexicon
    parts = {part for column in lexicon.columns for part in column.words}
    return not (_SEXES | {"sex", "gender", "m", "f"}) & (parts | set(lexicon.values))


def _before_column(rest: str) -> bool:
    """Return whether what follows is a column that the word describes: "Gram staining"."""
    return (
        re.match(rf"(?:\s+[\w-]+)?\s+{C}", rest) is not None
        and re.match(r"\s+(?:of|by|in|with|and|for|from|at|on|to)\b", rest) is None
    )


def _salient(match: re.Match[str], text: str, facts: Facts) -> bool:
    """Return whether an unknown word may restrict the rows or call for an operation."""
    word, ahead, behind = match.group(), text[: match.start()], text[match.end() :]
    if _RESTRICTING.search(ahead):
        return True
    if word == "capita":
        return not any(
            "cap" in part for column in facts.marks.lexicon.columns for part in column.words
        )
    if word.endswith("ed") and _DONE.search(ahead):
        return True
    if word.endswith("ing") and _DOING.search(ahead):
        return True
    if _COMMAND.search(ahead) and _may_command(word, ahead, behind):
        return True
    if word in facts.proper and _NAMED_PLACE.search(ahead) and _has_texts(facts):
        return True
    if word.endswith(("er", "est")) and re.match(r"\s+than\b", behind):
        return True
    if word.endswith("est") and not is_known(word.removesuffix("est")) and len(word) > 5:
        return True
    return _sorts_out(word, ahead, behind, facts)


def _may_command(word: str, ahead: str, behind: str) -> bool:
    """Return whether an unknown word may be an imperative: "Deflate the prices"."""
    if _OBJECT.match(behind):
        return True
    last = re.search(r"(\w+)\s*$", ahead)
    if _NOUN.fullmatch(word) or (last is not None and last[1] == "and") or ahead.endswith(", "):
        return False
    following = re.match(r"\s+([a-z]+)\b(?!:)", behind)
    return following is not None and is_known(following[1]) and following[1] not in _LINKS


_OBJECT = re.compile(rf"\s+(?:(?:the|all|each|every|any|both|it|them)\b|{C})")
_LINKS = frozenset({"is", "are", "was", "were", "of", "in", "and", "or", "for", "by", "with"})


def _sorts_out(word: str, ahead: str, behind: str, facts: Facts) -> bool:
    """Return whether a word may tell some rows from others: "imported cars", "of oil firms".

    It does not where a condition was read, which it describes, or where no column sorts rows.
    """
    following = re.match(r"\s+([a-z]+)\b", behind)
    lexicon = facts.marks.lexicon
    if following is None or facts.conditions or not any(map(sorting, lexicon.columns)):
        return False
    noun = following[1]
    whole = noun in _WHO or row_noun(noun, lexicon)
    governed = _GOVERNED.search(ahead) is not None and re.fullmatch(r"\w+[^s]s", noun) is not None
    return (whole and _ADJECTIVE.fullmatch(word) is not None) or (governed and not is_known(noun))


_GOVERNED = re.compile(r"\b(?:of|for|among|in|by|from|across|do|are)\s+(?:the\s+|all\s+)?$")
_WHO = listed("rows_are")


@lru_cache(maxsize=1024)
def _alike(word: str, part: str) -> bool:
    shorter, longer = sorted((word, part), key=len)
    return (
        same_word(word, part)
        or (len(shorter) >= 3 and longer.startswith(shorter))
        or (len(shorter) >= 5 and longer[:5] == shorter[:5])
    )


def _like_a_value(word: str, facts: Facts) -> bool:
    """Return whether a word begins as a value of a column of text does: "smokes" and "smoker"."""
    stem = word[:5] if len(word) > 5 else word
    if len(stem) < 4:
        return False
    return any(
        spelled.startswith(stem) and len(spelled) <= len(word) + _FURTHER
        for spelled in facts.marks.lexicon.values
    )


def _has_texts(facts: Facts) -> bool:
    return any(column.profile.type == "text" for column in facts.marks.lexicon.columns)
