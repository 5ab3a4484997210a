"""Write the API's OpenAPI document: ``python -m leonidas_jupyter.server.describe [FILE]``."""

import sys
from pathlib import Path

from leonidas_jupyter.core.openapi import render
from leonidas_jupyter.server.routes import describe_api


def main(arguments: list[str]) -> None:
    """Write to the file that is named, or to standard output."""
    text = render(describe_api())
    if arguments:
        Path(arguments[0]).write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main(sys.argv[1:])
