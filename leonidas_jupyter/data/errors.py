"""What can go wrong with a file or a query, each said in one sentence that a person can act on."""


class DataError(Exception):
    """A file or a query that cannot be answered; ``sentence`` is written for people."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class UnreadableFile(DataError):
    """The file's own content stands in the way: empty, binary, damaged or over a limit."""


class IngestFailed(UnreadableFile):
    """The worker that read the file crashed, ran out of memory or took too long."""


class OtherBytes(UnreadableFile):
    """The bytes that are to be read are others than were announced; theirs hash to ``sha256``."""

    def __init__(self, sha256: str) -> None:
        super().__init__(
            "The bytes that arrived have another SHA-256 than the one given; upload the file again."
        )
        self.sha256 = sha256


class SqlRefused(DataError):
    """The statement is not a single query over frames."""


class SqlFailed(DataError):
    """The query ran into an error, a limit or a crash."""
