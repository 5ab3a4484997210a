"""Whether bytes are Chinese, Japanese or Korean text of an encoding."""


def reads_as(sample: bytes, codec: str) -> bool:
    """Whether the sample is text of that encoding: it decodes, into characters in use."""
    try:
        text = sample.decode(codec)
    except UnicodeDecodeError as error:
        if error.start < len(sample) - 4:
            return False
        text = sample[: error.start].decode(codec)
    wide = [char for char in text if ord(char) > 127]
    if len(wide) < 2:
        return False
    if codec in ("cp932", "euc_jp"):
        # Japanese without kana is no Japanese; Chinese in GB 2312 has the same byte ranges.
        kana = sum(0x3040 <= ord(char) <= 0x30FF for char in wide)
        if kana < 0.1 * len(wide):
            return False
    return sum(_in_use(char, codec) for char in wide) >= 0.9 * len(wide)


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
