"""What a look of the doctor may find."""

from typing import Literal

Verdict = Literal["ok", "warning", "failed"]


class Trouble(Exception):
    """Something does not work: what was seen, and how to mend it."""

    def __init__(self, seen: str, remedy: str, verdict: Verdict = "failed") -> None:
        super().__init__(seen)
        self.seen = seen
        self.remedy = remedy
        self.verdict = verdict
