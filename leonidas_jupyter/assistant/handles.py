"""Result handles: ``{{t1.0.mean}}`` in an answer is filled in by the server, for the user alone."""

from leonidas_jupyter.assistant.results import Results


class Handles:
    """Fills the handles of one answer as it streams.

    ``feed`` takes what the model said and gives what can be shown now: text before a handle that is
    not closed yet is shown, the rest is held back until it is. ``rest`` gives what is left when the
    model has ended a part of its text.
    """

    def __init__(self, results: Results) -> None:
        self._results = results

    def feed(self, text: str) -> str:
        """What of the answer so far can be shown now and was not yet."""
        return text

    def rest(self) -> str:
        """What was held back; nothing after that."""
        return ""
