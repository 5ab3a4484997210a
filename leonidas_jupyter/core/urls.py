"""URLs in settings that name a file or nothing at all."""

from urllib.parse import urlsplit


def check_path(url: str, schemes: tuple[str, ...], example: str) -> None:
    """See that a URL has one of the schemes, and a path unless it is ``memory``.

    Raises:
        ValueError: it has not; the message holds nothing of the URL.
    """
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise ValueError(f"not a URL; write one like {example}") from error
    if parts.scheme not in schemes:
        known = ", ".join(f"{scheme}://" for scheme in schemes)
        raise ValueError(f"not a URL that is known here ({known}); write one like {example}")
    if parts.scheme != "memory" and (parts.netloc or len(parts.path) < len("/x")):
        raise ValueError(f"not a whole path; write one like {example}")
