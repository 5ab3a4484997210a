"""A text in which columns and quoted words are single signs, so that patterns can speak of them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from leonidas_jupyter.assistant.analyst.closed.align import is_everyday, spelled_in, told_by
from leonidas_jupyter.assistant.analyst.closed.naming import in_words, labels_class, names_defined
from leonidas_jupyter.assistant.analyst.closed.signs import CS, C, L, described_in, tidy
from leonidas_jupyter.assistant.analyst.closed.vocabulary import listed
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon
from leonidas_jupyter.assistant.analyst.words import fold, pieces

_COLUMN, _LABEL = 0xE100, 0xF000
_QUOTED = re.compile(
    r"\"([^\"\n]+)\"|`([^`\n]+)`|“([^”\n]+)”|(?<![A-Za-z0-9])'([^'\n]+)'"
    r"(?![A-Za-z0-9])|\u2018([^\u2019\n]+)\u2019(?![A-Za-z])"
)
_LISTED = re.compile(rf"(?:{_QUOTED.pattern})(?:[\s,]*(?:and|or)?[\s,]*(?:{_QUOTED.pattern}))+")
_CODE = re.compile(r"\((\.?[A-Z][A-Z0-9.]+)\)")
_BRACKETED = re.compile(r"(?P<ahead>\b[^\W\d_][\w-]*)\s+\(\s*(?P<name>[A-Za-z][\w.]*)\s*\)")
_FIGURE = re.compile(
    r"^(?:coefficient|correlation|values?|level|statistic|test|score|squared|alpha|rho|tau|pearson"
    r"|spearman|kendall|size|number)s?$"
)
"""Words behind which a letter in brackets is a figure's sign: "correlation coefficient (r)"."""

_UNNAMED = re.compile(
    r"\b(?:creat|generat|add|deriv|engineer)\w*\s+(?:an?\s+)?(?:new\s+"
    r"|additional\s+)?(?:[a-z-]+\s+){0,2}?(?P<noun>feature|column|variable|attribute|metric)\b(?=:|\s+"
    r"(?:that|which|represent\w*|by|as|for|of|from|show\w*|contain\w*|\())",
    re.I,
)
_CODED = r"[A-Za-z]\w*_\w+|[a-z]+[A-Z]\w+|[A-Z][a-z]+[A-Z]\w*|[A-Z]{2,}\w*"
_BARE = re.compile(
    r"(?:\b[Nn]ew\s+(?:column|feature|variable|attribute|metric)|\b(?:[Cc]reat|[Aa]dd|[Mm]ak|[Dd]efin"
    r"|[Gg]enerat|[Dd]eriv|[Cc]omput|[Cc]alculat)\w*\s+(?:(?:an?|the|new|binary|numeric|additional)\s+)*"
    r"(?:column|feature|variable|attribute|metric))\s+(?:called\s+|named\s+)?"
    rf"({_CODED})(?=\s*(?:=|,|\.|that|which|as|by|from|\())|(?<![\w\"'@])({_CODED})\s=\s(?=[\w\"'(])"
)
_AGAIN = re.compile(
    r"\b(?:this|the|that)\s+(?:new(?:ly)?[\s-]+)?(?:created\s+|derived\s+"
    r"|generated\s+|resulting\s+|new\s+)+(?:[\w-]+\s+){0,3}?(?:feature|column"
    r"|variable|attribute|metric)\b|\b(?:this|the)\s+new\s+(?:feature|column"
    r"|variable|attribute|metric)\b",
    re.I,
)
_VALUE_IN = re.compile(
    rf"(\b(?:each|every)\s+){C}\s+(?:in|of)\s+(?:the\s+)?({C})\s+(?:column|field|variable)\b"
)
"""A word for the values of a column, that is another column's name: "each name in the C column"."""

UNNAMED = "new feature"
"""What a new column is called that the text gives no name."""

_NEW = re.compile(
    r"(?:\b(?:called|named|labell?ed|titled)\b|\b(?:creat|generat|add|introduc"
    r"|engineer|deriv)\w*\b[^.]*"
    r"\b(?:columns?|features?|variables?|attributes?|metrics?)\b|\bnew\s+(?:column"
    r"|feature|variable|attribute|metric))[\s,:-]*(?:as\s+|the\s+)?$",
    re.I,
)
_MADE = re.compile(
    r"\b(?:creat|defin|comput|calculat|extract|deriv|add|introduc|generat|construct"
    r"|engineer|mak)\w*\s+(?:an?\s+|the\s+)?(?:new\s+)?(?:[\w]+\s+)?$",
    re.I,
)
_AS = re.compile(r"\s*(?:as|by|=|that is|to be|which is|from|for each)\b|\s*[=:]")
_SHORT = listed("two_letters")
"""Words of two letters that are no column's name unless the text says so."""


