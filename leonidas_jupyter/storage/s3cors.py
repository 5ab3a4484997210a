"""What a bucket must let pages of other origins do, so that browsers can use signed URLs."""

from collections.abc import Sequence
from typing import Any

METHODS = frozenset({"GET", "PUT"})
EXPOSED = "ETag"
RULE = (
    '{"AllowedMethods": ["GET", "HEAD", "PUT"], "AllowedHeaders": ["*"], '
    '"ExposeHeaders": ["ETag"], "AllowedOrigins": ["https://YOUR-JUPYTER"], "MaxAgeSeconds": 3600}'
)
"""A rule that does, for ``aws s3api put-bucket-cors``."""


def allowed_origins(rules: Sequence[dict[str, Any]]) -> list[str]:
    """The origins whose pages may send to and get from the bucket; none where nothing is enough.

    Headers: ``content-type``, ``x-amz-checksum-sha256`` and those of encryption are sent, the
    ``ETag`` of a part is read.
    """
    found: list[str] = []
    for rule in rules:
        methods = set(rule.get("AllowedMethods", ()))
        headers = {str(each).lower() for each in rule.get("AllowedHeaders", ())}
        exposed = {str(each).lower() for each in rule.get("ExposeHeaders", ())}
        enough = "*" in headers or headers >= {"content-type", "x-amz-*"}
        if methods >= METHODS and enough and EXPOSED.lower() in exposed:
            found += [str(each) for each in rule.get("AllowedOrigins", ())]
    return found
