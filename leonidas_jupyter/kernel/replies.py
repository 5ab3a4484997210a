"""What a server's answers say: JSON objects, and the one error shape."""

import json
from typing import Any

from leonidas_jupyter.kernel.errors import LeonidasError
from leonidas_jupyter.kernel.http import Answer

Json = dict[str, Any]


def read_object(answer: Answer, origin: str) -> Json:
    """The JSON object of an answer; one without a body is an empty object.

    Raises:
        LeonidasError: the answer is an error, or not from Leonidas.
    """
    if answer.status >= 400:
        raise error_in(answer, origin)
    try:
        value = json.loads(answer.body) if answer.body else {}
    except ValueError:
        raise _foreign(404, origin) from None
    if not isinstance(value, dict):
        raise _foreign(404, origin)
    return value


def error_in(answer: Answer, origin: str) -> LeonidasError:
    """What an answer with a status of 400 or more says, in the server's own sentence."""
    try:
        shape = json.loads(answer.body)["error"]
        message, code = str(shape["message"]), str(shape["code"])
    except (ValueError, KeyError, TypeError):
        return _foreign(answer.status, origin)
    return LeonidasError(
        message,
        code=code,
        status=answer.status,
        detail=shape.get("detail"),
        retry_after=_seconds(answer.headers.get("retry-after")),
        request_id=shape.get("request_id"),
    )


def _foreign(status: int, origin: str) -> LeonidasError:
    """An answer of something else than Leonidas: a proxy, or Jupyter without the extension."""
    if status in {404, 405}:
        sentence = (
            f"The server at {origin} runs without Leonidas: install it there with "
            "`pip install 'leonidas-jupyter[server]'` and restart that server."
        )
    elif status in {401, 403}:
        sentence = f"{origin} does not let us in; check the token, and whose server it is."
    else:
        sentence = (
            f"{origin} answered with status {status}, and not from Leonidas; try again in a moment."
        )
    return LeonidasError(sentence, code="unreachable", status=status)


def _seconds(header: str | None) -> float | None:
    """``Retry-After`` in seconds; its other form, a date, is not one that our servers send."""
    if header is None or not header.strip().isdigit():
        return None
    return float(header)
