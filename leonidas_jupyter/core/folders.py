"""Folders that only their owner may enter."""

from pathlib import Path


def make_private(folder: Path) -> list[Path]:
    """Make a folder and those above it that are missing, each for its owner only.

    ``Path.mkdir(parents=True)`` would give those above the rights that the umask leaves.

    Returns:
        The folders that were made, outermost first.

    Raises:
        FileNotFoundError: somebody removes them at the same time; try again.
        OSError: one cannot be made.
    """
    missing = [folder]
    while not missing[-1].parent.is_dir():
        missing.append(missing[-1].parent)
    made = []
    for each in reversed(missing):
        try:
            each.mkdir(mode=0o700)
        except FileExistsError as error:
            if each.is_dir():
                continue
            if each.exists():
                raise
            raise FileNotFoundError(each) from error
        else:
            made.append(each)
    return made
