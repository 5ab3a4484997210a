"""The state of a program while its steps are compiled, one after the other."""

import keyword
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel

from leonidas_jupyter.data.profile import FrameProfile
from leonidas_jupyter.data.recipes.errors import RecipeRefused
from leonidas_jupyter.data.recipes.pieces import Code, Scope
from leonidas_jupyter.data.recipes.schema import Kind, Schema, schema_of
from leonidas_jupyter.data.recipes.writer import Writer, literal, literals


def mentioned(part: object) -> Iterable[str]:
    """Every text in a part of a recipe: the columns that it may need are among them."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from mentioned(getattr(part, name))
    elif isinstance(part, Mapping):
        for key, value in part.items():
            yield from mentioned(key)
            yield from mentioned(value)
    elif isinstance(part, list | tuple):
        for each in part:
            yield from mentioned(each)


@dataclass
class Build:
    """What is known after the steps so far.

    Attributes:
        writer: the lines.
        frames: the profiles of the project's frames, by name.
        wanted: texts of the recipe, to tell which columns are read; None for all columns.
        schema: the working table's columns.
        loading: the lines that take the frames.
        read: which columns of each frame are read, all of them named.
        results: the figures so far.
        singles: whether each row still stands for rows of its own, and no row for several.
    """

    writer: Writer
    frames: Mapping[str, FrameProfile]
    wanted: frozenset[str] | None
    schema: Schema = field(default_factory=lambda: Schema({}))
    loading: list[str] = field(default_factory=list)
    read: dict[str, list[str]] = field(default_factory=dict)
    results: dict[str, Code] = field(default_factory=dict)
    singles: bool = True

    @property
    def table(self) -> str:
        """The variable of the working table."""
        return self.writer.table

    @property
    def scope(self) -> Scope:
        """Where expressions over the working table stand."""
        return Scope(self.writer, self.schema, self.table)

    def say(self, *lines: str) -> None:
        """Write lines."""
        self.writer.say(*lines)

    def ref(self, name: str) -> str:
        """The code of a column, as it is."""
        self.schema.kind(name)
        return f"{self.table}[{literal(name)}]"

    def put(self, name: str, code: str, kind: Kind) -> None:
        """Write a column of the working table."""
        self.say(f"{self.table}[{literal(name)}] = {code}")
        self.schema = self.schema.having({name: kind})

    def load(self, frame: str, variable: str, columns: Iterable[str] | None) -> Schema:
        """Take a frame's columns into a variable, whole numbers with gaps as floats.

        The schema has all its columns: those that are not taken are named nowhere.

        Raises:
            RecipeRefused: there is no such frame.
        """
        profile = self.frames.get(frame)
        if profile is None or not frame.isidentifier() or keyword.iskeyword(frame):
            known = ", ".join(self.frames) or "none"
            raise RecipeRefused(f"There is no frame {frame!r}; there are: {known}.")
        schema, floats = schema_of(profile)
        names = list(schema.kinds)
        wanted = None if columns is None else set(columns)
        used = names if wanted is None else [name for name in names if name in wanted]
        # A table without columns has no rows either.
        used = used or names[:1]
        taken = f"{frame}.copy()" if used == names else f"{frame}[{literals(used)}].copy()"
        casts = {name: "float" for name in floats if name in used}
        if casts:
            taken = taken.removesuffix(".copy()") + f".astype({casts!r})"
        self.loading.append(f"{variable} = {taken}")
        self.read[frame] = sorted({*self.read.get(frame, []), *used}, key=names.index)
        return schema


def observed(schema: Schema, by: Iterable[str]) -> str:
    """What keeps classes that no row is in out of the groups."""
    return ", observed=True" if any(schema.kind(name).category for name in by) else ""
