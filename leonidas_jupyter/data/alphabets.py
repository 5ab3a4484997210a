"""Which single-byte encoding a text is in, by the letters that languages write."""

import re

_PUNCTUATION = "\u2013\u2014\u2018\u2019\u201a\u201c\u201d\u201e\u2026\u00a0"
_OPENING, _CLOSING = "\u201a\u201e\u00a0", "\u201d\u2026©®™"
_EVERYWHERE = _PUNCTUATION + "\u20ac§°«»£"
"""Signs that any text may have among its letters."""

_RARE = "©®™±²³½¼µ·•×†‡¿¡ºª¥¢"
"""Signs that stand apart from letters, if anywhere."""

_ICELANDIC = "áéíóúýþæöð"
_ITALIAN = "àèéìòù"
_WESTERN = (
    "äöüß", "éèêëàâçîïôûùüœ", "ñáéíóúü", "ãõáâàçéêíóôú", "åäöéæø", _ITALIAN, "éëïöüèê",
    _ICELANDIC,
)  # fmt: skip
_CENTRAL = ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "čćđšž", "ăâîşţ")
_TURKISH = ("çğıöşüâîûİ",)
Alphabets = tuple[tuple[str, tuple[str, ...]], ...]

LATIN: Alphabets = (
    ("cp1252", _WESTERN),
    ("iso8859-15", _WESTERN),
    ("cp1250", _CENTRAL),
    ("iso8859-2", _CENTRAL),
    ("cp1254", _TURKISH),
    ("mac_roman", _WESTERN),
    ("cp850", _WESTERN),
    ("cp852", _CENTRAL),
)
"""Encodings of Latin letters, the likeliest first, and the letters of their languages."""

_RUSSIAN = ("оеаинтсрвлкмд",)
_GREEK = ("αοιετσνηυρπκάίόέής",)
_HEBREW = ("יוהלארמתבשנע",)
_ARABIC = ("اليمونترةبعدسف",)

SCRIPTS: Alphabets = (
    ("cp1251", _RUSSIAN),
    ("koi8_r", _RUSSIAN),
    ("cp866", _RUSSIAN),
    ("iso8859_5", _RUSSIAN),
    ("mac_cyrillic", _RUSSIAN),
    ("cp1253", _GREEK),
    ("cp1255", _HEBREW),
    ("cp1256", _ARABIC),
)
"""Encodings of other scripts, every byte of which is some letter, and the commonest letters."""

_AS_TURKISH = frozenset("ýÝþÞðÐöÖ")
"""What Turkish looks like as Icelandic, which has other letters, too, wherever there are words."""

CLEARLY = 0.03
"""By how much a less likely encoding must read better."""

ENOUGH = 0.75
ENOUGH_COMMON = 0.5
"""What share must be letters of a language; of another script, its commonest."""

_WORD = re.compile(rb"[A-Za-z\x80-\xff]+")

SIGNS = frozenset(_EVERYWHERE + _RARE + "¢¥¬¦÷‰™")
"""What stands beside figures and words in Western text that has no letter outside ASCII."""

MOST_SIGNS = 10
"""How many different signs such a text has; more bytes than these are letters of something."""

_LONE = re.compile(
    rb"[^A-Za-z\x80-\xff]?(?<![A-Za-z\x80-\xff])[\x80-\xff](?![A-Za-z\x80-\xff])[\x00-\x7f]?"
)
MOST_LONE = 50
"""Signs apart from words that count, at most."""

_PLACE = re.compile(rf"([^\W\d_]*)([{''.join(sorted(SIGNS))}])(?=([^\W\d_]*))")
_CONTRACTED = frozenset(("", "s", "t", "d", "m", "ll", "re", "ve"))


def only_signs(sample: bytes) -> bool:
    """Whether what is outside ASCII is but signs of Windows-1252, each where such a sign stands.

    The bytes are letters under other encodings: "5 €", "°C" and "m³" say nothing of a language,
    while "Pawe³" is Polish.
    """
    text = sample.decode("cp1252", "replace")
    signs = {char for char in text if ord(char) > 127}
    return (
        signs <= SIGNS
        and len(signs) <= MOST_SIGNS
        and all(_in_place(*found.groups()) for found in _PLACE.finditer(text))
    )


def _in_place(before: str, sign: str, after: str) -> bool:
    """Whether a sign stands right between the letters before and after it."""
    if sign == "\u2019":
        return after in _CONTRACTED or len(before) < 2
    if sign == "³" and before in ("z", "Z"):
        return False  # Polish money
    if sign == "µ":
        return not before and len(after) <= 4
    if sign in _OPENING:
        return not before
    if sign in _CLOSING:
        return not after
    if sign in _PUNCTUATION:
        return not (before and after)
    return len(before) <= 2 and len(after) <= 1


def by_letters(sample: bytes) -> str | None:
    """The single-byte encoding under which a sample reads as some language; None if none.

    Each word counts once: a sign of money or a space that joins digits comes again in every row,
    and tells little.
    """
    words = {word for word in _WORD.findall(sample) if len(word) > 1 and not word.isascii()}
    lone = sorted(set(_LONE.findall(sample)))[:MOST_LONE]
    text = b" ".join(sorted(words) + lone)
    mixed = sum(any(byte < 128 for byte in word) for word in words)
    if mixed > 0.25 * len(words) or not words:
        return _best(text, LATIN, ENOUGH)
    return _best(text, SCRIPTS, ENOUGH_COMMON) or _best(text, LATIN, ENOUGH)


def _best(sample: bytes, alphabets: Alphabets, most: float) -> str | None:
    """The encoding under which the letters outside ASCII are those of one language; None if none.

    A capital letter after a small one, or a sign between two letters, speaks against it.
    """
    best = None
    for codec, languages in alphabets:
        text = sample.decode(codec, "replace")
        found = max(_share(text, letters) for letters in languages)
        if found > most + (CLEARLY if best else 0.0):
            best, most = codec, found
    return best


def _share(text: str, letters: str) -> float:
    """The share of the characters outside ASCII that are the language's and in their place."""
    known = frozenset(letters + letters.upper())
    if letters is _ICELANDIC and not known.intersection(text) - _AS_TURKISH:
        return 0.0
    good = total = 0.0
    placed = {found.start(2) for found in _PLACE.finditer(text) if _in_place(*found.groups())}
    for at, (before, char, after) in enumerate(zip(" " + text, text, text[1:] + " ", strict=False)):
        if ord(char) < 128:
            continue
        total += 1
        if at in placed:
            good += 1.0
        elif char in known:
            ends = letters is not _ITALIAN or not after.isalpha()  # where Italian has its accents
            good += _as_letter(before, char, after) if ends else 0.0
        elif char in _EVERYWHERE or (char in _RARE and not (before.isalpha() and after.isalpha())):
            good += 0.6
    return good / total if total else 0.0


def _as_letter(before: str, char: str, after: str) -> float:
    """What a letter counts for between its neighbours: none stands alone beside a digit."""
    if char.isupper() and before.islower():
        return -1.0
    if char in "œŒ" and after not in "uUiIeEtT":
        return 0.0  # cœur, œil, œdème: anything else is a letter of Polish under another encoding
    joins = (before.isdigit() or after.isdigit()) and not (before.isalpha() or after.isalpha())
    return 0.0 if joins else 1.0
