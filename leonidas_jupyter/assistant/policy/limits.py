"""What the administrator allows, and an owner for one project: every front end is held to it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from leonidas_jupyter.assistant.policy.gate import Gate
from leonidas_jupyter.core.errors import ErrorCode, LeonidasError
from leonidas_jupyter.core.exposure import DataExposure, strictest

PythonTool = Literal["ask", "auto", "off"]
"""Whether DS Bro may run Python: after asking, at once, or not at all."""

PYTHON_STRICTEST_FIRST: tuple[PythonTool, ...] = ("off", "ask", "auto")


def _rank(python: PythonTool) -> int:
    return PYTHON_STRICTEST_FIRST.index(python)


def matches(name: str, patterns: Sequence[str]) -> bool:
    """Whether a model is among ``patterns``; ``*`` in one stands for any characters."""
    return any(re.fullmatch(re.escape(each).replace(r"\*", ".*"), name) for each in patterns)


@dataclass(frozen=True)
class Narrower:
    """What the owner of one project chose; None leaves the installation's."""

    exposure: DataExposure | None = None
    python: PythonTool | None = None
    models: Sequence[str] | None = None
    tool_rounds: int | None = None
    run_tokens: int | None = None


@dataclass(frozen=True)
class Looser:
    """A choice that the policy stands against: of what, what is allowed, and a sentence."""

    field: str
    allowed: object
    sentence: str


