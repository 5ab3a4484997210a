"""What goes to a provider of a conversation: nothing that some of them refuse or misread."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelMessage, ModelResponse, ThinkingPart
    from pydantic_ai.models import Model, ModelRequestParameters

KEPT_SHARE = 4
"""A conversation that is too long is cut to its newest turns, at most one part in so many of it."""

KEPT_RESULT = 2_000
"""Where there is no earlier conversation, to how many characters older tool results are cut."""


def outgoing(
    messages: "Sequence[ModelMessage]", parameters: "ModelRequestParameters", model: "Model"
) -> "list[ModelMessage]":
    """The messages without reasoning that would go back as text.

    Where no tools are offered (a title, a summary), earlier calls become text too: Converse refuses
    calls without a ``toolConfig``.
    """
    from pydantic_ai.messages import ModelResponse

    told = [
        _without_thinking(message, model) if isinstance(message, ModelResponse) else message
        for message in messages
    ]
    if not parameters.function_tools and not parameters.output_tools:
        told = [_without_tools(message) for message in told]
    return [message for message in told if message.parts or _instructed(message)]


def _without_thinking(message: "ModelResponse", model: "Model") -> "ModelResponse":
    from pydantic_ai.messages import ThinkingPart

    kept = [
        part
        for part in message.parts
        if not isinstance(part, ThinkingPart) or _goes_back(part, model)
    ]
    return message if len(kept) == len(message.parts) else replace(message, parts=kept)


def _goes_back(part: "ThinkingPart", model: "Model") -> bool:
    """Whether reasoning goes back in a field of its own; the rest would be ``<think>`` text.

    That is so where it is signed or encrypted, and where it came in a named field or item.
    """
    if part.signature:
        sent = model.profile.get("bedrock_send_back_thinking_parts", False)
        return model.system != "bedrock" or bool(sent)
    return bool(part.id) and part.id != "content"


def _without_tools(message: "ModelMessage") -> "ModelMessage":
    """Calls and results as text."""
    from pydantic_ai.messages import (
        ModelRequest,
        RetryPromptPart,
        TextPart,
        ToolCallPart,
        ToolReturnPart,
        UserPromptPart,
    )

    def told(part: Any) -> Any:  # noqa: ANN401 - any part of a message
        if isinstance(part, ToolCallPart):
            return TextPart(f"(Called {part.tool_name} with {part.args_as_json_str()}.)")
        if isinstance(part, ToolReturnPart):
            return UserPromptPart(f"(Result: {part.model_response_str()})")
        if isinstance(part, RetryPromptPart) and part.tool_name is not None:
            return UserPromptPart(f"(Result: {part.model_response()})")
        return part

    parts: Any = [told(part) for part in message.parts]
    if isinstance(message, ModelRequest):
        return replace(message, parts=parts)
    return replace(message, parts=parts)


def _instructed(message: "ModelMessage") -> bool:
    return bool(getattr(message, "instructions", None))


def shortened(messages: "Sequence[ModelMessage]") -> "list[ModelMessage] | None":
    """The conversation cut to its newest turns; without earlier ones, older results cut.

    None where nothing can be left out.
    """
    begins = [number for number, message in enumerate(messages) if _asks(message)]
    if len(begins) > 1:
        return _newest_turns(messages, begins)
    return _short_results(messages)


def _newest_turns(
    messages: "Sequence[ModelMessage]", begins: Sequence[int]
) -> "list[ModelMessage]":
    current = begins[-1]
    room = sum(map(_size, messages[:current])) // KEPT_SHARE
    first = current
    for begin in reversed(begins[:-1]):
        room -= sum(map(_size, messages[begin:first]))
        if room < 0:
            break
        first = begin
    return list(messages[first:])


def _short_results(messages: "Sequence[ModelMessage]") -> "list[ModelMessage] | None":
    from pydantic_ai.messages import ModelRequest, ToolReturnPart

    cut: list[ModelMessage] = []
    changed = False
    for message in messages:
        if isinstance(message, ModelRequest):
            parts: list[Any] = []
            for part in message.parts:
                if isinstance(part, ToolReturnPart) and _long(part):
                    changed = True
                    text = part.model_response_str()[:KEPT_RESULT] + " … (cut)"
                    parts.append(ToolReturnPart(part.tool_name, text, part.tool_call_id))
                else:
                    parts.append(part)
            cut.append(replace(message, parts=parts))
        else:
            cut.append(message)
    return cut if changed else None


def _long(part: Any) -> bool:  # noqa: ANN401 - a tool's return
    return len(part.model_response_str()) > KEPT_RESULT


def _asks(message: "ModelMessage") -> bool:
    from pydantic_ai.messages import ModelRequest, UserPromptPart

    return isinstance(message, ModelRequest) and any(
        isinstance(part, UserPromptPart) for part in message.parts
    )


def _size(message: "ModelMessage") -> int:
    return sum(len(str(getattr(part, "content", part))) for part in message.parts)
