"""What a ``dynamodb://`` URL says: where the tables are, and what their names begin with."""

import re
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from leonidas_jupyter.core.aws import AwsOptions, parse_options

EXAMPLE = "dynamodb://REGION/PREFIX"

_PREFIX = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}", re.ASCII)
_REGION = re.compile(r"[a-z0-9-]{2,40}", re.ASCII)


@dataclass(frozen=True)
class DynamoPlace:
    """Tables whose names begin with ``prefix``, and how AWS is reached."""

    prefix: str
    aws: AwsOptions

    def table(self, name: str) -> str:
        """DynamoDB's name of a table."""
        return f"{self.prefix}-{name}"


def parse_dynamodb(url: str) -> DynamoPlace:
    """The place that ``dynamodb://REGION/PREFIX?endpoint_url=…&profile=…&role_arn=…`` names.

    Raises:
        ValueError: it is not such a URL; the message may be shown.
    """
    parts = urlsplit(url)
    prefix = parts.path.removeprefix("/")
    if not _REGION.fullmatch(parts.netloc):
        raise ValueError(f"not the name of a region; write one like {EXAMPLE}")
    if not _PREFIX.fullmatch(prefix) or parts.fragment:
        raise ValueError(f"no prefix for the names of tables; write one like {EXAMPLE}")
    options, _ = parse_options(parts.query)
    if options.region not in (None, parts.netloc):
        raise ValueError("two regions stand in the URL")
    return DynamoPlace(prefix, replace(options, region=parts.netloc))
