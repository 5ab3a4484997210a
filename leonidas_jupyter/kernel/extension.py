"""Putting the magic and its completion into an IPython shell, and taking them out again."""

import contextlib
from typing import Any
from weakref import WeakKeyDictionary

from leonidas_jupyter.kernel.arguments import help_text
from leonidas_jupyter.kernel.completion import Completion, matcher
from leonidas_jupyter.kernel.magics import LeonidasMagic
from leonidas_jupyter.kernel.syntax import protect

_NAME = "leonidas"
_loaded: "WeakKeyDictionary[Any, tuple[LeonidasMagic, Any]]" = WeakKeyDictionary()


def load(shell: Any) -> None:  # noqa: ANN401 - IPython is not typed
    """Register ``%leonidas`` and ``%%leonidas``; nothing is connected or started yet."""
    magic = LeonidasMagic(shell)

    def leonidas(line: str, cell: str | None = None) -> object:
        return magic.leonidas(line, cell)

    leonidas.__doc__ = help_text()
    for kind in ("line", "cell"):
        shell.register_magic_function(leonidas, magic_kind=kind, magic_name=_NAME)
    completes = matcher(Completion(lambda: magic.connected, lambda: dict(shell.user_ns)))
    shell.Completer.custom_matchers.insert(0, completes)
    shell.input_transformers_cleanup.append(protect)
    _loaded[shell] = (magic, completes)


def unload(shell: Any) -> None:  # noqa: ANN401 - IPython is not typed
    """Take them out, and sign out."""
    magic, completes = _loaded.pop(shell, (None, None))
    if magic is None:
        return
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop(_NAME, None)
    with contextlib.suppress(ValueError):
        shell.Completer.custom_matchers.remove(completes)
    with contextlib.suppress(ValueError):
        shell.input_transformers_cleanup.remove(protect)
    magic.close()
