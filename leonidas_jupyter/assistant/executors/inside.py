"""What works inside the kernel: its text is sent there and becomes the module ``_leonidas``.

So it uses nothing but the standard library, IPython, and (in functions) pandas and pyarrow, and
leaves no name in the user's namespace. ``_leonidas_frames`` is `kernel.conversion`, sent as well:
frames have the same types as ``%leonidas`` gives. What comes back is code's word, not ours: whoever
runs code in a kernel can change this module there.
"""

import json
import sys
import weakref
from collections.abc import Callable
from importlib import import_module, util
from typing import Any

KEPT_TABLES = 4
"""How many of the latest table results stay whole, to be saved."""

_bound: "dict[str, tuple[str, weakref.ref[Any]]]" = {}
_kept: dict[str, Any] = {}
_remembered: list[dict[str, Any]] = []


class Reply:
    """What a user expression gives back, as JSON."""

    def __init__(self, content: Any) -> None:  # noqa: ANN401 - JSON
        self.content = content

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:  # noqa: ANN401 - IPython's
        return {"text/plain": "", "application/json": self.content}


def call(name: str, arguments: str) -> Reply:
    """Call one of the functions below with JSON arguments."""
    return Reply(_CALLS[name](**json.loads(arguments)))


def set_up(memory_bytes: int | None) -> dict[str, Any]:
    """Import what frames need, and limit the memory that the kernel may take beyond that."""
    missing = [name for name in ("pandas", "pyarrow") if util.find_spec(name) is None]
    for name in ("pandas", "pyarrow", "pyarrow.parquet"):
        if not missing:
            import_module(name)
    if memory_bytes is not None:
        _limit_memory(memory_bytes)
    return {"missing": missing}


def load(frames: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Bind frames to their names, and say which names are the user's own.

    A name that code assigned wins until it is deleted. A frame that this module bound itself is
    bound anew when the file's content is another; what was changed in it in place goes then.
    """
    names = _namespace()
    found: dict[str, list[str]] = {"frames": [], "own": [], "renewed": []}
    for frame in frames:
        name, content = frame["name"], frame["hash"]
        bound = _bound.get(name)
        if name in names:
            if bound is None or bound[1]() is not names[name]:
                found["own"].append(name)
                continue
            if bound[0] == content:
                found["frames"].append(name)
                continue
            found["renewed"].append(name)
        names[name] = _read(frame)
        _bound[name] = (content, weakref.ref(names[name]))
        found["frames"].append(name)
    return found


def existing(assigned: list[str], imported: list[str]) -> list[str]:
    """Which names are there already; a module that would be imported again does not count."""
    names, module = _namespace(), type(sys)
    hidden = getattr(_shell(), "user_ns_hidden", {})
    there = [name for name in assigned if name in names and not _is_hidden(name, names, hidden)]
    return there + [n for n in imported if n in names and not isinstance(names[n], module)]


def remember(given: list[str]) -> None:
    """Note what the user's names stand for; ``given`` are those that may be lost."""
    hidden = getattr(_shell(), "user_ns_hidden", {})
    names = {name: value for name, value in _namespace().items() if not name.startswith("_")}
    for name in {*given, *hidden} & names.keys():
        del names[name]
    _remembered.append(names)


def restore() -> list[str]:
    """Put back what stands for something else now, or is gone; says which names that were."""
    names = _namespace()
    lost = []
    for name, value in (_remembered.pop() if _remembered else {}).items():
        if name not in names or names[name] is not value:
            names[name] = value
            lost.append(name)
    _remembered.clear()
    return lost


def result(key: str, keep: bool, max_rows: int, max_bytes: int) -> dict[str, Any] | None:
    """The last expression's value as a table of JSON cells; None when it is no such thing."""
    value = _shell().last_execution_result.result
    table: dict[str, Any] | None
    try:
        table = _tables().table_of(value, max_rows, max_bytes)
    except Exception:  # noqa: BLE001 - a value of any class; its text form is shown all the same
        return None
    if table is not None and keep and _is_frame(value):
        _kept[key] = _as_it_is_now(value)
        while len(_kept) > KEPT_TABLES:
            del _kept[next(iter(_kept))]
        table["kept"] = key
    return table


def write(key: str, path: str) -> dict[str, Any]:
    """Write a kept table to a file, as CSV; says which of its columns are text."""
    if key not in _kept:
        return {"gone": True}
    frame = _tables().flat(_kept[key])
    frame.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")
    kinds = [(name, _tables().type_of(frame[name])) for name in frame.columns]
    return {"text_columns": [name for name, kind in kinds if kind in {"VARCHAR", "INTERVAL"}]}


_CALLS: dict[str, Callable[..., Any]] = {
    "set_up": set_up,
    "load": load,
    "existing": existing,
    "remember": remember,
    "restore": restore,
    "result": result,
    "write": write,
}


def _shell() -> Any:  # noqa: ANN401 - IPython is not typed
    return import_module("IPython").get_ipython()


def _tables() -> Any:  # noqa: ANN401 - `tables`, under the name that it has in the kernel
    return import_module("_leonidas_tables")


def _namespace() -> dict[str, Any]:
    names: dict[str, Any] = _shell().user_ns
    return names


def _is_hidden(name: str, names: dict[str, Any], hidden: dict[str, Any]) -> bool:
    return name in hidden and hidden[name] is names[name]


def _is_frame(value: object) -> bool:
    pandas = import_module("pandas")
    return isinstance(value, (pandas.DataFrame, pandas.Series))


def _as_it_is_now(value: Any) -> Any:  # noqa: ANN401 - a DataFrame or Series
    """The value, whatever later code changes in it; from pandas 3 on that copies nothing."""
    version = int(import_module("pandas").__version__.partition(".")[0])
    return value.copy(deep=version < 3)


def _read(frame: dict[str, Any]) -> Any:  # noqa: ANN401 - a DataFrame
    table = import_module("pyarrow.parquet").read_table(frame["path"])
    if list(table.shape) != frame["shape"]:
        raise ValueError(f"The server's copy of {frame['name']} is damaged.")
    return import_module("_leonidas_frames").to_pandas(table)


def _limit_memory(memory_bytes: int) -> None:
    """Let an allocation fail with MemoryError where it would go over the limit (Linux).

    What counts is memory that can be written and is the process's own (RLIMIT_DATA), beyond what
    the libraries take at their start; each child process may have as much.
    """
    if sys.platform != "linux":
        return
    resource = import_module("resource")
    with open("/proc/self/status", encoding="ascii") as status:
        taken = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmData"))
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = taken + memory_bytes
    if hard == resource.RLIM_INFINITY or limit < hard:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