@dataclass(frozen=True)
class Policy:
    """What is allowed.

    Attributes:
        model: the one that is asked when nobody names another.
        allowed_models: the only ones that may be asked; ``bedrock:*`` is every one of Bedrock.
        project_models: of these, the only ones that the project's owner lets be asked; None: all.
        exposure_max: the ceiling; projects, sessions and messages choose beneath it.
        exposure_k: how many rows must share what a model sees below the level ``rows``.
        python: whether Python may run.
        tool_rounds: how often a model may ask for tools in one answer.
        tool_retries: how often a tool's error goes back to the model before the user sees it.
        run_tokens: what one answer may use, in and out; None: as much as it takes.
        user_tokens: what the user's own budget leaves for today; None: it bounds nothing.
        history_tokens: what of the conversation goes along, about four characters each.
        context_tokens: what of the frames' descriptions goes along.
        reading_seconds: how long a question waits for files that are still being read.
        trace_content: whether OpenTelemetry spans hold what was said.
    """

    model: str = "builtin"
    allowed_models: tuple[str, ...] = ("builtin",)
    project_models: tuple[str, ...] | None = None
    exposure_max: DataExposure = DataExposure.AGGREGATES
    exposure_k: int = 10
    python: PythonTool = "ask"
    tool_rounds: int = 8
    tool_retries: int = 2
    run_tokens: int | None = None
    user_tokens: int | None = None
    history_tokens: int = 6_000
    context_tokens: int = 1_500
    reading_seconds: float = 5.0
    trace_content: bool = False

    def narrowed(self, chosen: Narrower) -> "Policy":
        """This policy for one project: nothing in it is looser than here."""
        if chosen == Narrower():
            return self  # as nearly every project of a long listing
        limits = [limit for limit in (self.run_tokens, chosen.run_tokens) if limit is not None]
        python = chosen.python or self.python
        return replace(
            self,
            exposure_max=strictest([self.exposure_max, chosen.exposure]),
            python=min(python, self.python, key=_rank),
            project_models=None if chosen.models is None else tuple(chosen.models),
            tool_rounds=min(self.tool_rounds, chosen.tool_rounds or self.tool_rounds),
            run_tokens=min(limits, default=None),
        )

    def looser(self, chosen: Narrower) -> Looser | None:
        """The first choice that is looser than this policy, if there is one."""
        allowed = ", ".join(self.choices())
        ceiling, rounds, spent = self.exposure_max, self.tool_rounds, self.run_tokens
        checks = (
            (
                chosen.exposure is not None and chosen.exposure.rank > ceiling.rank,
                Looser(
                    "data_exposure_max",
                    ceiling.value,
                    f"This installation lets models see at most “{ceiling}”; choose that or a "
                    "stricter level.",
                ),
            ),
            (
                chosen.python is not None and _rank(chosen.python) > _rank(self.python),
                Looser(
                    "python",
                    self.python,
                    f"This installation sets Python to “{self.python}”; choose that or what is "
                    "stricter: off is the strictest, then ask, then auto.",
                ),
            ),
            (
                not all(matches(name, self.allowed_models) for name in chosen.models or ()),
                Looser(
                    "models", self.choices(), f"Choose among the models allowed here: {allowed}."
                ),
            ),
            (
                (chosen.tool_rounds or 0) > rounds,
                Looser(
                    "tool_rounds", rounds, f"Choose at most {rounds} tool rounds for an answer."
                ),
            ),
            (
                spent is not None and (chosen.run_tokens or 0) > spent,
                Looser("run_tokens", spent, f"Choose at most {spent or 0:,} tokens for an answer."),
            ),
        )
        return next((looser for against, looser in checks if against), None)

    def allows(self, model: str) -> bool:
        """Whether the model may be asked."""
        mine = self.project_models
        return matches(model, self.allowed_models) and (mine is None or matches(model, mine))

    def allowed_model(self, wanted: str | None, exposure: DataExposure | None = None) -> str:
        """The model to ask; who names none gets, at an ``exposure`` of none, the built-in analyst.

        Raises:
            LeonidasError: ``forbidden_by_policy`` for one that is not allowed.
        """
        name = wanted or self._usual(exposure)
        if not self.allows(name):
            choices = ", ".join(self.choices()) or "none"
            raise LeonidasError(
                ErrorCode.FORBIDDEN_BY_POLICY,
                f"The model {name[:80]!r} is not allowed here; choose one of: {choices}.",
            )
        return name

    def choices(self) -> list[str]:
        """The names and patterns that are allowed, as people may read them."""
        if self.project_models is None:
            return list(self.allowed_models)
        both = [name for name in self.allowed_models if matches(name, self.project_models)]
        inside = [name for name in self.project_models if matches(name, self.allowed_models)]
        return list(dict.fromkeys([*both, *inside]))

    def _usual(self, exposure: DataExposure | None) -> str:
        """The model of who names none: where a project leaves it out, its first plain name."""
        if exposure is DataExposure.NONE and self.allows("builtin"):
            return "builtin"  # no other one may be asked there
        if self.allows(self.model):
            return self.model
        return next((name for name in self.choices() if "*" not in name), self.model)

    def exposure(self, wanted: DataExposure | None, *chosen: DataExposure | None) -> DataExposure:
        """The level that holds: the strictest of the message's, the chosen ones and the ceiling.

        Raises:
            LeonidasError: ``forbidden_by_policy`` when the message asks for more than holds.
        """
        ceiling = strictest([self.exposure_max, *chosen])
        if wanted is not None and wanted.rank > ceiling.rank:
            raise LeonidasError(
                ErrorCode.FORBIDDEN_BY_POLICY,
                f"The data exposure {wanted.value!r} is above what holds here, "
                f"{ceiling.value!r}; ask with that or less.",
            )
        return wanted or ceiling

    def gate(self, model: str, *, local: bool, exposure: DataExposure) -> Gate:
        """What the model may see.

        Raises:
            LeonidasError: ``forbidden_by_policy`` when it may see nothing, so cannot be asked.
        """
        if exposure is DataExposure.NONE and not local:
            raise LeonidasError(
                ErrorCode.FORBIDDEN_BY_POLICY,
                f"At the data exposure 'none' nothing may leave this server, so {model!r} "
                "cannot be asked; choose the model 'builtin'.",
            )
        return Gate(local, exposure, self.exposure_k)
