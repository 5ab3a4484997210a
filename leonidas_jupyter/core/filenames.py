"""What a file may be called, and how its name is said in a header."""

import re
import unicodedata
from urllib.parse import quote

from pydantic_core import PydanticCustomError

from leonidas_jupyter.core.text import BIDI_CONTROLS, unprintable

MAX_FILENAME = 255
"""The longest name, in characters: what the common file systems take."""

_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.I)
"""Device names of Windows, with any extension: such a file could not be saved there."""


def check_filename(name: str) -> str:
    """The name in Unicode's composed form (NFC), without white space around it.

    Letters of any script stay. What is dangerous is refused rather than rewritten, so that nobody
    meets a file under a name that they did not give.

    Raises:
        PydanticCustomError: its message says what is wrong with the name.
    """
    clean = unicodedata.normalize("NFC", name.strip())
    if trouble := _trouble(clean):
        raise PydanticCustomError("filename", trouble)
    return clean


def _trouble(name: str) -> str | None:
    if not name:
        return "The file needs a name."
    if len(name) > MAX_FILENAME:
        return f"The file name is too long; use at most {MAX_FILENAME} characters."
    if "/" in name or "\\" in name or name in {".", ".."}:
        return "A file name has no folders in it; send only its last part."
    if BIDI_CONTROLS.intersection(name):
        return "The file name holds marks that turn the direction of text; leave them out."
    if unprintable(name):
        return "The file name holds control characters; leave them out."
    if _RESERVED.fullmatch(name):
        return "Windows keeps this file name for itself; choose another one."
    return None


def attachment(filename: str) -> str:
    """The ``Content-Disposition`` of a download (RFC 6266), in UTF-8 with an ASCII fall-back."""
    plain = re.sub(r"[^ !#-\[\]-~]|%", "_", filename)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"
