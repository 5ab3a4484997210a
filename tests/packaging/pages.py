"""The pages of the documentation, and the commands that stand in them."""

import re
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
README = CHECKOUT / "README.md"
API = CHECKOUT / "docs" / "api.md"
ASSISTANT = CHECKOUT / "docs" / "assistant.md"
EXPOSURE = CHECKOUT / "docs" / "exposure.md"
PAGES = sorted(
    [
        *CHECKOUT.glob("*.md"),
        *CHECKOUT.glob("docs/*.md"),
        *CHECKOUT.glob("deploy/*/README.md"),
        CHECKOUT / "bench/RESULTS.md",
    ]
)


def blocks(page: Path, language: str, heading: str) -> list[str]:
    """The code blocks in a language under a heading."""
    sections = re.split(r"^## ", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    text = next(part for part in sections if part.startswith(heading))
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def as_cells(block: str) -> list[str]:
    """A block as cells: comments go, and a cell magic stays one cell."""
    text = re.sub(r" +# .*$", "", block, flags=re.MULTILINE)
    return [text] if text.startswith("%%") else text.splitlines()
