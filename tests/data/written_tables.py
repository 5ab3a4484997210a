"""Random typed tables written in random ways, and what a frame of them must hold.

Every cell is written by a rule of its column's, so that it is known what was meant: a frame holds
that value, or the column is text and its cells are as they were written.
"""

import bz2
import datetime
import gzip
import io
import lzma
import random
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Cell = tuple[str, Any]
"""A cell as written, and the value meant; the same text where text is meant."""


@dataclass
class Ways:
    """How a whole file is written."""

    language: str = "en"
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    quoting: str = "needed"
    escape: str = "double"
    newline: str = "\n"
    decimal: str = "."
    thousands: str = ","
    header: bool = True
    preamble: list[str] = field(default_factory=list)
    footer: list[str] = field(default_factory=list)
    comments: bool = False
    blanks: bool = False
    space: bool = False
    padded: bool = False
    ends_in_delimiter: bool = False
    ragged: bool = False
    compression: str = "none"


@dataclass
class WrittenTable:
    """A file, its name, the ways it is written in, and what it says."""

    content: bytes
    filename: str
    ways: Ways
    names: list[str]
    kinds: list[str]
    columns: list[list[Cell]]
    ragged_rows: list[int]
    text: str


LANGUAGES: dict[str, tuple[tuple[str, ...], str, str]] = {
    "en": (("utf-8", "utf-8-sig", "utf-16", "cp1252", "ascii"),
           "north south market harbour quality report office street summer winter price", ".,"),
    "de": (("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "iso8859-15"),
           "Größe Straße München Köln Übung Qualität Bäcker Gebühr schön Fuß Käse", ",."),
    "fr": (("utf-8", "utf-8-sig", "utf-16-be", "cp1252", "mac_roman"),
           "été Besançon élève français Noël forêt hôpital déjà garçon où année", ",\u00a0"),
    "es": (("utf-8", "cp1252", "utf-32"),
           "año España niño corazón árbol público música Córdoba señal jamón mañana", ",."),
    "pl": (("utf-8", "cp1250", "iso8859-2", "utf-8-sig"),
           "Łódź święto książka żółty ćwierć pięć źródło mąka gość ręka środa", ", "),
    "cs": (("utf-8", "cp1250", "iso8859-2"),
           "Žižkov příliš žluťoučký kůň úpěl ďábelské ódy řeka město děti šťastný", ",\u00a0"),
    "tr": (("utf-8", "cp1254"),
           "İstanbul güneş Iğdır çocuk öğrenci ışık şeker doğa üzüm kağıt yağmur", ",."),  # noqa: RUF001 - Turkish
    "ru": (("utf-8", "cp1251", "koi8_r", "utf-8-sig", "utf-16"),
           "Москва область город река центр население школа рынок севера улица данные", ", "),
    "el": (("utf-8", "cp1253"),
           "Αθήνα πόλη νησί θάλασσα σχολείο δρόμος αγορά λιμάνι χώρα νερό ημέρα", ",."),
    "ja": (("utf-8", "shift_jis", "utf-8-sig", "utf-16", "euc_jp"),
           "東京都のデータ 大阪のまち 人口と世帯 きれいな水 カメラ とても高い山 売上げ みかん "
           "しろいねこ コーヒー ひらがな", ".,"),
    "zh": (("utf-8", "gb18030", "utf-8-sig", "utf-16"),
           "北京市 人口数据 经济统计 中国公司 销售报告 价格 上海的天气 学校 工作时间 地方", ".,"),
    "tw": (("utf-8", "big5"),
           "臺北市 人口資料 經濟統計 公司名稱 銷售報告 價格 高雄的天氣 學校 工作時間 地方", ".,"),
    "ko": (("utf-8", "euc_kr", "utf-16"),
           "서울특별시 인구 통계 경제자료 회사이름 판매보고 가격 부산날씨 학교 시간 지역", ".,"),
}  # fmt: skip
"""Per language: encodings, words, and the decimal and the thousands mark."""

TRUTHS = (("true", "false"), ("TRUE", "FALSE"), ("Yes", "No"), ("yes", "no"), ("Y", "N"))
OWN_TRUTHS = {"de": ("ja", "nein"), "fr": ("Oui", "Non"), "pl": ("tak", "nie"), "ru": ("да", "нет"),
              "tr": ("evet", "hayır"), "es": ("sí", "no"), "ja": ("はい", "いいえ"),  # noqa: RUF001
              "zh": ("是", "否")}  # fmt: skip
DATES = ("%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y/%m/%d", "%d-%b-%Y", "%d %B %Y",
         "%b %d, %Y", "%d.%m.%y", "%Y.%m.%d", "%d-%m-%Y")  # fmt: skip
MOMENTS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%d/%m/%Y %H:%M",
           "%m/%d/%Y %I:%M %p", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S+02:00",
           "%d.%m.%Y %H:%M:%S")  # fmt: skip
