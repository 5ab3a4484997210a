"""The steps of a recipe in their order, and after which of them a figure is to be taken."""

import re
from dataclasses import dataclass, field
from typing import Any

from leonidas_jupyter.assistant.analyst.closed.capping import between, replaced
from leonidas_jupyter.assistant.analyst.closed.encoding import steps_of
from leonidas_jupyter.assistant.analyst.closed.excluding import kept
from leonidas_jupyter.assistant.analyst.closed.facts import (
    Condition,
    Declined,
    Facts,
    Preparation,
    RecipeStep,
)
from leonidas_jupyter.assistant.analyst.closed.targets import (
    looks_like_clock,
    looks_numeric,
    mentioned,
    names_in,
)

_BEFORE = re.compile(
    r"\b(?:before|pre|prior|original|initial|initially|raw|unfiltered|uncleaned"
    r"|with outliers|including outliers)\b"
)
_AFTER = re.compile(
    r"\b(?:after|post|new|cleaned|clean|transformed|normali[sz]ed|standardi[sz]ed"
    "|scaled|imputed|filled|filtered|remaining|without|removal|excluding|final"
    r"|updated|log)\b"
)
_CHANGING = ("fill", "drop", "outliers", "transform", "scale")


@dataclass
class Stages:
    """Recipe steps, with how many stand before the first of each kind."""

    steps: list[RecipeStep] = field(default_factory=list)
    before: dict[str, int] = field(default_factory=dict)
    converted: dict[str, list[str]] = field(default_factory=dict)

    def convert(self, name: str, to: str) -> None:
        """Read a column of text as numbers or seconds, before all other steps."""
        if any(name in names for names in self.converted.values()):
            return
        if to not in self.converted:
            self.converted[to] = []
            self.steps.insert(0, {"op": "convert", "columns": self.converted[to], "to": to})
            self.before = {kind: count + 1 for kind, count in self.before.items()}
        self.converted[to].append(name)
        if to == "number":
            self._drop_texts(name)

    def _drop_texts(self, name: str) -> None:
        """Drop what leaves out a column's texts, which are no numbers and so have no value."""
        for at, step in reversed(list(enumerate(self.steps))):
            if step["op"] == "filter" and _leaves_out_text(step["condition"], name):
                del self.steps[at]
                self.before = {kind: count - (count > at) for kind, count in self.before.items()}

    def add(self, kind: str, step: RecipeStep) -> None:
        """Add a step."""
        self.before.setdefault(kind, len(self.steps))
        self.steps.append(step)

    def first_change(self) -> int:
        """Return how many steps stand before the first that changes values or rows."""
        return min((self.before[kind] for kind in _CHANGING if kind in self.before), default=0)


def _leaves_out_text(condition: dict[str, Any], name: str) -> bool:
    """Return whether a condition only leaves out a text of a column, such as "unknown"."""
    conditions = condition.get("conditions", [])
    if condition["op"] != "or" or len(conditions) != 2 or conditions[0].get("op") != "is_null":
        return False
    left_out = conditions[1].get("condition", {})
    value = left_out.get("value")
    texts = [value] if left_out.get("op") == "==" else left_out.get("values", [])
    return left_out.get("left") == name and all(
        isinstance(each, str) and re.search(r"[^\W\d_]", each) for each in texts
    )


def stages_of(facts: Facts, everywhere: list[Condition], fallback: list[str]) -> Stages:
    """Return the steps that the facts call for.

    Args:
        facts: what the text says.
        everywhere: conditions that hold for all that is asked.
        fallback: the columns that steps without columns of their own are about.
    """
    stages = Stages()
    for name in sorted(set().union(*(names_in(each) for each in facts.derived.values()), set())):
        known = facts.marks.lexicon.by_name.get(name)
        if known is not None and known.profile.type in ("time", "text"):
            clock = known.profile.type == "time" or looks_like_clock(known.profile)
            if (clock or looks_numeric(known.profile)) and _computed(name, facts):
                stages.convert(name, "seconds" if clock else "number")
    own = set(facts.derived)
    early = [one.shape for one in everywhere if one.column not in own]
    for shape in [*early, *map(kept, dict.fromkeys(facts.excluded))]:
        stages.add("filter", {"op": "filter", "condition": shape})
    for step in sorted(facts.preparations, key=lambda each: each.at):
        for recipe in _compiled(step, facts, fallback):
            stages.add(step.kind, recipe)
    for condition in everywhere:
        if condition.column in own:
            stages.add("filter_late", {"op": "filter", "condition": condition.shape})
    return stages


def _computed(name: str, facts: Facts) -> bool:
    """Return whether a new column calculates with a column, rather than taking its text apart."""
    return any(
        isinstance(each, dict)
        and each.get("op")
        in ("+", "-", "*", "/", "**", "abs", "if", "row_mean", "row_sum", "log", "sqrt")
        for each in facts.derived.values()
        if name in names_in(each)
    )


