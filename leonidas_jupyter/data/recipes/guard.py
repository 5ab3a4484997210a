"""What a compiled program may do, checked again where it runs.

Programs are compiled from templates, and names and values enter them as literals alone. Should that
ever fail, these still stand in the way: a program may hold only the syntax, names and attributes
below, has only these built-in functions, and while it runs the process opens no file of its own
accord, starts no process and talks to nobody.
"""

import ast
import builtins
import re
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from leonidas_jupyter.data.recipes.errors import RecipeRefused
from leonidas_jupyter.data.recipes.writer import FUNCTIONS, IMPORTS

NODES = (
    ast.Module, ast.Import, ast.ImportFrom, ast.alias, ast.Assign, ast.AugAssign, ast.Name,
    ast.Load, ast.Store, ast.Attribute, ast.Subscript, ast.Slice, ast.Tuple, ast.List, ast.Dict,
    ast.Constant, ast.Call, ast.keyword, ast.Starred, ast.BinOp, ast.UnaryOp, ast.BoolOp,
    ast.Compare, ast.IfExp, ast.Lambda, ast.arguments, ast.arg, ast.ListComp, ast.comprehension,
    ast.operator, ast.unaryop, ast.boolop, ast.cmpop,
)  # fmt: skip

ALLOWED_IMPORTS = (
    *IMPORTS.values(),
    *(f"from builtins import {name}" for name in FUNCTIONS),
)

BUILTINS = {name: getattr(builtins, name) for name in FUNCTIONS}

ATTRIBUTES = frozenset(
    re.findall(
        r"\w+",
        """
    abs agg any append arange argmax array asfreq assign association astype bartlett between
    bfill cat ceil chi2_contingency chisquare clip codes columns contains contingency copy corr
    count cov crosstab cummax cummin cumprod cumsum cut DataFrame date day day_name dayofyear
    describe diag diff dof drop drop_duplicates dropna dt endswith exp f_oneway ffill fillna
    float64 floor format full get get_dummies gmean groupby head hour idxmax idxmin iloc index
    inf infer_objects interpolate isin isna isnull isocalendar jarque_bera kendalltau kruskal
    ks_2samp kstest kurt kurtosis len levene linalg loc log log10 log1p log2 logaddexp logcdf logsf
    lower lstsq mannwhitneyu map mask max mean median melt merge min minimize minute mode month
    month_name nan ndarray negative norm normalize normaltest notna nunique ones pct_change
    pearsonr permutation pinv pivot_table prod pvalue qcut quantile quarter random RandomState
    rank reduce reindex rename rename_axis rename_categories replace reset_index reshape rolling
    round sample second select select_dtypes sem Series sf shape shapiro shift sign size skew
    slice sort sort_index sort_values spearmanr split sqrt stack start_time startswith statistic
    std str strftime strip sum T t tail tile Timedelta Timestamp title to_datetime to_numeric
    to_numpy to_period to_timedelta total_seconds transform triu ttest_1samp ttest_ind ttest_rel
    tz tz_localize unique upper value_counts var week weekday where wilcoxon x year zeros
    """,
    )
)


TOO_DEEP = "The recipe's expressions are nested too deeply: derive columns one after the other."


def check_program(code: str) -> None:
    """Refuse a program that holds anything that no template writes.

    Raises:
        RecipeRefused: it does; that is an error of the compiler.
    """
    try:
        tree = ast.parse(code)
    except (SyntaxError, RecursionError, MemoryError):
        raise RecipeRefused(TOO_DEEP) from None
    for node in ast.walk(tree):
        if not _allowed(node):
            raise RecipeRefused(
                f"The program holds {type(node).__name__} where none belongs, and was not run: "
                "report this recipe."
            )


def _allowed(node: ast.AST) -> bool:
    if isinstance(node, ast.Import | ast.ImportFrom):
        return ast.unparse(node) in ALLOWED_IMPORTS
    if isinstance(node, ast.Attribute):
        return node.attr in ATTRIBUTES
    if isinstance(node, ast.Name):
        return not node.id.startswith("__")
    return isinstance(node, NODES)


def names_for(frames: Mapping[str, Any]) -> dict[str, Any]:
    """The names that a program finds: the frames, and a few functions."""
    # numpy's compiled parts import by the program's own function, so it is Python's: which modules
    # a program may name is seen to by its check.
    return {"__builtins__": {**BUILTINS, "__import__": __import__}, **frames}


FORBIDDEN = (
    "open", "socket.", "subprocess.", "os.", "shutil.", "ctypes.", "urllib.", "http.", "ftplib.",
    "smtplib.", "sqlite3.", "tempfile.", "mmap.", "webbrowser.", "winreg.", "pty.",
)  # fmt: skip
"""Beginnings of the names of audit events that a running program must not cause.

See https://docs.python.org/3/library/audit_events.html.
"""

_running: int | None = None
_watching = False


class Forbidden(Exception):
    """The running program tried to reach something outside its frames."""


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    # Only the program's own thread is held: another one watches over the memory.
    if _running != threading.get_ident() or not event.startswith(FORBIDDEN):
        return
    # Libraries import parts of themselves when those are first used.
    if (event == "open" and _of_a_library(arguments)) or event in ("os.listdir", "os.scandir"):
        return
    raise Forbidden(event)


def _of_a_library(arguments: tuple[Any, ...]) -> bool:
    path, mode = str(arguments[0]), arguments[1]
    reading = mode is None or not set(str(mode)) & set("wax+")
    return reading and path.startswith((sys.prefix, sys.base_prefix, *filter(None, sys.path)))


@contextmanager
def confined() -> Iterator[None]:
    """While this holds, the process opens no file, starts nothing and connects to nowhere."""
    global _running, _watching
    if not _watching:
        sys.addaudithook(_watch)
        _watching = True
    _running = threading.get_ident()
    try:
        yield
    finally:
        _running = None
