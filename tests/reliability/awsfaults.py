"""Faults of AWS that no server makes by itself, put in where requests leave botocore."""

import json
import re
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, NamedTuple

SECRET = "arn:aws:iam::123456789012:role/secret at https://secret.example:4566"
"""Stands in what a fault says, and in nothing that a person reads."""


class Call(NamedTuple):
    """One kind of call: in which step, of what, about which tables or keys."""

    step: str
    service: str
    operation: str
    about: str

    def __str__(self):
        return f"{self.step}: {self.service} {self.operation} {self.about}"


class _Body(BytesIO):
    def stream(self, *_args, **_options):
        yield self.read()


def answered(request, status, content, kind="application/xml"):
    """An answer as a service's, made here."""
    from botocore.awsrequest import AWSResponse

    headers = {"Content-Type": kind, "Content-Length": str(len(content))}
    return AWSResponse(request.url, status, headers, _Body(content))


def _said(code, status, *, s3=None, message=SECRET, **more):
    """DynamoDB, or S3 by its own name and status, answers with an error."""

    def fault(call, request, _send):
        if call.service == "dynamodb":
            body = json.dumps({"__type": f"com.amazonaws#{code}", "message": message, **more})
            return answered(request, status, body.encode(), "application/x-amz-json-1.0")
        name, number = s3 or (code, status)
        text = f"<Error><Code>{name}</Code><Message>{message}</Message></Error>"
        # HEAD is answered without a body, so that nothing names the fault.
        return answered(request, number, b"" if request.method == "HEAD" else text.encode())

    return fault


def _gateway(_call, request, _send):
    return answered(request, 503, f"<html>{SECRET}</html>".encode(), "text/html")


def _raised(name):
    def fault(_call, request, _send):
        raise _failure(name, request)

    return fault


def _failure(name, request):
    from botocore import exceptions

    return getattr(exceptions, name)(endpoint_url=request.url)


def _lost(_call, request, send):
    send(request)
    raise _failure("ReadTimeoutError", request)


def _torn(_call, request, send):
    answer = send(request)
    if not request.stream_output or answer.status_code >= 300:
        raise _failure("ConnectionClosedError", request)
    answer.raw = _Cut(answer.raw)
    return answer


class _Cut:
    """A body that breaks off in its middle."""

    def __init__(self, raw):
        self._raw = raw

    def read(self, amount=None, **_):
        from urllib3.exceptions import ProtocolError

        if amount is not None and (some := self._raw.read(min(amount, 10))) and not self._begun():
            return some
        raise ProtocolError(f"Connection broken: {SECRET}")

    def _begun(self):
        begun, self._read = getattr(self, "_read", False), True
        return begun

    def __getattr__(self, name):
        return getattr(self._raw, name)


def _left(call, request, _send):
    """Nothing of what was asked is done, and the answer says so."""
    if call.service == "s3":
        keys = re.findall(r"<Key>(.*?)</Key>", request.body.decode())
        errors = "".join(
            f"<Error><Key>{key}</Key><Code>InternalError</Code><Message>{SECRET}</Message></Error>"
            for key in keys
        )
        return answered(request, 200, f"<DeleteResult>{errors}</DeleteResult>".encode())
    asked = json.loads(request.body)["RequestItems"]
    reading = call.operation == "BatchGetItem"
    body = {"Responses": {}, "UnprocessedKeys": asked} if reading else {"UnprocessedItems": asked}
    return answered(request, 200, json.dumps(body).encode(), "application/x-amz-json-1.0")


def _cancelled(code):
    reasons = [{"Code": code}, {"Code": "None"}]
    return _said("TransactionCanceledException", 400, CancellationReasons=reasons)


@dataclass(frozen=True)
class Fault:
    """What may happen to a call.

    Attributes:
        act: meets the call; gives an answer or raises.
        wide: whether, when it lasts, it meets every call of the service and not such calls alone.
        of: the operations that it can meet; none: all.
    """

    act: Callable[..., Any]
    wide: bool = True
    of: frozenset[str] = frozenset()

    def fits(self, call):
        return not self.of or call.operation in self.of


_TRANSACT = frozenset({"TransactWriteItems"})
_NEVER_TOLD = SECRET.replace("role/secret", "role/secret is not authorized to perform: x:Do")

