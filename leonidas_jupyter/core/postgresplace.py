"""The URL of a PostgreSQL database, checked without its driver."""

from urllib.parse import parse_qsl, urlsplit

EXAMPLE = "postgresql+psycopg://USER:PASSWORD@HOST/DATABASE?sslmode=verify-full"
SCHEMES = ("postgresql+psycopg", "postgresql")
POOL_SIZE = 8
LARGEST_POOL = 100
"""Connections of one process, unless the URL says another number, and the most that it may say."""

_PARAMETERS = frozenset(
    {
        *("application_name", "channel_binding", "connect_timeout", "gssencmode", "host"),
        *("hostaddr", "keepalives", "keepalives_count", "keepalives_idle", "keepalives_interval"),
        *("krbsrvname", "load_balance_hosts", "options", "passfile", "port", "require_auth"),
        *("requirepeer", "service", "ssl_max_protocol_version", "ssl_min_protocol_version"),
        *("sslcert", "sslcertmode", "sslcrl", "sslcrldir", "sslkey", "sslmode", "sslnegotiation"),
        *("sslpassword", "sslrootcert", "sslsni", "target_session_attrs", "tcp_user_timeout"),
    }
)
"""Of libpq (PostgreSQL manual, 34.1.2, "Parameter Key Words")."""


def parse_postgres(url: str) -> tuple[str, dict[str, str], int]:
    """A URL taken apart: without its query, the parameters of libpq there, and ``pool_size``.

    Raises:
        ValueError: it is no such URL; the message may be shown.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port  # read to see that it is a number
    except ValueError as error:
        raise ValueError(f"not a URL; write one like {EXAMPLE}") from error
    if parts.scheme not in SCHEMES:
        raise ValueError(f"not a URL of PostgreSQL; write one like {EXAMPLE}")
    if len(parts.path) < len("/x") or parts.fragment:
        raise ValueError(f"the URL names no database; write one like {EXAMPLE}")
    found: dict[str, str] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in {*_PARAMETERS, "pool_size"}:
            known = ", ".join(sorted({*_PARAMETERS, "pool_size"}))
            raise ValueError(f"{name} is not known after the question mark; these are: {known}")
        if name in found:
            raise ValueError(f"{name} stands twice in the URL")
        found[name] = value
    size = found.pop("pool_size", str(POOL_SIZE))
    if not size.isdecimal() or not 2 <= int(size) <= LARGEST_POOL:
        raise ValueError(f"pool_size is not a number from 2 to {LARGEST_POOL}")
    return parts._replace(scheme=SCHEMES[0], query="").geturl(), found, int(size)
