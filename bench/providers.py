"""The tests' stubs of OpenAI and Bedrock, and what a server must be told to ask them."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

REGION = "us-east-1"
CREDENTIALS = "[default]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = example\n"
WAIT_SECONDS = 30.0
SERVER_OPTIONS = (
    "--Leonidas.chat_rate=off",
    "--Leonidas.allowed_models=builtin",
    "--Leonidas.allowed_models=openai:*",
    "--Leonidas.allowed_models=bedrock:*",
)


class Stub(Protocol):
    """What the measurements need of ``tests.stubs.script.Stub``; times are ``time.monotonic()``."""

    turns: list[Any]
    requests: list[Any]
    hangups: list[float]
    began: list[float]

    @property
    def url(self) -> str:
        """Where it listens."""


@dataclass(frozen=True)
class Provider:
    """A provider that is played by a stub.

    Attributes:
        name: as the report says it.
        kind: as ``bench.bare_agent`` takes it.
        model: as Leonidas names it.
        url: what a client of the provider takes.
        option: what tells a server where it is.
        stub: what plays it.
    """

    name: str
    kind: str
    model: str
    url: str
    option: str
    stub: Stub

    def says(self, *steps: object) -> None:
        """Say this to every request from now on."""
        self.stub.turns = [steps]
        self.forget()

    def forget(self) -> None:
        """Forget what was asked and said."""
        for known in (self.stub.requests, self.stub.hangups, self.stub.began):
            known.clear()


def steps() -> Any:  # noqa: ANN401 - a module of the tests, which are not typed
    """The steps that a stub can be told: ``Pause``, ``Stall``, ``Call``."""
    return import_module("tests.stubs.script")


@contextmanager
def providers(home: Path) -> Iterator[Sequence[Provider]]:
    """Both stubs on the loopback, and credentials for AWS in a server's home."""
    aws = home / ".aws" / "credentials"
    aws.parent.mkdir(parents=True, exist_ok=True)
    aws.write_text(CREDENTIALS, encoding="utf-8")
    with ExitStack() as stack:
        openai = stack.enter_context(import_module("tests.stubs.openai_stub").OpenAIStub())
        bedrock = stack.enter_context(import_module("tests.stubs.bedrock_stub").BedrockStub())
        yield (
            Provider(
                "OpenAI-compatible",
                "openai",
                "openai:m",
                openai.base_url,
                f"--Leonidas.model_base_url={openai.base_url}",
                openai,
            ),
            Provider(
                "Bedrock Converse",
                "bedrock",
                "bedrock:anthropic.claude-sonnet-4-20250514-v1:0",
                bedrock.url,
                f"--Leonidas.model_endpoint_url={bedrock.url}",
                bedrock,
            ),
        )


def options(known: Sequence[Provider]) -> list[str]:
    """What a server is started with to ask them."""
    return [*SERVER_OPTIONS, f"--Leonidas.model_region={REGION}", *(p.option for p in known)]