FAULTS = {
    "throttled": Fault(
        _said("ProvisionedThroughputExceededException", 400, s3=("SlowDown", 503)), wide=False
    ),
    "error 500": Fault(_said("InternalServerError", 500, s3=("InternalError", 500))),
    "error 503": Fault(_gateway),
    "connect": Fault(_raised("ConnectTimeoutError")),
    "silence": Fault(_raised("ReadTimeoutError")),
    "torn": Fault(_torn),
    "lost": Fault(_lost),
    "clock": Fault(
        _said(
            "InvalidSignatureException",
            400,
            s3=("RequestTimeTooSkewed", 403),
            message=f"Signature expired: 20300101T000000Z is now earlier. {SECRET}",
        )
    ),
    "expired": Fault(_said("ExpiredTokenException", 400, s3=("ExpiredToken", 400))),
    "denied": Fault(
        _said("AccessDeniedException", 400, s3=("AccessDenied", 403), message=_NEVER_TOLD),
        wide=False,
    ),
    "left over": Fault(
        _left,
        wide=False,
        of=frozenset({"BatchGetItem", "BatchWriteItem", "DeleteObjects"}),
    ),
    "conflict": Fault(_cancelled("TransactionConflict"), wide=False, of=_TRANSACT),
    "transaction throttled": Fault(_cancelled("ThrottlingError"), wide=False, of=_TRANSACT),
}


@dataclass
class Injector:
    """Sees the calls of the clients that it watches, and lets one of them meet a fault.

    Attributes:
        step: the part of the journey that goes on.
        made: the calls so far, each as often as it was made.
        fired: whether the call that was aimed at was made.
        watches: whether clients that are made now are watched.
    """

    step: str = ""
    made: Counter[Call] = field(default_factory=Counter)
    fired: bool = False
    watches: bool = False
    _aim: tuple[Call, int, Fault, bool] | None = None
    _lasting: tuple[Call, Fault] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def aim(self, call, number, fault, *, lasting):
        """Let the ``number``-th such call meet a fault, alone or with all that follow it."""
        self.made.clear()
        self.fired, self._lasting = False, None
        self._aim = call, number, fault, lasting

    def heal(self):
        """End what lasts."""
        self._lasting = None

    def watch(self, client):
        """See the calls of a client."""
        if not self.watches:
            return client
        service = client.meta.service_model.service_id.hyphenize()

        def meet(request, event_name, **_):
            call = Call(self.step, service, event_name.rpartition(".")[2], _about(service, request))
            fault = self.meets(call)
            return fault and fault.act(call, request, client._endpoint._send)

        client.meta.events.register(f"before-send.{service}", meet)
        return client

    def meets(self, call):
        """The fault that a call is to meet; counts it."""
        with self._lock:
            self.made[call] += 1
            if self._aim is not None:
                wanted, number, fault, lasting = self._aim
                if call == wanted and self.made[call] == number:
                    self._aim, self.fired = None, True
                    self._lasting = (call, fault) if lasting else None
                    return fault
            if self._lasting is None:
                return None
            first, fault = self._lasting
            same = call[1:] == first[1:] if not fault.wide else call.service == first.service
            return fault if same and fault.fits(call) else None


@contextmanager
def watching(injector, monkeypatch):
    """The clients that are made in the body may be watched."""
    from leonidas_jupyter.core import aws

    whole = aws.client

    def client(*args, **kwargs):
        return injector.watch(whole(*args, **kwargs))

    with monkeypatch.context() as patch:
        patch.setattr(aws, "client", client)
        patch.setattr("leonidas_jupyter.tables.dynamodb_schema.client", client)
        yield


_NAMES = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32,}|t[0-9a-f]{12}[-/]\d{5}[-/]")


def _about(service, request):
    """What a call is about, without what differs from run to run."""
    if service == "s3":
        path, _, query = request.url.partition("?")
        key = path.split("/", 4)[4] if path.count("/") > 3 else ""
        below = re.search(r"(?:^|&)prefix=([^&]*)", query)
        return _NAMES.sub("*", (key or (below[1] if below else "")).replace("%2F", "/"))
    asked = json.loads(request.body)
    items = asked.get("TransactItems", ())
    tables = {action["TableName"] for item in items for action in item.values()}
    tables |= set(asked.get("RequestItems", ())) | {asked.get("TableName", "")} - {""}
    index = asked.get("IndexName", "")
    return " ".join([*sorted(_NAMES.sub("", each) for each in tables), index]).strip()
