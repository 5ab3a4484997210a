"""A stand-in for the Bedrock runtime (and for STS) that a real boto3 client accepts.

It speaks ``ConverseStream`` in the AWS event-stream encoding: each frame is its total length, the
length of its headers, a CRC32 of both, headers (name, type 7, value), the payload, and a CRC32 of
all of it (``application/vnd.amazon.eventstream``).

    with BedrockStub(("The answer is ", "42."), (THROTTLED,)) as bedrock:
        client = boto3.client("bedrock-runtime", endpoint_url=bedrock.url, region_name="us-east-1")

The ways in which a model can behave are ``BEHAVIOURS``; `script` says what else can be said.
"""

import base64
import json
import struct
import zlib
from collections.abc import Sequence
from urllib.parse import parse_qs, unquote

from tests.stubs.script import (
    Call,
    CutOff,
    Fault,
    Pause,
    Received,
    Stall,
    Step,
    Stop,
    Stub,
    StubHandler,
    Thought,
    Turn,
)

ACCOUNT = "123456789012"
ROLE_KEY = "ASIAROLEROLEROLE1234"
"""The access key that the stub's STS gives to whoever assumes a role."""

THROTTLED = Fault("ThrottlingException", "Too many requests, please wait.", 429)
NO_ACCESS = Fault(
    "AccessDeniedException", "You don't have access to the model with the specified model ID.", 403
)
NO_PERMISSION = Fault(
    "AccessDeniedException",
    f"User: arn:aws:sts::{ACCOUNT}:assumed-role/x/y is not authorized to perform: "
    "bedrock:InvokeModelWithResponseStream on resource: "
    "arn:aws:bedrock:us-east-1::foundation-model/m because no identity-based policy allows it",
    403,
)
NEEDS_PROFILE = Fault(
    "ValidationException",
    "Invocation of model ID anthropic.claude-sonnet-4-5-20250929-v1:0 with on-demand throughput "
    "isn\u2019t supported. Retry your request with the ID or ARN of an inference profile that "
    "contains this model.",
)
UNKNOWN_MODEL = Fault("ValidationException", "The provided model identifier is invalid.")
TOO_LONG = Fault("ValidationException", "Input is too long for requested model.")
EXPIRED = Fault(
    "ExpiredTokenException", "The security token included in the request is expired", 403
)
BAD_CREDENTIALS = Fault(
    "UnrecognizedClientException", "The security token included in the request is invalid.", 403
)
BROKEN = Fault("InternalServerException", "Something went wrong at us.", 500)
NO_TOOL_CONFIG = Fault(
    "ValidationException",
    "The toolConfig field must be defined when using toolUse and toolResult content blocks.",
)

BEHAVIOURS: dict[str, tuple[Turn, ...]] = {
    "normal": (("The answer ", "is 42."),),
    "slow": (("The ", Pause(0.1), "answer ", Pause(0.1), "is 42."),),
    "stalled": (("The answer ", Stall()),),
    "silent": ((Stall(),),),
    "cut_off": (("The answer ", CutOff()),),
    "throttled_before": ((THROTTLED,), ("The answer ", "is 42.")),
    "throttled": ((THROTTLED,),),
    "throttled_mid_stream": (("The answer ", THROTTLED),),
    "bad_arguments": ((Call("query", '{"sql": '),),),
    "unknown_tool": ((Call("quer<|channel|>y", {}),), ("The answer ", "is 42.")),
    "no_access": ((NO_ACCESS,),),
    "needs_profile": ((NEEDS_PROFILE,),),
    "too_long": ((TOO_LONG,),),
    "filtered": (("The answer ", Stop("content_filtered")),),
    "expired": ((EXPIRED,),),
}
"""What a model may do, by name: the turns for it."""


