"""What the first request loads: the model layer and the engines only once they are needed."""

import json
import subprocess
import sys

HEAVY = (
    "alembic",
    "argon2",
    "duckdb",
    "jwt",
    "pandas",
    "pyarrow",
    "pydantic_ai",
    "rapidfuzz",
    "sqlalchemy",
    "sqlglot",
    "tornado",
)


def test_chat_loads_nothing_heavy():
    code = (
        "import sys, json; import leonidas_jupyter.chat.handlers; "
        "print(json.dumps(sorted(name.split('.')[0] for name in sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert not set(HEAVY) & set(json.loads(ran.stdout))
