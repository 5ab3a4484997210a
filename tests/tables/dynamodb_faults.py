"""Faults of DynamoDB that no server makes by itself, put in where requests leave botocore."""

import json
from contextlib import contextmanager
from io import BytesIO

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError


class _Body(BytesIO):
    def stream(self, **_options):
        yield self.read()


def answer(request, status, body):
    """An answer as DynamoDB's, made here."""
    content = json.dumps(body).encode()
    headers = {"Content-Type": "application/x-amz-json-1.0", "Content-Length": str(len(content))}
    return AWSResponse(request.url, status, headers, _Body(content))


def error(code, status=400, message="No.", **more):
    """A fault: DynamoDB answers with an error."""
    body = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": message, **more}
    return lambda request, _send: answer(request, status, body)


def raises(failure):
    """A fault: the request never arrives."""

    def fault(_request, _send):
        raise failure

    return fault


def lost(request, send):
    """A fault: the request is done, and the answer does not arrive."""
    send(request)
    raise ReadTimeoutError(endpoint_url=request.url)


def asked(request):
    """What a request asks for."""
    return json.loads(request.body)


class Faults:
    """What happens to the next requests of a client: ``None`` lets one through."""

    def __init__(self, client):
        self._client = client
        self.requests = []

    @contextmanager
    def during(self, plan, operation="*", *, always=False):
        """Meets requests of one kind with the faults of ``plan``, each once, or for good."""
        left = list(plan)

        def meet(request, **_):
            self.requests.append(request)
            if not left:
                return None
            fault = left[0] if always else left.pop(0)
            return fault and fault(request, self._client._endpoint._send)

        event = f"before-send.dynamodb.{operation}"
        self._client.meta.events.register(event, meet)
        try:
            yield self
        finally:
            self._client.meta.events.unregister(event, meet)