class BedrockHandler(StubHandler):
    """``POST /model/{id}/converse-stream`` and STS's ``AssumeRole`` at ``/``."""

    def do_POST(self) -> None:
        received = self.receive()
        if received.path == "/":
            self._assume_role(received)
        elif received.path.endswith("/converse-stream"):
            if fault := self.stub.objection(received):
                self.stub.requests.append(received)
                self.refuse(fault)
            else:
                self.speak(self.stub.next_turn(received))
        else:
            self.answer_json({"message": "Unknown operation."}, 404)

    def refuse(self, fault: Fault) -> None:
        headers = {"x-amzn-ErrorType": fault.code, "x-amzn-RequestId": "req-stub", **fault.headers}
        self.answer_json({"message": fault.message}, fault.status, **headers)

    def break_off(self, fault: Fault) -> None:
        kind = fault.code[0].lower() + fault.code[1:]
        self.chunk(frame(kind, {"message": fault.message}, exception=True))

    def open_answer(self) -> None:
        self._index, self._open = 0, ""
        self.begin("application/vnd.amazon.eventstream", **{"x-amzn-RequestId": "req-stub"})
        self._event("messageStart", {"role": "assistant"})

    def say(self, step: Step) -> None:
        if isinstance(step, str):
            self._block("text")
            self._delta({"text": step})
        elif isinstance(step, Thought):
            self._block("thought")
            self._delta({"reasoningContent": {"text": step.text}})
            if step.signature:
                self._delta({"reasoningContent": {"signature": step.signature}})
        elif isinstance(step, Call):
            self._block(f"call {len(self.stub.requests)}.{self._index}")
            call_id = step.id or f"tooluse_{len(self.stub.requests)}_{self._index}"
            start = {"toolUse": {"toolUseId": call_id, "name": step.tool}}
            self._event("contentBlockStart", {"start": start, "contentBlockIndex": self._index})
            half = len(step.text) // 2
            for piece in (step.text[:half], step.text[half:]):
                self._delta({"toolUse": {"input": piece}})

    def close_answer(self, stop: str | None, *, called: bool) -> None:
        self._block("")
        self._event("messageStop", {"stopReason": stop or ("tool_use" if called else "end_turn")})
        usage = {"inputTokens": 1000, "outputTokens": 200, "totalTokens": 1200}
        self._event("metadata", {"usage": usage, "metrics": {"latencyMs": 5}})

    def _block(self, kind: str) -> None:
        """Close the open content block where another one begins."""
        if self._open and self._open != kind:
            self._event("contentBlockStop", {"contentBlockIndex": self._index})
            self._index += 1
        self._open = kind

    def _delta(self, delta: dict) -> None:
        self._event("contentBlockDelta", {"delta": delta, "contentBlockIndex": self._index})

    def _event(self, kind: str, payload: dict) -> None:
        self.chunk(frame(kind, payload))

    def _assume_role(self, received: Received) -> None:
        asked = {name: values[0] for name, values in parse_qs(received.raw).items()}
        self.stub.roles.append(asked.get("RoleArn", ""))
        if self.stub.role_refused:
            self.answer(403, _ROLE_REFUSED.encode(), "text/xml")
            return
        self.answer(200, _ASSUMED.encode(), "text/xml")


class BedrockStub(Stub):
    """The runtime.

    Attributes:
        roles: the ARNs of the roles that were to be assumed.
        role_refused: whether none may be.
    """

    handler = BedrockHandler

    def __init__(self, *turns: Turn) -> None:
        super().__init__(*turns)
        self.roles: list[str] = []
        self.role_refused = False

    def objection(self, received: Received) -> Fault | None:
        """What Bedrock itself refuses, whatever the model would say."""
        body = received.body
        blocks = [block for message in body["messages"] for block in message["content"]]
        if "toolConfig" not in body and any("toolUse" in b or "toolResult" in b for b in blocks):
            return NO_TOOL_CONFIG
        names = [block["toolUse"]["name"] for block in blocks if "toolUse" in block]
        if any(not name.replace("_", "").replace("-", "").isalnum() for name in names):
            return Fault(
                "ValidationException",
                "Value at 'toolUse.name' failed to satisfy constraint: [a-zA-Z0-9_-]+",
            )
        return None

    @property
    def models(self) -> list[str]:
        """The model ids that were asked, in order."""
        return [unquote(request.path.split("/")[2]) for request in self.requests]

    @property
    def scopes(self) -> list[tuple[str, str]]:
        """(access key, region) of each request's signature (SigV4's credential scope)."""
        found = []
        for request in self.requests:
            scope = request.headers["authorization"].split("Credential=")[1].split(",")[0]
            key, _, region, _, _ = scope.split("/")
            found.append((key, region))
        return found


def frame(kind: str, payload: dict, *, exception: bool = False) -> bytes:
    """One message of ``application/vnd.amazon.eventstream``."""
    named = ":exception-type" if exception else ":event-type"
    headers = _headers(
        {
            named: kind,
            ":content-type": "application/json",
            ":message-type": "exception" if exception else "event",
        }
    )
    body = json.dumps(payload).encode()
    prelude = struct.pack("!II", 16 + len(headers) + len(body), len(headers))
    message = prelude + struct.pack("!I", zlib.crc32(prelude)) + headers + body
    return message + struct.pack("!I", zlib.crc32(message))


def _headers(values: dict[str, str]) -> bytes:
    made = b""
    for name, value in values.items():
        raw = value.encode()
        made += struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", 7, len(raw)) + raw
    return made


def all_text(requests: Sequence[Received]) -> str:
    """What the requests said to the model, with base64 bytes of images decoded."""
    made = []
    for request in requests:
        made.append(request.raw)
        for message in request.body.get("messages", []):
            made += [
                base64.b64decode(block["image"]["source"]["bytes"]).decode("latin-1")
                for block in message["content"]
                if "image" in block
            ]
    return "\n".join(made)


_ROLE_REFUSED = f"""<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error>
<Type>Sender</Type><Code>AccessDenied</Code><Message>User: arn:aws:iam::{ACCOUNT}:user/ann is not
authorized to perform: sts:AssumeRole</Message></Error><RequestId>req-sts</RequestId>
</ErrorResponse>"""
_ASSUMED = f"""<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleResult><AssumedRoleUser><AssumedRoleId>AROA:leonidas</AssumedRoleId>
<Arn>arn:aws:sts::{ACCOUNT}:assumed-role/analyst/leonidas</Arn></AssumedRoleUser>
<Credentials><AccessKeyId>{ROLE_KEY}</AccessKeyId><SecretAccessKey>s3cr3t</SecretAccessKey>
<SessionToken>token-of-the-role</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration>
</Credentials></AssumeRoleResult></AssumeRoleResponse>"""