def _compiled(step: Preparation, facts: Facts, fallback: list[str]) -> list[RecipeStep]:
    columns = step.columns or fallback
    if step.kind == "derive":
        return [{"op": "derive", "name": step.columns[0], "value": facts.derived[step.columns[0]]}]
    if step.kind == "dedupe":
        chosen = {"columns": step.columns} if step.columns else {}
        return [{"op": "drop_duplicates", **chosen}]
    if step.kind == "drop":
        columns = step.columns or (mentioned(facts) if step.how.get("listwise") else [])
        return [{"op": "drop_missing", **({"columns": columns} if columns else {})}]
    if step.kind == "fill":
        rest = {
            key: step.how[key] for key in ("value", "by") if step.how.get(key) not in (None, [])
        }
        return (
            [{"op": "fill_missing", "columns": columns, "method": step.how["method"], **rest}]
            if columns
            else []
        )
    if step.kind == "outliers":
        return _outliers(step, columns)
    if step.kind == "encode":
        return steps_of(step)
    if step.kind == "scale":
        columns = columns or mentioned(facts)
        return [{"op": "scale", "columns": _some(columns, "scaled"), "method": step.how["method"]}]
    if step.kind == "transform":
        return _transformed(step, _some(columns, "transformed"))
    return []


def _some(columns: list[str], how: str) -> list[str]:
    if not columns:
        raise Declined(f"It does not say which column shall be {how}.")
    return columns


def _outliers(step: Preparation, columns: list[str]) -> list[RecipeStep]:
    if not step.how["removed"]:
        return []
    columns, action = _some(columns, "freed of outliers"), step.how.get("action", "remove")
    if action == "percentiles":
        return [
            _derived(name, between(name, step.how["low"], step.how["high"])) for name in columns
        ]
    if action in ("mean", "median"):
        method, threshold = step.how["method"], step.how["threshold"]
        return [_derived(name, replaced(name, method, threshold, action)) for name in columns]
    recipe: RecipeStep = {
        "op": "treat_outliers",
        "columns": columns,
        "method": step.how["method"],
        "action": action,
    }
    if step.how["threshold"] is not None:
        recipe["threshold"] = step.how["threshold"]
    return [recipe]


def _derived(name: str, value: Any) -> RecipeStep:  # noqa: ANN401 - a recipe's expression
    return {"op": "derive", "name": name, "value": value}


def _transformed(step: Preparation, columns: list[str]) -> list[RecipeStep]:
    found = []
    for name in columns:
        value: Any = name
        if "plus" in step.how:
            value = {"op": "+", "left": name, "right": step.how["plus"]}
        found.append(
            {
                "op": "derive",
                "name": step.how.get("into", name),
                "value": {"op": step.how["function"], "value": value},
            }
        )
    return found


def after(kind: str, words: str, stages: Stages) -> int | None:
    """Return after how many steps a figure is taken; None for all of them.

    Args:
        kind: what it is.
        words: the name and what is said of it.
        stages: the steps.
    """
    later = _AFTER.search(words) is not None
    between = _between_steps(words, stages)
    if between is not None:
        return between
    if _BEFORE.search(words) and not (
        later and not re.search(r"\bbefore|\bpre\b|\boriginal", words)
    ):
        return stages.first_change()
    if kind.startswith("outlier") or kind in ("low_bound", "high_bound"):
        return stages.before.get("outliers")
    if kind in ("p", "statistic", "decision") and "transform" in stages.before and not later:
        return stages.before["transform"]
    if kind in ("missing", "missing_share") and not re.search(
        r"\bafter\b|\bremaining\b|\bpost\b", words
    ):
        first = [stages.before[step] for step in ("fill", "drop") if step in stages.before]
        return min(first) if first else None
    return None


def _between_steps(words: str, stages: Stages) -> int | None:
    """Return the place of a figure after filling, where outliers are removed later."""
    filled, outliers = stages.before.get("fill"), stages.before.get("outliers")
    if filled is None or outliers is None or outliers <= filled:
        return None
    said = re.search(r"\bafter\b.*\b(?:imput\w*|fill\w*)|\b(?:imputed|filled)\b", words)
    return outliers if said and not re.search(r"\boutlier|\bremov|\bclean", words) else None


def pruned(
    steps: list[RecipeStep], outputs: list[dict[str, Any]]
) -> tuple[list[RecipeStep], list[dict[str, Any]]]:
    """Return a recipe without steps that change only columns which nothing else reads."""
    kept = list(range(len(steps)))
    for at in reversed(range(len(steps))):
        step = steps[at]
        if step["op"] not in ("fill_missing", "scale", "derive"):
            continue
        rest = [steps[other] for other in kept if other > at]
        changed = {step["name"]} if step["op"] == "derive" else set(step["columns"])
        if any(
            each["op"] in ("drop_duplicates", "drop_missing") and "columns" not in each
            for each in rest
        ):
            continue
        if not changed & set().union(*(texts_in(each) for each in [*rest, *outputs]), set()):
            kept.remove(at)
    moved = {count: sum(1 for at in kept if at < count) for count in range(len(steps) + 1)}
    for output in outputs:
        if "after" in output:
            output["after"] = moved[output["after"]]
    return [steps[at] for at in kept], outputs


def texts_in(part: object) -> set[str]:
    """Return all texts in a part of a recipe: names of columns among them."""
    if isinstance(part, str):
        return {part}
    if isinstance(part, dict):
        return set().union(*(texts_in(value) for value in part.values()), set())
    if isinstance(part, list | tuple):
        return set().union(*(texts_in(value) for value in part), set())
    return set()