@dataclass
class Marks:
    """The signs handed out so far: ``columns`` and ``labels`` by their number."""

    lexicon: FrameLexicon
    columns: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    as_labels: set[str] = field(default_factory=set)
    described: set[str] = field(default_factory=set)

    def column_sign(self, name: str) -> str:
        """Return the sign of a column, a new one where it has none."""
        if name not in self.columns:
            self.columns.append(name)
        return chr(_COLUMN + self.columns.index(name))

    def label_sign(self, text: str) -> str:
        """Return the sign of a quoted text."""
        if text not in self.labels:
            self.labels.append(text)
        return chr(_LABEL + self.labels.index(text))

    def column(self, sign: str) -> str:
        """Return the column of a sign."""
        return self.columns[ord(sign) - _COLUMN]

    def label(self, sign: str) -> str:
        """Return the quoted text of a sign."""
        return self.labels[ord(sign) - _LABEL]

    def columns_in(self, text: str) -> list[str]:
        """Return the columns that a marked text names, in order, each once."""
        return list(dict.fromkeys(self.column(sign) for sign in re.findall(C, text)))

    def labels_in(self, text: str) -> list[str]:
        """Return the quoted texts in a marked text, in order."""
        return [self.label(sign) for sign in re.findall(L, text)]

    def plain(self, text: str) -> str:
        """Return a marked text as people read it."""
        shown = re.sub(C, lambda match: f" {self.column(match.group())} ", text)
        shown = re.sub(L, lambda match: f' "{self.label(match.group())}" ', shown)
        return " ".join(shown.split())

    def exact(self, text: str) -> str | None:
        """Return the column that ``text`` is the name of, if it is one's."""
        bare = text.strip()
        names = [*self.new, *(column.name for column in self.lexicon.columns)]
        for same in (_as_is, _folded, _joined):
            found = [name for name in names if same(name) == same(bare)]
            if len(found) == 1 and same(bare):
                return found[0]
        return None

    def learn(self, texts: Sequence[str]) -> None:
        """Note the new columns that sentences define, before any of them is marked."""
        for text in texts:
            self._bare(text)
        for text in texts:
            for name in names_defined(_QUOTED.sub("§", text), self.lexicon):
                if self.exact(name) is None and name not in self.new:
                    self.new.append(name)

    def mark(self, text: str, placeholders: Sequence[str] = ()) -> str:
        """Return ``text`` with quoted names, then names in words, replaced by signs."""
        del placeholders
        text = re.sub(r"\b(decimal)\s+(?:places?|points?)\b", r"\1s", text)
        self._bare(text)
        self._unnamed(text)
        self._enumerated(text)
        marked = _QUOTED.sub(self._quoted, text)
        if self.new[-1:] == [UNNAMED]:
            marked = _UNNAMED.sub(f" {self.column_sign(UNNAMED)} ", marked)
        marked = self._verbatim(marked)
        marked = _CODE.sub(self._code, marked)
        marked = _BRACKETED.sub(self._bracketed, marked)
        for found in reversed(spelled_in(marked, self.lexicon.columns)):
            sign = self.column_sign(found.column)
            marked = f"{marked[: found.start]} {sign} {marked[found.end :]}"
        if self.new:
            marked = _AGAIN.sub(f" {self.column_sign(self.new[-1])} ", marked)
        marked = _VALUE_IN.sub(r"\1\2 ", self._everyday(marked))
        self.described |= described_in(marked)
        return tidy(marked)

    def _unnamed(self, text: str) -> None:
        """Note a new column that the text gives no name."""
        if self.new or not _UNNAMED.search(text):
            return
        if not any(_NEW.search(text[: quoted.start()]) for quoted in _QUOTED.finditer(text)):
            self.new.append(UNNAMED)

    def _bare(self, text: str) -> None:
        """Note new columns whose names stand without quotes: "a column daily_range that is …"."""
        for match in _BARE.finditer(text):
            name = match[1] or match[2]
            if match[2] and not self._column_behind(text[match.end() :]):
                continue
            if self.exact(name) is None and name not in self.new:
                self.new.append(name)

    def _column_behind(self, text: str) -> bool:
        """Return whether a formula up to the end of its sentence names a column."""
        formula = re.split(r"[;\n]|\.\s", text)[0]
        return any(
            re.search(rf"(?<!\w){re.escape(column.name)}(?!\w)", formula)
            for column in self.lexicon.columns
        )

    def _enumerated(self, text: str) -> None:
        """Note names that only label classes: 'High', 'Medium' and 'Low' beside a column High."""
        for match in _LISTED.finditer(text):
            quoted = [
                next(group for group in each.groups() if group)
                for each in _QUOTED.finditer(match.group())
            ]
            named = [label for label in quoted if self.exact(label) is not None]
            if len(quoted) > len(named) and all(is_everyday(name) for name in named):
                self.as_labels |= set(named)

    def loosely(self, text: str) -> str:
        """Return a marked text in which words that tell only one column are its sign, too."""

        def told(match: re.Match[str]) -> str:
            name = told_by(fold(match.group()), self.lexicon.columns)
            return f" {self.column_sign(name)} " if name is not None else match.group()

        return tidy(re.sub(r"[^\W\d_\ue100-\uf7ff]+", told, text))

    def _quoted(self, match: re.Match[str]) -> str:
        text = next(group for group in match.groups() if group)
        name = self.exact(text) if text not in self.as_labels else None
        before, after = match.string[: match.start()], match.string[match.end() :]
        made = _NEW.search(before) or (_MADE.search(before) and _AS.match(after))
        if made and labels_class(before, after):
            made = None
        if name is None and text not in self.as_labels and made:
            self.new.append(text.strip())
            name = text.strip()
        return (
            f" {self.column_sign(name)} "
            if name is not None
            else f" {self.label_sign(text.strip())} "
        )

    def _code(self, match: re.Match[str]) -> str:
        """Mark "(ABC)" where one column's name begins with it."""
        begun = [
            column.name
            for column in self.lexicon.columns
            if re.match(rf"{re.escape(match[1])}(?![A-Za-z0-9])", column.name)
        ]
        return f"( {self.column_sign(begun[0])} )" if len(begun) == 1 else match.group()

    def _bracketed(self, match: re.Match[str]) -> str:
        """Mark "(abc)" where that is how a column is written, behind words that describe it."""
        if not any(column.name == match["name"] for column in self.lexicon.columns):
            return match.group()
        if len(match["name"]) == 1 and _FIGURE.search(match["ahead"].lower()):
            return match.group()
        return f"{match['ahead']} ( {self.column_sign(match['name'])} )"

    def _verbatim(self, text: str) -> str:
        """Mark names that stand as they are written in the table, the longest first."""
        names = {name for name in self.new} | {column.name for column in self.lexicon.columns}
        for name in sorted(names, key=len, reverse=True):
            if name not in text:
                continue
            everyday = name not in self.new and (is_everyday(name) or re.fullmatch(r"[a-z]+", name))
            shouted = name.isupper() and name not in ("A", "I", "ID", "NO")
            coded = len(name) == 2 and name.isalpha() and name.lower() not in _SHORT
            short = name not in self.new and re.fullmatch(r"[A-Z]?[a-z]+", name) and len(name) < 4
            short = short and name not in self.new
            if (everyday or short) and not (shouted or coded):
                continue
            pattern = rf"(?<![\w@]){re.escape(name)}(?![\w])"
            text = re.sub(
                pattern, f" {self.column_sign(name)} " if re.search(pattern, text) else "", text
            )
        for name in self.new:
            if len(pieces(name)) > 1:
                text = in_words(name).sub(f" {self.column_sign(name)} ", text)
        return text

    def _everyday(self, text: str) -> str:
        """Mark everyday words where the text says that they are columns."""
        for column in self.lexicon.columns:
            if not is_everyday(column.name) or column.name.lower() not in text.lower():
                continue
            name = re.escape(column.name)
            for pattern in (
                re.compile(
                    rf"(?<![\w]){name}(?![\w])(?=\s+(?:columns?|variables?|fields?|features?"
                    r"|prices?)\b)",
                    re.I,
                ),
                re.compile(
                    rf"(?<=\bcolumn ){name}(?![\w])|(?<=\bcolumns ){name}(?![\w])"
                    rf"|(?<=\bcolumns {C} and ){name}(?![\w])",
                    re.I,
                ),
                re.compile(
                    rf"(?<![\w]){name}(?=\s*(?:minus|plus|divided|times|multiplied|[-+*/])\s)"
                    rf"|(?<=\bminus ){name}(?![\w])|(?<=\bminus the ){name}(?![\w])"
                    rf"|(?<=\bdivided by ){name}(?![\w])|(?<=\bdivided by the ){name}(?![\w])"
                    rf"|(?<= [-+*/] ){name}(?![\w])",
                    re.I,
                ),
                re.compile(
                    rf"(?<=\bwithout a ){name}(?![\w])|(?<=\bwithout an ){name}(?![\w])"
                    rf"|(?<=\bmissing ){name}s?(?![\w])|(?<=\bknown ){name}s?(?![\w])",
                    re.I,
                ),
                re.compile(
                    rf"(?<=\beach ){name}s?(?![\w])|(?<=\bevery ){name}(?![\w])|(?<=\bper ){name}"
                    rf"(?![\w])|(?<=\bwhich ){name}(?![\w])|(?<=\bwhat ){name}(?![\w])"
                    rf"|(?<=\bby ){name}(?![\w])|(?<=\bbetween ){name}s(?![\w])",
                    re.I,
                ),
            ):
                if pattern.search(text):
                    text = pattern.sub(f" {self.column_sign(column.name)} ", text)
        return text


def _as_is(name: str) -> str:
    return name


def _folded(name: str) -> str:
    return fold(name.strip())


def _joined(name: str) -> str:
    return "".join(pieces(name))


__all__ = ["CS", "UNNAMED", "C", "L", "Marks", "tidy"]
