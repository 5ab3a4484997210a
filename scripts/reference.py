"""Write the parts of the documentation that the code knows: the settings, and Terraform's tables.

``python -m scripts.reference`` writes them (``make docs``); a test holds them to the code.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from traitlets import Bool, Integer, List, TraitType

from leonidas_jupyter.core.config import Leonidas
from scripts.terraform_tables import tables_json

CHECKOUT = Path(__file__).resolve().parent.parent
BEGIN = "<!-- settings: written by make docs -->"
END = "<!-- end of settings -->"
MIB = 2**20
GIB = 2**30
DAY = 86400


def settings() -> Iterator[tuple[str, TraitType[Any, Any]]]:
    """Every setting with its name, in the order of the class."""
    traits = Leonidas.class_traits(config=True)
    order = [name for kind in Leonidas.__mro__ for name in vars(kind)]
    yield from sorted(traits.items(), key=lambda pair: order.index(pair[0]))


def _value(trait: TraitType[Any, Any]) -> str:
    value: Any = trait.default()
    if isinstance(trait, List):
        return ",".join(value)
    if isinstance(trait, Bool):
        return str(value).lower()
    return str(value)


def _shown_default(name: str, trait: TraitType[Any, Any]) -> str:
    value: Any = trait.default()
    if isinstance(trait, Integer) and "_bytes" in name:
        return f"{value // GIB} GiB" if value % GIB == 0 else f"{value // MIB} MiB"
    if isinstance(trait, Integer) and value and value % DAY == 0:
        return f"{value} ({value // DAY} days)"
    shown = repr(value)
    return f"`{shown}`" if value not in ("", []) else ""


def table() -> list[str]:
    """The settings as a Markdown table."""
    lines = ["| `c.Leonidas.` | Default | What |", "|---|---|---|"]
    for name, trait in settings():
        text = " ".join(str(trait.help).split()).replace("|", "\\|")
        lines.append(f"| `{name}` | {_shown_default(name, trait)} | {text} |")
    return lines


def readme(text: str) -> str:
    """The README with its table of settings as the code has it."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return "\n".join([before + BEGIN, *table(), END]) + after


def environment() -> str:
    """``deploy/.env.example``: every setting as a variable, with its default."""
    lines = [
        "# Every setting of Leonidas as an environment variable, with its default.",
        "# The command line and jupyter_server_config.py override these. Written by make docs.",
    ]
    for name, trait in settings():
        variable = f"LEONIDAS_{name.upper()}"
        lines += ["", f"# {' '.join(str(trait.help).split())}", f"#{variable}={_value(trait)}"]
        if trait.metadata.get("secret"):
            lines.append(f"#{variable}_FILE=   # or the path of a file that holds it")
    return "\n".join(lines) + "\n"


def pages() -> dict[Path, str]:
    """What each file must hold."""
    readme_path = CHECKOUT / "README.md"
    return {
        readme_path: readme(readme_path.read_text(encoding="utf-8")),
        CHECKOUT / "deploy" / ".env.example": environment(),
        CHECKOUT / "deploy" / "terraform" / "tables.json": tables_json(),
    }


def main() -> int:
    """Write the files that differ."""
    for path, text in pages().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.relative_to(CHECKOUT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
