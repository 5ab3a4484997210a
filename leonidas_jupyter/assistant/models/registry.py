"""Model names, and the pydantic-ai models that they stand for."""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leonidas_jupyter.assistant.models.failures import failure_of
from leonidas_jupyter.assistant.models.names import BUILTIN, is_pattern, model_of, provider_of
from leonidas_jupyter.assistant.models.providers import (
    ProviderSettings,
    asked_of,
    make_model,
)
from leonidas_jupyter.core.errors import invalid
from leonidas_jupyter.data.frames import Frame

if TYPE_CHECKING:
    from pydantic_ai.models import Model

    from leonidas_jupyter.assistant.models.guarded import GuardedModel

__all__ = ["BUILTIN", "ModelEntry", "ModelRegistry"]

MOST_MODELS = 100
"""How many models are kept ready; beyond that the one that was made first is made anew."""


@dataclass(frozen=True)
class ModelEntry:
    """A model that can be asked.

    Attributes:
        name: as settings and requests name it.
        local: it runs inside this process, so that nothing leaves.
        make: the model for one run over these frames; it may import a provider's library, so it is
            called in a thread. Raises LeonidasError where the model cannot be made.
        reads_answers: whether earlier answers are of any use to it, beside the questions.
    """

    name: str
    local: bool
    make: "Callable[[Sequence[Frame]], Model]"
    reads_answers: bool = True

    @property
    def provider(self) -> str:
        """Whose model it is."""
        return provider_of(self.name)


def _builtin(frames: Sequence[Frame]) -> "Model":
    from leonidas_jupyter.assistant.models.builtin import BuiltinModel

    return BuiltinModel(frames)


Where = Callable[[str], ProviderSettings]
"""The settings that hold for a model: those of the installation, or of a connected model."""


class ModelRegistry:
    """Looks models up by name: the given entries, and with ``where`` also those of providers.

    A provider's model is made when it is first asked, and used again while its settings hold.
    """

    def __init__(
        self,
        entries: Iterable[ModelEntry] = (
            ModelEntry(BUILTIN, local=True, make=_builtin, reads_answers=False),
        ),
        where: Where | None = None,
    ) -> None:
        self._entries = {entry.name: entry for entry in entries}
        self._where = where
        self._made: dict[str, tuple[ProviderSettings, GuardedModel]] = {}
        self._making = threading.Lock()

    def __getitem__(self, name: str) -> ModelEntry:
        """The model of this name; whether its provider knows it shows when it is asked.

        Raises:
            LeonidasError: ``invalid_request`` when there can be none.
        """
        entry = self._entries.get(name)
        if entry is not None:
            return entry
        if name not in self:
            known = ", ".join(self._entries)
            raise invalid(f"There is no model {name[:80]!r} here; choose one of: {known}.")
        return ModelEntry(name, local=False, make=lambda _: self._model(name))

    def __contains__(self, name: object) -> bool:
        if name in self._entries:
            return True
        providers = self._where is not None and isinstance(name, str)
        return providers and bool(model_of(str(name))) and not is_pattern(str(name))

    async def forget(self, name: str) -> None:
        """Close the model, and make it anew when it is next asked: its settings have changed."""
        if (made := self._made.pop(name, None)) is not None:
            await made[1].close()

    async def close(self) -> None:
        """Close every model that was made."""
        for name in list(self._made):
            await self.forget(name)

    def _model(self, name: str) -> "Model":
        if self._where is None:
            raise KeyError(name)
        settings = self._where(name)
        with self._making:
            kept = self._made.get(name)
            if kept is None or kept[0] != settings:
                kept = (settings, guarded_model(name, settings))
                self._made[name] = kept
                if len(self._made) > MOST_MODELS:
                    del self._made[next(iter(self._made))]
        return kept[1]


def guarded_model(name: str, settings: ProviderSettings) -> "GuardedModel":
    """A provider's model that raises `ModelFailure` alone; call it in a thread.

    Raises:
        ModelFailure: it cannot be made.
    """
    asked = asked_of(name, settings)
    try:
        from leonidas_jupyter.assistant.models.guarded import GuardedModel

        return GuardedModel(make_model(name, settings), asked)
    except Exception as error:
        raise failure_of(error, asked) from error
