"""The tools of DS Bro: each says what it takes, what it shows, and what the model gets back."""

from leonidas_jupyter.assistant.tools.base import Tool
from leonidas_jupyter.assistant.tools.chart import CHART
from leonidas_jupyter.assistant.tools.frames import DESCRIBE_FRAME, LIST_FRAMES
from leonidas_jupyter.assistant.tools.python import PYTHON
from leonidas_jupyter.assistant.tools.query import QUERY
from leonidas_jupyter.assistant.tools.save_file import SAVE_FILE
from leonidas_jupyter.assistant.tools.statistics import STATISTICS

TOOLS: tuple[Tool, ...] = (LIST_FRAMES, DESCRIBE_FRAME, QUERY, STATISTICS, CHART, PYTHON, SAVE_FILE)
"""Every tool that a model may call."""
