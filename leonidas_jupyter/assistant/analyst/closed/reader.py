"""A closed-form question as a recipe: read against one frame, or declined with the reason."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from leonidas_jupyter.assistant.analyst.closed.account import account
from leonidas_jupyter.assistant.analyst.closed.classes import read_classes
from leonidas_jupyter.assistant.analyst.closed.conditional import conditioned
from leonidas_jupyter.assistant.analyst.closed.derived_words import flag_called, name_classes
from leonidas_jupyter.assistant.analyst.closed.deriving import read_derived
from leonidas_jupyter.assistant.analyst.closed.echoes import without_echoes
from leonidas_jupyter.assistant.analyst.closed.entities import entity_called
from leonidas_jupyter.assistant.analyst.closed.facts import Condition, Declined, Facts, lowered
from leonidas_jupyter.assistant.analyst.closed.families import check_negations, families, set_apart
from leonidas_jupyter.assistant.analyst.closed.grouping import group_called, read_groups, read_least
from leonidas_jupyter.assistant.analyst.closed.halves import read_halves
from leonidas_jupyter.assistant.analyst.closed.implicit import read_implicit
from leonidas_jupyter.assistant.analyst.closed.labels import sign_labels
from leonidas_jupyter.assistant.analyst.closed.lacking import read_lacking
from leonidas_jupyter.assistant.analyst.closed.layout import ClosedForm, Slot
from leonidas_jupyter.assistant.analyst.closed.leading import read_top
from leonidas_jupyter.assistant.analyst.closed.marks import Marks
from leonidas_jupyter.assistant.analyst.closed.methods import foreign, read_methods
from leonidas_jupyter.assistant.analyst.closed.models import read_model
from leonidas_jupyter.assistant.analyst.closed.moments import of_years
from leonidas_jupyter.assistant.analyst.closed.operands import spell_out
from leonidas_jupyter.assistant.analyst.closed.ordering import in_order
from leonidas_jupyter.assistant.analyst.closed.outlying import read_outliers
from leonidas_jupyter.assistant.analyst.closed.periods import read_periods
from leonidas_jupyter.assistant.analyst.closed.populations import alternatives, read_populations
from leonidas_jupyter.assistant.analyst.closed.preparing import read_preparations, resolved
from leonidas_jupyter.assistant.analyst.closed.resolve import Resolver
from leonidas_jupyter.assistant.analyst.closed.rules import read_rules
from leonidas_jupyter.assistant.analyst.closed.said import said
from leonidas_jupyter.assistant.analyst.closed.splits import read_splits
from leonidas_jupyter.assistant.analyst.closed.stages import pruned, stages_of
from leonidas_jupyter.assistant.analyst.closed.targets import mentioned, names_in
from leonidas_jupyter.assistant.analyst.closed.wanted import Ask, Wanted, allowed_words, read_ask
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.words import pieces


@dataclass(frozen=True)
class Task:
    """A recipe for one frame, and what fills each name from its figures.

    ``texts`` are the frame's columns of text: a name that is called as one takes no number.
    """

    recipe: Mapping[str, Any]
    wanted: Sequence[tuple[Slot, Wanted]]
    lines: bool = False
    texts: Sequence[str] = ()

    def filled(self, figures: Mapping[str, Any]) -> str:
        """Return the form, filled.

        Raises:
            Declined: the figures do not tell what a name asks for.
        """
        filled = [(slot, each.finish(figures)) for slot, each in self.wanted]
        for slot, value in filled:
            if _NUMBER.fullmatch(value) and _called_as(slot, self.texts):
                raise Declined(f"What I computed for @{slot.name} is a number, and no name.")
        values = [f"@{slot.name}[{value}]" for slot, value in filled]
        return ("\n" if self.lines else " ").join(values)

    def said(self, lexicon: FrameLexicon) -> str:
        """Return in a sentence how the question was read."""
        return said(self.recipe, lexicon.frame.name)


def read_task(closed: ClosedForm, lexicon: FrameLexicon) -> Task:
    """Return the recipe that answers a question.

    Raises:
        Declined: something of it is not understood.
    """
    marks = Marks(lexicon)
    marks.learn([*closed.sentences, *closed.general])
    facts = Facts(
        marks, [lowered(marks.mark(text)) for text in (*closed.sentences, *closed.general)]
    )
    spell_out(facts)
    sign_labels(facts, {part for slot in closed.slots for part in pieces(slot.name)})
    read_periods(facts)
    read_implicit(facts)
    facts.proper = _proper(closed.sentences)
    unknown = foreign(facts)
    if unknown:
        raise Declined(f"It takes “{unknown}”, which I have no tool for.")
    read_methods(facts)
    read_rules(facts)
    read_preparations(facts)
    read_lacking(facts)
    read_outliers(facts)
    read_derived(facts)
    read_classes(facts)
    read_splits(facts)
    name_classes(facts)
    missing = [name for name in marks.new if name not in facts.derived]
    if missing:
        raise Declined(f"I do not understand how “{missing[0]}” is computed.")
    facts.allowed = (
        allowed_words(closed.slots) if any(_either(slot) for slot in closed.slots) else set()
    )
    read_least(facts)
    read_top(facts)
    read_populations(facts)
    without_echoes(facts)
    read_model(facts)
    read_groups(facts)
    read_halves(facts)
    numeric = [column.name for column in lexicon.columns if column.numeric and column.profile.nulls]
    resolved(facts, numeric)
    placeholders = [slot.placeholder for slot in closed.slots] + [
        slot.name for slot in closed.slots
    ]
    asks = [read_ask(slot, facts, placeholders) for slot in closed.slots]
    texts = [column.name for column in lexicon.columns if column.profile.type == "text"]
    return replace(_task(facts, asks, lexicon), lines=closed.lines, texts=texts)


_NUMBER = re.compile(r"-?[\d.,]+(?:e[+-]?\d+)?")
_TALLY = re.compile(
    r"count|number|num|unique|distinct|total|how_many|^n_|_n$|share|percent|pct|rate"
)


def _called_as(slot: Slot, texts: Sequence[str]) -> bool:
    """Return whether a name is to be filled with a value of a column of text."""
    if _TALLY.search(f"{slot.name} {slot.about}".lower()):
        return False
    called = [pieces(slot.placeholder), pieces(slot.name)]
    return any(pieces(name) in called for name in texts)


def _task(facts: Facts, asks: Sequence[Ask], lexicon: FrameLexicon) -> Task:
    facts.told = _told(facts, asks)
    groups = {**alternatives(facts), **_classes(facts), **families(asks, facts)}
    for ask in asks:
        left = [name for name in ask.columns if name not in groups]
        ask.columns = left if left else ask.columns
    everywhere = [one for one in facts.conditions if one.column not in groups]
    set_apart(asks, everywhere)
    _shares(asks, everywhere)
    for ask in asks:
        _among(ask, facts, groups, everywhere)
        _flagged(ask, facts)
    in_order(asks, groups)
    check_negations(asks)
    called = {one.column for ask in asks for one in ask.where if one.column in facts.groups}
    everywhere = [one for one in everywhere if one.column not in called]
    stages = stages_of(facts, everywhere, _fallback(facts))
    resolver = Resolver(facts, stages, groups)
    resolver.asks = asks
    wanted = conditioned(facts, stages, [(ask.slot, resolver.wanted(ask)) for ask in asks])
    outputs: dict[str, Any] = {}
    for _, each in wanted:
        for output in each.outputs:
            outputs[output["name"]] = output
    specs = [
        (ask.slot.name, _spec(each))
        for ask, (_, each) in zip(asks, wanted, strict=True)
        if not ask.options
    ]
    _decisions_differ(asks, wanted)
    account(
        facts,
        {"steps": stages.steps, "outputs": list(outputs.values())},
        specs,
        [option for ask in asks for option in ask.options],
    )
    steps, kept = pruned(stages.steps, list(outputs.values()))
    recipe = {"frame": lexicon.frame.name, "steps": steps, "outputs": kept}
    return Task(recipe, wanted)


def _decisions_differ(asks: Sequence[Ask], wanted: Sequence[tuple[Slot, Wanted]]) -> None:
    """Check that no two names with the same allowed words are decided by the same figures."""
    seen: dict[str, str] = {}
    for ask, (slot, each) in zip(asks, wanted, strict=True):
        spec = f"{ask.options} {_spec(each)}"
        if ask.options and seen.setdefault(spec, slot.name) != slot.name:
            raise Declined(f"I do not understand how @{slot.name} differs from @{seen[spec]}.")


def _proper(texts: Sequence[str]) -> set[str]:
    """Return the words that are written as names: with a capital, not at a beginning."""
    return {
        match[1].lower()
        for text in texts
        for match in re.finditer(r"[a-z,;)] ([A-Z][\w'-]+)", text)
    }


def _either(slot: Slot) -> bool:
    return (
        re.search(r"\beither\b|\bor\b|\bone of\b", f"{slot.placeholder} {slot.about}") is not None
    )


def _fallback(facts: Facts) -> list[str]:
    found = mentioned(facts)
    return found if len(found) == 1 else []


def _shares(asks: Sequence[Ask], everywhere: list[Condition]) -> None:
    """Give the conditions to the names that ask for a share: the rest of the rows counts, too."""
    kinds = [ask.concept.kind if ask.concept else "" for ask in asks]
    if (
        "share" not in kinds
        or not set(kinds) <= {"share", "count"}
        or any(ask.where for ask in asks)
    ):
        return
    for ask in asks:
        ask.where = list(everywhere)
    everywhere.clear()


def _among(
    ask: Ask,
    facts: Facts,
    groups: Mapping[str, Sequence[Condition]],
    everywhere: Sequence[Condition],
) -> None:
    """Give a name the groups that its words call, and drop what holds everywhere anyway."""
    ask.where = [one for one in ask.where if one not in everywhere]
    words = f" {ask.words} {ask.slot.placeholder.lower().replace('_', ' ')} "
    words = re.sub(r"(?<=[a-z])(?=\d)|(?<=\d)(?=[a-z])", " ", words)
    for column, conditions in groups.items():
        if any(one.column == column for one in ask.where):
            continue
        called = [one for one in conditions if one.words and _called(one, words, conditions)]
        called = list({(one.op, str(one.value)): one for one in called}.values())
        if len(called) != 1:
            called = [one for one in [group_called(words, column, facts)] if one is not None]
        if len(called) == 1:
            ask.where.append(called[0])
    for column in [*facts.groups, *facts.classes]:
        made_of = names_in(facts.derived[column]) if column in facts.derived else set()
        if made_of & {one.column for one in ask.where if of_years(one)}:
            continue
        one = group_called(words, column, facts)
        if one is not None and one not in ask.where and column not in groups:
            ask.where.append(one)


def _flagged(ask: Ask, facts: Facts) -> None:
    """Give a name the rows that a column of 1 and 0 flags, unless it asks of that column."""
    for column in facts.flags:
        kind = ask.concept.kind if ask.concept else ""
        alone = ask.columns == [column] and kind not in ("count", "share")
        one = flag_called(ask.slot.name, column)
        if one is not None and not alone and not any(each.column == column for each in ask.where):
            ask.columns = [name for name in ask.columns if name != column]
            ask.where.append(one)


def _told(facts: Facts, asks: Sequence[Ask]) -> list[str]:
    """Return the columns of text that the names to fill are called after."""
    own = facts.marks.lexicon.by_name
    named = [name for ask in asks for name in ask.columns if name in own and not own[name].numeric]
    if named:
        return list(dict.fromkeys(named))
    spoken = [
        entity_called(list(pieces(text)), facts.marks.lexicon)
        for ask in asks
        if ask.concept is None or ask.concept.kind in ("max", "min")
        for text in (ask.slot.name, ask.slot.placeholder)
    ]
    return list(dict.fromkeys(name for name in spoken if name is not None))


def _classes(facts: Facts) -> dict[str, list[Condition]]:
    """Return the groups that the text makes of a column's values."""
    return {
        name: [Condition(name, "==", label, pieces(label)) for label in labels]
        for name, labels in facts.classes.items()
    }


def _called(condition: Condition, words: str, others: Sequence[Condition]) -> bool:
    del others
    return all(f" {word[:6]}" in words for word in condition.words) and (
        "not" in condition.words or " not " not in words
    )


def _spec(wanted: Wanted) -> str:
    """Return what computes a name's figure, whatever the name."""
    return repr(
        [
            *({k: v for k, v in output.items() if k != "name"} for output in wanted.outputs),
            wanted.said,
        ]
    )