TIMES = ("%H:%M", "%H:%M:%S", "%I:%M %p")
MISSING = ("", "", "", "NA", "N/A", "null", "NULL", "-", "NaN", "#N/A", "\\N", "None", "n/a")


class Writer:
    """Makes one table from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - no secret
        self.ways = self._ways()
        self.words = LANGUAGES[self.ways.language][1].split()

    def _ways(self) -> Ways:
        r = self.random
        language = r.choice(list(LANGUAGES))
        encodings, _, marks = LANGUAGES[language]
        ways = Ways(language=language, encoding=r.choice(encodings))
        ways.decimal, ways.thousands = marks[0], marks[1]
        usual = [";", "\t", "|"] if ways.decimal == "," else [",", ",", ";", "\t", "|"]
        ways.delimiter = r.choice([*usual * 3, ",", "~", "^", "||", "|~|", "::", " "])
        ways.quoting = r.choice(["needed", "needed", "needed", "all", "words"])
        ways.quote = r.choice(['"', '"', '"', '"', "'"])
        ways.escape = r.choice(["double", "double", "double", "backslash"])
        ways.newline = r.choice(["\n", "\n", "\r\n", "\r\n", "\r", "mixed"])
        ways.header = r.random() < 0.9
        ways.comments = r.random() < 0.08
        ways.blanks = r.random() < 0.08
        ways.space = ways.delimiter in ",;" and r.random() < 0.08
        ways.ends_in_delimiter = ways.delimiter in ",;\t|" and r.random() < 0.05
        ways.ragged = r.random() < 0.08
        ways.compression = r.choice(["none"] * 8 + ["gzip", "zip", "zstd", "xz", "bz2"])
        return ways

    # columns ---------------------------------------------------------------------------------

    def number(self, places: int, *, below: float = 0.2, size: int = 6) -> Decimal:
        r = self.random
        digits = r.randint(0, 10 ** r.randint(1, size + places))
        value = Decimal(digits).scaleb(-places)
        return -value if r.random() < below and value else value

    def printed(self, value: Decimal, places: int, *, grouped: bool) -> str:
        text = f"{value:,.{places}f}" if grouped else f"{value:.{places}f}"
        marks = {",": self.ways.thousands, ".": self.ways.decimal}
        return "".join(marks.get(sign, sign) for sign in text)

    def numbers(self, rows: int, places: int, *, grouped: bool = False) -> list[Cell]:
        found = [self.number(places) for _ in range(rows)]
        return [(self.printed(value, places, grouped=grouped), value) for value in found]

    def money(self, rows: int) -> list[Cell]:
        r = self.random
        shape = r.choice(["${}", "€{}", "{} €", "£{}", "{} zł", "¥{}", "USD {}", "{} kr", "{}%",
                          "{} %", "₩{}"])  # fmt: skip
        if not self._can(shape):
            shape = "${}"
        negative = r.choice(["-", "-", "()", "after"])
        places = r.choice([0, 2, 2])
        grouped = r.random() < 0.6
        cells = []
        for _ in range(rows):
            value = self.number(places)
            text = shape.format(self.printed(abs(value), places, grouped=grouped))
            if value < 0:
                text = {"-": f"-{text}", "()": f"({text})", "after": f"{text}-"}[negative]
            cells.append((text, value))
        return cells

    def _can(self, text: str) -> bool:
        if "¥" in text and self.ways.encoding in ("shift_jis", "euc_jp"):
            return False  # it comes back as a backslash
        try:
            text.encode(self.ways.encoding)
        except UnicodeEncodeError:
            return False
        return True

    def moments(self, rows: int, pattern: str) -> list[Cell]:
        r = self.random
        start = datetime.datetime(r.randint(1950, 2024), r.randint(1, 12), 1)  # noqa: DTZ001
        cells = []
        for _ in range(rows):
            step = datetime.timedelta(minutes=r.randint(0, 60 * 24 * r.choice([1, 30, 800])))
            moment = start + step
            if "%f" in pattern:
                moment += datetime.timedelta(microseconds=r.randint(1, 999_999))
            text = moment.strftime(pattern)
            cells.append((text, _meant(text, pattern)))
        return cells

    def texts(self, rows: int, make: Callable[[], str]) -> list[Cell]:
        return [(text, text) for text in (make() for _ in range(rows))]

    def phrase(self) -> str:
        r = self.random
        joint = r.choice([" ", " ", " ", ", ", "; ", " - ", " | ", '" "', "\n", "/", "'s ", " & "])
        return joint.join(r.choice(self.words) for _ in range(r.randint(1, 6)))

    def code(self) -> str:
        r = self.random
        digit = r.randint(0, 9)
        return r.choice([
            f"{r.randint(0, 9999):05d}", f"A-{r.randint(1, 999)}", f"{digit}E{digit}",
            f"+49 {r.randint(100, 999)} {r.randint(1000, 99999)}", f"{digit}.{digit}.0",
            f"{r.randint(10**19, 10**20)}",
        ])  # fmt: skip

    def kinds(self) -> dict[str, Callable[[int], list[Cell]]]:
        r = self.random
        return {
            "integer": lambda n: self.numbers(n, 0),
            "grouped": lambda n: self.numbers(n, 0, grouped=True),
            "decimal": lambda n: self.numbers(n, r.choice([1, 2, 3])),
            "grouped decimal": lambda n: self.numbers(n, 2, grouped=True),
            "money": self.money,
            "date": lambda n: self.moments(n, r.choice(DATES)),
            "moment": lambda n: self.moments(n, r.choice(MOMENTS)),
            "time": lambda n: self.moments(n, r.choice(TIMES)),
            "truth": self.truth,
            "word": lambda n: self.texts(n, lambda: r.choice(self.words)),
            "phrase": lambda n: self.texts(n, self.phrase),
            "postcode": lambda n: self.texts(n, lambda: f"{r.randint(0, 9999):05d}"),
            "long id": lambda n: self.texts(n, lambda: str(r.randint(10**19, 10**20))),
            "code": lambda n: self.texts(n, lambda: f"{r.choice('ABC')}-{r.randint(1, 999)}"),
            "any code": lambda n: self.texts(n, self.code),
            "mail": lambda n: self.texts(n, lambda: f"u{r.randint(1, 99)}@example.org"),
            "link": lambda n: self.texts(n, lambda: f"https://example.org/?b={r.randint(1, 99)},c"),
            "json": lambda n: self.texts(n, lambda: f'{{"a": {r.randint(1, 9)}, "b": [1, 2]}}'),
            "version": lambda n: self.texts(n, lambda: f"{r.randint(0, 9)}.{r.randint(0, 9)}.1"),
            "country": lambda n: self.texts(n, lambda: r.choice(["NA", "DE", "FR", "NO", "SE"])),
            "range": lambda n: self.texts(n, lambda: f"{r.randint(1, 9)}-{r.randint(10, 19)}"),
        }  # fmt: skip

    def truth(self, rows: int) -> list[Cell]:
        own = OWN_TRUTHS.get(self.ways.language, TRUTHS[0])
        yes, no = self.random.choice([*TRUTHS, own, own])
        meant = [self.random.random() < 0.5 for _ in range(rows)]
        return [(yes if value else no, value) for value in meant]

    def column(self, kind: str, rows: int) -> list[Cell]:
        r = self.random
        cells = self.kinds()[kind](rows)
        if r.random() < 0.25:
            texts = kind in TEXTS
            word = "" if texts else r.choice(MISSING)
            cells = [(word, None) if r.random() < 0.15 else cell for cell in cells]
        return cells

    # files -----------------------------------------------------------------------------------

    def table(self) -> WrittenTable:
        r, ways = self.random, self.ways
        rows = r.choice([2, 3, 5, 8, 15, 30, 60, 200])
        ways.header = ways.header or rows < 5
        available = list(self.kinds())
        kinds = [r.choice(available) for _ in range(r.choice([2, 3, 4, 5, 6, 8, 12]))]
        if all(kind in TEXTS for kind in kinds):
            kinds[r.randrange(len(kinds))] = "integer"
        columns = [self.column(kind, rows) for kind in kinds]
        names = self.names(kinds)
        grid = [[cell for cell, _ in row] for row in zip(*columns, strict=True)]
        ragged = self._ragged(grid)
        lines = [self.line(row, number in ragged) for number, row in enumerate(grid)]
        if ways.header:
            lines.insert(0, self.line(names, False))
        text = self.surround(lines, len(kinds))
        content, filename = self.packed(self.encoded(text))
        return WrittenTable(content, filename, ways, names, kinds, columns, sorted(ragged), text)

    def names(self, kinds: list[str]) -> list[str]:
        r = self.random
        found: list[str] = []
        for number, kind in enumerate(kinds):
            name = r.choice([
                f"{kind} {number}", f"{r.choice(self.words)}_{number}", f"col{number}",
                f"{r.choice(self.words)} {r.choice(self.words)} {number}", f"{kind} (kg) {number}",
            ])  # fmt: skip
            found.append(name)
        return found

    def _ragged(self, grid: list[list[str]]) -> set[int]:
        """Rows whose last cells are empty and are left out."""
        if not self.ways.ragged or len(grid) < 5:
            return set()
        chosen = set(self.random.sample(range(1, len(grid) - 1), max(1, len(grid) // 15)))
        return {number for number in chosen if grid[number][-1] == ""}

    def line(self, cells: list[str], short: bool) -> str:
        ways = self.ways
        written = [self.cell(cell) for cell in (cells[:-1] if short else cells)]
        joint = ways.delimiter + (" " if ways.space else "")
        return joint.join(written) + (ways.delimiter if ways.ends_in_delimiter else "")

    def cell(self, cell: str) -> str:
        ways = self.ways
        quote = ways.quote
        needed = (
            ways.delimiter in cell
            or quote in cell
            or "\n" in cell
            or (ways.delimiter == " " and not cell)
        )
        wordy = ways.quoting == "words" and cell[:1].isalpha()
        if not needed and not wordy and ways.quoting != "all":
            return cell
        if ways.escape == "backslash":
            inner = cell.replace("\\", "\\\\").replace(quote, "\\" + quote)
        else:
            inner = cell.replace(quote, quote * 2)
        return quote + inner + quote

    def surround(self, lines: list[str], width: int) -> str:
        r, ways = self.random, self.ways
        if ways.blanks and len(lines) > 4:
            lines.insert(r.randint(2, len(lines) - 1), "")
        if ways.comments and len(lines) > 4:
            for _ in range(r.randint(1, 3)):
                lines.insert(r.randint(0, len(lines) - 1), "# " + " ".join(r.sample(self.words, 3)))
        if ways.delimiter == " ":
            pass  # words around the table are rows, too
        elif ways.header and r.random() < 0.12:
            title = " ".join(r.sample(self.words, 3))
            ways.preamble = r.choice([[title], [title, ""], [title, "2024", ""]])
        if len(lines) > 4 and width > 2 and ways.delimiter != " " and r.random() < 0.1:
            note = " ".join(r.sample(self.words, 4))
            ways.footer = r.choice([["", f"Source: {note}"], [f"Source: {note}"]])
        ends = {"mixed": ["\n", "\r\n"]}.get(ways.newline, [ways.newline])
        found = "".join(line + r.choice(ends) for line in ways.preamble + lines + ways.footer)
        return found if r.random() < 0.8 else found.removesuffix("\n").removesuffix("\r")

    def encoded(self, text: str) -> bytes:
        try:
            return text.encode(self.ways.encoding)
        except UnicodeEncodeError:
            self.ways.encoding = "utf-8"
            return text.encode()

    def packed(self, content: bytes) -> tuple[bytes, str]:
        kind = self.ways.compression
        if kind == "gzip":
            return gzip.compress(content), "table.csv.gz"
        if kind == "xz":
            return lzma.compress(content), "table.csv.xz"
        if kind == "bz2":
            return bz2.compress(content), "table.csv.bz2"
        if kind == "zstd":
            import pyarrow as pa

            return pa.Codec("zstd").compress(content, asbytes=True), "table.csv.zst"
        if kind == "zip":
            buffer = io.BytesIO()
            with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("table.csv", content)
            return buffer.getvalue(), "table.zip"
        return content, self.random.choice(["table.csv", "table.txt"])


TEXTS = frozenset(("word", "phrase", "postcode", "long id", "code", "any code", "mail", "link",
                   "json", "version", "country", "range"))  # fmt: skip


def _meant(text: str, pattern: str) -> Any:
    moment = datetime.datetime.strptime(text, pattern.replace("+02:00", "%z"))  # noqa: DTZ007
    if pattern.endswith("+02:00"):
        return moment.astimezone(datetime.UTC)
    if pattern.endswith("Z"):
        return moment.replace(tzinfo=datetime.UTC)
    if "%Y" not in pattern and "%y" not in pattern:
        return moment.time()
    if "%H" in pattern or "%I" in pattern:
        return moment
    if pattern.endswith("%y") and moment.year < 1969:
        return moment.date()
    return moment.date()


def write_table(seed: int) -> WrittenTable:
    """The table of a seed."""
    return Writer(seed).table()


def difference(
    table: WrittenTable, columns: dict[str, list[Any]], types: dict[str, str], assumed: list[str]
) -> str | None:
    """How a frame differs from the table; None where it does not, or where text stayed text.

    A column may be read otherwise where nothing tells and the dialect says what was assumed. An
    empty column may stand for the delimiter that each line ends with.
    """
    names = list(columns)
    if table.ways.ends_in_delimiter and not any(v is not None for v in columns[names[-1]]):
        names.pop()
    if len(names) != len(table.names):
        return f"{len(names)} columns instead of {len(table.names)}"
    if table.ways.header and names != [" ".join(name.split()) for name in table.names]:
        return f"names {names} instead of {table.names}"
    for name, kind, cells in zip(names, table.kinds, table.columns, strict=True):
        values = columns[name]
        if len(values) != len(cells):
            return f"{len(values)} rows instead of {len(cells)}"
        if any(f"“{name}” could" in sentence for sentence in assumed):
            continue
        for number, (value, (text, meant)) in enumerate(zip(values, cells, strict=True)):
            if not _holds(value, text, meant, types[name]):
                return f"{kind}: row {number} holds {value!r} for {text!r} ({types[name]})"
    return None


def _holds(value: Any, text: str, meant: Any, kind: str) -> bool:
    if kind == "text":
        return value == (text or None)
    if value is None or meant is None:
        return value is None and meant is None
    if kind in ("integer", "number"):
        if isinstance(meant, str):
            return str(value) == meant
        return isinstance(meant, Decimal) and Decimal(repr(value)) == meant
    return type(value) is type(meant) and value == meant
