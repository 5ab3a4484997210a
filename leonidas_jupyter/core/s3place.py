"""What an ``s3://`` URL says: which bucket, what stands before the keys, how it is reached."""

import re
from dataclasses import dataclass, field
from typing import Literal, cast
from urllib.parse import unquote, urlsplit

from leonidas_jupyter.core.aws import AwsOptions, parse_options

EXAMPLE = "s3://BUCKET/PREFIX?region=REGION"

MAX_PREFIX = 100
"""The most characters before the keys; S3 takes 1024 bytes in all."""

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)
_PART = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", re.ASCII)
_OWN = ("addressing", "kms_key_id", "public_endpoint_url", "sse")
_ADDRESSING = ("auto", "path", "virtual")
_SSE = ("AES256", "aws:kms")

Addressing = Literal["auto", "path", "virtual"]


@dataclass(frozen=True)
class S3Place:
    """A bucket, or a part of one.

    Attributes:
        prefix: stands before every key; empty, or ends with a slash.
        aws: how the server reaches it.
        addressing: whether the bucket's name stands in the path or before the host's.
        sse: how S3 encrypts what is written; None: as the bucket says.
        kms_key_id: the key for ``aws:kms``; None: the account's own.
        public_endpoint_url: the address for signed URLs, where others reach the store by another
            name than this server.
    """

    bucket: str
    prefix: str = ""
    aws: AwsOptions = field(default_factory=AwsOptions)
    addressing: Addressing = "auto"
    sse: str | None = None
    kms_key_id: str | None = None
    public_endpoint_url: str | None = None

    @property
    def encryption(self) -> dict[str, str]:
        """The parameters of every call that writes."""
        chosen = {"ServerSideEncryption": self.sse, "SSEKMSKeyId": self.kms_key_id}
        return {name: value for name, value in chosen.items() if value is not None}


def parse_s3(url: str) -> S3Place:
    """The place that a URL names.

    Raises:
        ValueError: it is none; the message may be shown.
    """
    parts = urlsplit(url)
    if not _BUCKET.fullmatch(parts.netloc):
        raise ValueError(f"not the name of a bucket; write one like {EXAMPLE}")
    prefix = unquote(parts.path).strip("/")
    if prefix and not all(map(_PART.fullmatch, prefix.split("/"))):
        raise ValueError("what stands before the keys has other signs than letters, digits, ._-")
    if len(prefix) > MAX_PREFIX:
        raise ValueError(f"more than {MAX_PREFIX} characters stand before the keys")
    aws, own = parse_options(parts.query, _OWN)
    place = S3Place(
        bucket=parts.netloc,
        prefix=f"{prefix}/" if prefix else "",
        aws=aws,
        addressing=cast("Addressing", own.get("addressing", "auto")),
        sse=own.get("sse"),
        kms_key_id=own.get("kms_key_id"),
        public_endpoint_url=own.get("public_endpoint_url"),
    )
    _check(place)
    return place


def _check(place: S3Place) -> None:
    if place.addressing not in _ADDRESSING:
        raise ValueError(f"addressing takes {', '.join(_ADDRESSING)}")
    if place.sse not in (None, *_SSE):
        raise ValueError(f"sse takes {' or '.join(_SSE)}")
    if place.kms_key_id is not None and place.sse != "aws:kms":
        raise ValueError("kms_key_id goes with sse=aws:kms")
    if place.public_endpoint_url is not None:
        public = urlsplit(place.public_endpoint_url)
        if public.scheme not in ("http", "https") or not public.hostname:
            raise ValueError("public_endpoint_url is not an address, as https://HOST:PORT")
