"""Whether bytes are Chinese, Japanese or Korean text of an encoding."""

import re
from unicodedata import category

_WIDE = re.compile(r"[^\x00-\x7f]+")
_BESIDE = re.compile(r"[A-Za-z][^\x00-\x7f]|[^\x00-\x7f][A-Za-z]")

SCATTERED = 1.2
KANJI_SCATTERED = 0.2
"""How much is a Western letter with the ASCII letter behind it, and not a character of a language.

Japanese without kana stands in whole words, as names do: its bytes are those of Western quotes.
"""


def reads_as(sample: bytes, codec: str) -> bool:
    """Whether the sample is text of that encoding: it decodes, into characters in use."""
    try:
        text = sample.decode(codec)
    except UnicodeDecodeError as error:
        if error.start < len(sample) - 4:
            return False
        text = sample[: error.start].decode(codec)
    # Signs of money and degrees are in every set, and tell nothing.
    wide = [char for char in text if ord(char) > 127 and category(char)[0] not in "PSZ"]
    if len(wide) < 2:
        return False
    kana = sum(0x3040 <= ord(char) <= 0x30FF for char in wide)
    without = kana < 0.1 * len(wide)
    if codec == "euc_jp" and without:
        # Chinese in GB 2312 has the same byte ranges.
        return False
    if _scattered(text) > (KANJI_SCATTERED if codec == "cp932" and without else SCATTERED):
        return False
    return sum(_in_use(char, codec) for char in wide) >= 0.9 * len(wide)


def _scattered(text: str) -> float:
    """How much wide characters stand alone, or beside Latin letters: 0 to 3 for each run."""
    runs = _WIDE.findall(text)
    alone = sum(len(run) == 1 for run in runs)
    return (alone + len(_BESIDE.findall(text))) / max(len(runs), 1)


def _in_use(char: str, codec: str) -> bool:
    """Whether texts of the encoding's language use the character often enough to expect it."""
    code = ord(char)
    kana = 0x3040 <= code <= 0x30FF
    punctuation = 0x3000 <= code <= 0x303F or 0xFF01 <= code <= 0xFF5E
    if codec == "cp949":
        return punctuation or (0xAC00 <= code <= 0xD7A3 and _row(char, "euc_kr") is not None)
    han = 0x4E00 <= code <= 0x9FFF
    if codec in ("cp932", "euc_jp"):
        # Level 1 kanji; half-width katakana are what Western text looks like under this codec.
        return kana or punctuation or (han and (_row(char, "euc_jp") or 99) <= 47)
    if codec == "gb18030":
        return punctuation or (han and (_row(char, "gb2312") or 99) <= 55)
    return punctuation or (han and (char.encode("big5", "replace")[0] <= 0xC6))


def _row(char: str, codec: str) -> int | None:
    """The character's row in the national 94 × 94 set, None if it is not in it."""
    try:
        encoded = char.encode(codec)
    except UnicodeEncodeError:
        return None
    return encoded[0] - 0xA0 if len(encoded) == 2 else None
