"""Which names a piece of Python reads, and which it would bind in the namespace that it runs in."""

import ast
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

_READERS = frozenset(("eval", "exec", "query", "sql", "run_cell", "getattr"))
_NAMESPACES = frozenset(("globals", "locals", "vars"))


@dataclass(frozen=True)
class Bound:
    """What code binds at its top level: ``imported`` are names of modules, ``assigned`` the rest.

    ``deleted`` names count as assigned: their value is lost just the same.
    """

    assigned: frozenset[str]
    imported: frozenset[str]


def names_read(code: str, known: Collection[str]) -> set[str]:
    """Those of the ``known`` names that the code reads, also from within its functions.

    Code that is no plain Python (magics, shell lines) is looked at word by word; so is the text
    that ``eval``, ``DataFrame.query`` and their like read, or that names a key of ``globals()``.
    """
    tree = _tree(code)
    if tree is None:
        return set(known) & set(re.findall(r"\w+", code))
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
        elif _reads_text(node):
            found.update(_words_in(node))
    return found & set(known)


def _reads_text(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        name = getattr(node.func, "attr", getattr(node.func, "id", None))
        return name in _READERS
    return isinstance(node, ast.Subscript) and _is_namespace(node.value)


def _is_namespace(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and getattr(node.func, "id", None) in _NAMESPACES


def _words_in(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield from re.findall(r"\w+", inner.value)


def names_bound(code: str) -> Bound:
    """The names that running the code would bind, replace or delete in its namespace.

    Of code that is no plain Python, what stands left of an equals sign, and what magics name.
    """
    tree = _tree(code)
    if tree is None:
        words = re.findall(
            r"(?m)^\s*(?:%\w+\s+)?(\w+)\s*(?:[-+*/%&|^@]|//|\*\*|<<|>>)?=(?!=)", code
        )
        return Bound(frozenset(words), frozenset())
    assigned: set[str] = set()
    imported: set[str] = set()
    for node in _of_the_namespace(tree):
        _collect(node, assigned, imported)
    return Bound(frozenset(assigned), frozenset(imported - assigned))


def _tree(code: str) -> ast.Module | None:
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError):
        return None


_OWN_SCOPE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_COMPREHENSION = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def _of_the_namespace(tree: ast.Module) -> Iterator[ast.AST]:
    """The nodes that bind in the module's namespace; of functions, their names and ``global``."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, _OWN_SCOPE):
            yield from _globals_of(node)
        elif isinstance(node, _COMPREHENSION):
            # Its loop variables are its own; a walrus inside binds outside.
            yield from (inner for inner in ast.walk(node) if isinstance(inner, ast.NamedExpr))
        else:
            waiting.extend(ast.iter_child_nodes(node))


def _globals_of(scope: ast.AST) -> Iterator[ast.AST]:
    for inner in ast.walk(scope):
        if isinstance(inner, ast.Global):
            yield inner


def _collect(node: ast.AST, assigned: set[str], imported: set[str]) -> None:
    match node:
        case (
            ast.Name(id=name, ctx=ast.Store() | ast.Del())
            | ast.NamedExpr(target=ast.Name(id=name))
            | ast.FunctionDef(name=name)
            | ast.AsyncFunctionDef(name=name)
            | ast.ClassDef(name=name)
            | ast.ExceptHandler(name=str(name))
            | ast.MatchAs(name=str(name))
            | ast.MatchStar(name=str(name))
            | ast.MatchMapping(rest=str(name))
        ):
            assigned.add(name)
        case ast.Subscript(ctx=ast.Store() | ast.Del(), slice=ast.Constant(value=str(name))):
            if _is_namespace(node.value):
                assigned.add(name)
        case ast.Import() | ast.ImportFrom():
            for alias in node.names:
                imported.add(alias.asname or alias.name.partition(".")[0])
        case ast.Global(names=names):
            assigned.update(names)
        case _:
            return
