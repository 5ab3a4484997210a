"""DuckDB's error messages, said to people: without paths, line pictures and internal names."""

import re

PATH = re.compile(r"(?<![\w“\"])(?:[A-Za-z]:)?[/\\](?:[\w.@+ -]+[/\\])+[\w.@+-]+")
KIND = re.compile(r"^(?:\w+(?: \w+)? (?:Error|Exception): )+")
DAMAGED = re.compile(
    r"No magic bytes found|too small to be a Parquet file|TProtocolException|"
    r"Invalid Input Error: .*(?:Parquet|parquet)|(?:Snappy|ZSTD|zstd).*(?:fail|corrupt)",
    re.IGNORECASE,
)
"""What DuckDB says of a Parquet file that is not whole."""
MIB = 1024 * 1024


def sentence_for(error: Exception, frames: dict[str, str], memory_bytes: int) -> str:
    """One or two plain sentences for whatever DuckDB raised."""
    name = type(error).__name__
    message = str(error)
    if name == "OutOfMemoryException" or isinstance(error, MemoryError):
        return (
            f"The query needs more memory than its limit of {memory_bytes // MIB:,} MiB: "
            "group or filter earlier, or select fewer columns."
        )
    if name in {"FatalException", "InternalException"}:
        return "The query ran into a fault of the database engine: ask in another way."
    if name == "InterruptException":
        return "The query was stopped."
    if name == "PermissionException":
        return "The query reaches for something outside the project's frames, which is not allowed."
    if name == "IOException" and "No files found" in message:
        return "A frame's data is no longer in the local cache: run the query again."
    if DAMAGED.search(message):
        return (
            "The stored table behind this query is damaged: have its file read again, or upload "
            "it again."
        )
    return clean(message, frames)


def clean(message: str, frames: dict[str, str]) -> str:
    """The message's own words, with the frames' names in place of their paths."""
    for frame, path in frames.items():
        message = message.replace(path, frame)
    message = message.split("\n\nLINE ")[0]
    message = PATH.sub("(a path)", KIND.sub("", message))
    words = re.sub(r"\s+", " ", message).strip().rstrip("!")
    words = words.replace("Candidate bindings:", "Did you mean one of:")
    words = re.sub(r"!(?= )", ".", words)[:600]
    return words if words.endswith((".", "?")) else words + "."
