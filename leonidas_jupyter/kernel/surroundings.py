"""Where this code runs."""

import sys


def in_notebook() -> bool:
    """Whether outputs go to a front end that renders Markdown and HTML."""
    shell_module = sys.modules.get("IPython.core.getipython")
    if shell_module is None:
        return False
    return getattr(shell_module.get_ipython(), "kernel", None) is not None
