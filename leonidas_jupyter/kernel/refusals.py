"""What a store answers that does not take a request: in its own XML, or as our server says it."""

import re

from leonidas_jupyter.kernel.errors import LeonidasError
from leonidas_jupyter.kernel.http import Answer
from leonidas_jupyter.kernel.replies import error_in

_CODE = re.compile(rb"<Error>.*?<Code>([A-Za-z0-9.]{1,80})</Code>", re.DOTALL)
_EXPIRED = frozenset({"ExpiredToken", "RequestExpired", "TokenRefreshRequired"})
FAULTS = frozenset({429, 500, 502, 503, 504})
"""Statuses after which the same request may succeed."""


def busy(answer: Answer) -> bool:
    """Whether trying the same again may help; a server of ours says how long that takes itself."""
    return answer.status in FAULTS and b'"error"' not in answer.body


def refusal(answer: Answer, origin: str) -> LeonidasError:
    """An answer with a status of 400 or more, in words.

    ``token_expired`` is its code where a fresh URL helps.
    """
    found = _CODE.search(answer.body)
    if found is None:
        return error_in(answer, origin)
    code = found[1].decode()
    if code in _EXPIRED or (code == "AccessDenied" and b"expired" in answer.body.lower()):
        return LeonidasError(
            "The address of the file store is over; try again.",
            code="token_expired",
            status=answer.status,
        )
    if code == "NoSuchUpload":
        return LeonidasError(
            "The file store has given this upload up; upload the file again.",
            code="token_expired",
            status=answer.status,
        )
    if answer.status in FAULTS:
        sentence = f"The file store is busy ({code}); try again in a moment."
    elif code == "RequestTimeTooSkewed":
        sentence = "This machine's clock differs too much from the file store's; set it right."
    else:
        sentence = (
            f"The file store refused the transfer ({code}); try again, and if it goes on tell who "
            "runs the server."
        )
    return LeonidasError(sentence, code="unreachable", status=answer.status)
