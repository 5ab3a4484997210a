"""Model names, and the pydantic-ai models that they stand for."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leonidas_jupyter.core.errors import invalid
from leonidas_jupyter.data.frames import Frame

if TYPE_CHECKING:
    from pydantic_ai.models import Model

BUILTIN = "builtin"


@dataclass(frozen=True)
class ModelEntry:
    """A model that can be asked.

    Attributes:
        name: as settings and requests name it.
        local: it runs inside this process, so that nothing leaves.
        make: the model for one run over these frames.
    """

    name: str
    local: bool
    make: "Callable[[Sequence[Frame]], Model]"


def _builtin(frames: Sequence[Frame]) -> "Model":
    from leonidas_jupyter.assistant.models.builtin import BuiltinModel

    return BuiltinModel(frames)


class ModelRegistry:
    """Looks models up by name."""

    def __init__(
        self, entries: Iterable[ModelEntry] = (ModelEntry(BUILTIN, local=True, make=_builtin),)
    ) -> None:
        self._entries = {entry.name: entry for entry in entries}

    def __getitem__(self, name: str) -> ModelEntry:
        """The model of this name.

        Raises:
            LeonidasError: ``invalid_request`` when there is none.
        """
        entry = self._entries.get(name)
        if entry is None:
            known = ", ".join(self._entries)
            raise invalid(f"There is no model {name[:80]!r} here; choose one of: {known}.")
        return entry

    def __contains__(self, name: object) -> bool:
        return name in self._entries
