"""Names that are filled with one of the groups that the form allows: the highest, the lowest."""

import re
from collections.abc import Mapping
from typing import Any

from leonidas_jupyter.assistant.analyst.closed.choosing import Choosing
from leonidas_jupyter.assistant.analyst.closed.concepts import pattern_of
from leonidas_jupyter.assistant.analyst.closed.extremes import LEAST, MOST
from leonidas_jupyter.assistant.analyst.closed.facts import Declined
from leonidas_jupyter.assistant.analyst.closed.grouping import group_called
from leonidas_jupyter.assistant.analyst.closed.sampling import categories, value_called
from leonidas_jupyter.assistant.analyst.closed.wanted import Ask, Wanted, decline


class GroupChoice(Choosing):
    """Chooses among groups."""

    def _group_choice(self, ask: Ask) -> Wanted | None:
        """Return the one of the named groups whose statistic is highest or lowest."""
        for column in dict.fromkeys([*self._groups, *self._facts.groups, *categories(self._facts)]):
            called = {
                option: group_called(option.lower(), column, self._facts)
                or value_called(option, column, self._facts)
                for option in ask.options
            }
            if all(called.values()):
                by_value = {str(one.value): option for option, one in called.items() if one}
                return self._extreme_group(ask, column, by_value)
        return None

    def _extreme_group(self, ask: Ask, column: str, by_value: Mapping[str, str]) -> Wanted:
        said = " ".join([*self._facts.texts, ask.everything])
        most, least = (re.search(rf"\b{word}\b", said) for word in (MOST, LEAST))
        kinds = [kind for kind in ("mean", "median", "sum") if pattern_of(kind).search(said)]
        if bool(most) == bool(least) or len(kinds) != 1:
            raise decline(ask)
        output = {
            "op": "top_group",
            "name": ask.slot.name,
            "by": column,
            "column": self._column(ask, kinds[0]),
            "statistic": kinds[0],
            "smallest": bool(least),
        }
        key = f"{ask.slot.name}_group"
        return Wanted(
            [self._place(output, ask, "mean")], lambda found: _known(by_value, found[key])
        )


def _known(options: Mapping[str, str], value: Any) -> str:  # noqa: ANN401 - a cell
    if str(value) not in options:
        raise Declined(f"The answer is {value}, which the form does not allow.")
    return options[str(value)]
