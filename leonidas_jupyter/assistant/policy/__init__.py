"""Which models may be asked, and what each may see: the one place that everything passes.

Whatever goes to a model — frames, tool results, errors, earlier answers — goes through a `Gate`. A
local model (the built-in analyst) runs inside this process: nothing leaves, and it sees everything.
Any other sees what the level of data exposure lets it see.
"""

from leonidas_jupyter.assistant.policy.gate import Gate
from leonidas_jupyter.assistant.policy.limits import Narrower, Policy, PythonTool

__all__ = ["Gate", "Narrower", "Policy", "PythonTool"]
