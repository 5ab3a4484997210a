"""Amazon Web Services: how clients are made, and what is said when a call of theirs fails.

Everything of boto3 blocks: call it in threads. boto3 is imported when the first client is made.
"""

from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    import boto3

CONNECT_SECONDS = 5
"""How long a connection may take to be made."""

READ_SECONDS = 20
"""How long an answer may let its next byte wait."""

ATTEMPTS = 5
"""How often a call is tried: the first time, and again after a growing pause."""

CONNECTIONS = 32
"""Connections that a client keeps open; more calls than that at once open some of their own."""

ROLE_SESSION = "leonidas"
"""The session name of an assumed role; it stands in CloudTrail."""


@dataclass(frozen=True)
class AwsOptions:
    """How AWS is reached; what is None is what boto3 finds by itself.

    Attributes:
        region: where the service stands, as ``eu-central-1``.
        endpoint_url: another address than AWS's own.
        profile: of the shared configuration files.
        role_arn: the role that is assumed, and renewed before its credentials expire.
        ca_bundle: a file of certificates to trust; None is ``AWS_CA_BUNDLE``, or the system's.
    """

    region: str | None = None
    endpoint_url: str | None = None
    profile: str | None = None
    role_arn: str | None = None
    ca_bundle: str | None = None


_IN_URLS = frozenset(field.name for field in fields(AwsOptions)) - {"ca_bundle"}


def parse_options(query: str, own: Collection[str] = ()) -> tuple[AwsOptions, dict[str, str]]:
    """The options in the query of a URL, and the values there of the caller's ``own`` names.

    Raises:
        ValueError: a name is unknown or stands twice, or a value cannot be one; the message holds
            no value, because it may be shown.
    """
    known = sorted({*_IN_URLS, *own})
    found: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in known:
            raise ValueError(
                f"{name} is not known after the question mark; these are: " + ", ".join(known)
            )
        if name in found:
            raise ValueError(f"{name} stands twice in the URL")
        if not value:
            raise ValueError(f"{name} has no value in the URL")
        found[name] = value
    options = AwsOptions(**{name: found.pop(name) for name in _IN_URLS & found.keys()})
    _check(options)
    return options, found


def _check(options: AwsOptions) -> None:
    if options.endpoint_url is not None:
        parts = urlsplit(options.endpoint_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("endpoint_url is not the address of a server, as https://HOST:PORT")
        if parts.username is not None:
            raise ValueError("endpoint_url holds a password; name a profile instead")
    if options.role_arn is not None and not _is_role(options.role_arn):
        raise ValueError("role_arn is not a role, as arn:aws:iam::123456789012:role/NAME")


def _is_role(arn: str) -> bool:
    parts = arn.split(":", 5)
    return len(parts) == 6 and parts[0] == "arn" and parts[5].startswith("role/")


def trusting(options: AwsOptions, ca_bundle: Path | str | None) -> AwsOptions:
    """The options with a file of certificates to trust; without one, as they are."""
    return replace(options, ca_bundle=str(ca_bundle)) if ca_bundle else options


def session_of(options: AwsOptions) -> "boto3.Session":
    """A session by the credentials of the chain, or of the role, which is assumed at first need.

    Its clients are given ``endpoint_url`` and ``ca_bundle`` by whoever makes them.

    Raises:
        botocore.exceptions.ProfileNotFound: there is no such profile.
    """
    import boto3

    return boto3.Session(botocore_session=_core(options), region_name=options.region)


def client(service: str, options: AwsOptions, **config: Any) -> Any:  # noqa: ANN401 - boto3 makes its classes as it runs
    """A client of a service, which any number of threads may use at once.

    Calls are tried again after pauses that grow and vary (botocore's ``standard``). Its
    ``adaptive`` is not for people: after one throttled call it holds all others to about the rate
    of the moment before, so that the requests of a click, which come at once after a silence,
    trickled out (measured: 30 of them took 50 s).

    Credentials come by boto3's own chain, renewed as it renews them; proxies from ``HTTPS_PROXY``
    and ``NO_PROXY``. ``config`` goes before the defaults in botocore's ``Config``: see there.

    Raises:
        botocore.exceptions.BotoCoreError: there is no such profile, or no region; ``explain``
            says it to people.
    """
    from botocore.config import Config

    settings: dict[str, Any] = {
        "connect_timeout": CONNECT_SECONDS,
        "read_timeout": READ_SECONDS,
        "retries": {"mode": "standard", "total_max_attempts": ATTEMPTS},
        "max_pool_connections": CONNECTIONS,
        "tcp_keepalive": True,
        "user_agent_extra": "leonidas-jupyter",
    }
    return session_of(options).client(
        service,
        endpoint_url=options.endpoint_url,
        verify=options.ca_bundle,
        config=Config(**{**settings, **config}),
    )


def _core(options: AwsOptions) -> Any:  # noqa: ANN401 - botocore has no types
    """A botocore session with the credentials of the chain, or of the role that is assumed."""
    from botocore.credentials import (
        AssumeRoleCredentialFetcher,
        CredentialProvider,
        CredentialResolver,
        DeferredRefreshableCredentials,
    )
    from botocore.exceptions import NoCredentialsError
    from botocore.session import Session

    source = Session(profile=options.profile)
    source.register_component("data_loader", _loader())
    if options.role_arn is None:
        return source

    def assume() -> dict[str, str]:
        credentials = source.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        fetcher = AssumeRoleCredentialFetcher(
            client_creator=partial(
                source.create_client, region_name=options.region, verify=options.ca_bundle
            ),
            source_credentials=credentials,
            role_arn=options.role_arn,
            extra_args={"RoleSessionName": ROLE_SESSION},
        )
        held: dict[str, str] = fetcher.fetch_credentials()
        return held

    class Role(CredentialProvider):  # type: ignore[misc]  # botocore has no types
        METHOD = CANONICAL_NAME = "leonidas-role"

        def load(self) -> Any:  # noqa: ANN401 - botocore has no types
            return DeferredRefreshableCredentials(method=self.METHOD, refresh_using=assume)

    core = Session(profile=options.profile)
    core.register_component("data_loader", _loader())
    core.register_component("credential_provider", CredentialResolver([Role()]))
    return core


@cache
def _loader() -> Any:  # noqa: ANN401 - botocore has no types
    """What reads the descriptions of the services, and remembers them: most of a client's cost."""
    from botocore.loaders import create_loader

    return create_loader()
