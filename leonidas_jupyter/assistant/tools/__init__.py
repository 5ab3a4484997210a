"""The tools of DS Bro: each says what it takes, what it shows, and what the model gets back."""

from leonidas_jupyter.assistant.tools.base import Tool
from leonidas_jupyter.assistant.tools.chart import CHART
from leonidas_jupyter.assistant.tools.frames import DESCRIBE_FRAME, LIST_FRAMES
from leonidas_jupyter.assistant.tools.query import QUERY

TOOLS: tuple[Tool, ...] = (LIST_FRAMES, DESCRIBE_FRAME, QUERY, CHART)
"""Every tool that a model may call."""
