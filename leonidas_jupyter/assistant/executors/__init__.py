"""Who runs the Python that DS Bro writes: a session's own kernel, or the notebook that asked."""

from leonidas_jupyter.assistant.executors.base import Execution, Executor, Executors, Place

__all__ = ["Execution", "Executor", "Executors", "Place"]
