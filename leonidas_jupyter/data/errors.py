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


class SqlRefused(DataError):
    """The statement is not a single query over frames."""


class SqlFailed(DataError):
    """The query ran into an error, a limit or a crash."""
