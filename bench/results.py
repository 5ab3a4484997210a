"""bench/RESULTS.md: what `make bench` measures, and sections of what is measured by name alone."""

import re
from pathlib import Path

HEAD = """# Measured

Written by `make bench`. Every figure stands beside a peer measured in the same run, in
turn; figures are medians (lowest-highest). Sections below the first are measured by name.
"""


def keep(path: Path, section: str, lines: list[str]) -> None:
    """Write lines into a section of the file, the first one where it has no name.

    The other sections stay as they are.
    """
    sections = _sections(path)
    begin = "" if not section else f'Written by `python -m bench "{section}"`.\n\n'
    sections[section] = begin + "\n".join(lines) + "\n"
    named = [f"## {name}\n\n{text}" for name, text in sections.items() if name]
    first = sections.get("", "Not measured yet.\n")
    path.write_text("\n".join([HEAD, first, *named]), encoding="utf-8")


def _sections(path: Path) -> dict[str, str]:
    """The sections that there are, by their headings."""
    if not path.exists():
        return {}
    parts = re.split(r"^## (.+)\n\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    first = re.sub(r"\A# .*?\n\n.*?\n\n", "", parts[0], count=1, flags=re.DOTALL)
    found = {"": first.strip("\n") + "\n"} if first.strip() else {}
    for name, text in zip(parts[1::2], parts[2::2], strict=True):
        found[name] = text.strip("\n") + "\n"
    return found
