"""Make sure that there is a Chromium for the tests that drive one.

As root on Debian or Ubuntu it is installed. Elsewhere one sentence says what to do, and only in CI
is that a failure.
"""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str | None:
    """The path of a Chromium: ``$CHROMIUM``, or the first one on the path."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def install() -> None:
    """Install Debian's Chromium and a font, quietly."""
    print("Installing Chromium for the browser tests ...", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (
        ("update", "-qq"),
        ("install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-dejavu-core"),
    ):
        subprocess.run(
            ["apt-get", *arguments], check=True, env=environment, stdout=subprocess.DEVNULL
        )


def main() -> int:
    """Return 1 where CI has no browser; elsewhere the browser tests are skipped."""
    if find() is None and os.geteuid() == 0 and shutil.which("apt-get"):
        try:
            install()
        except subprocess.CalledProcessError as error:
            print(f"apt-get failed with exit code {error.returncode}.", file=sys.stderr)
    if find() is not None:
        return 0
    print(
        "There is no Chromium here: install one, or name it in the variable CHROMIUM. "
        "Without it the browser tests are skipped.",
        file=sys.stderr,
    )
    return 1 if os.environ.get("CI") else 0


if __name__ == "__main__":
    sys.exit(main())
