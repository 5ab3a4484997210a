"""Which engine and which store a URL names: the only place that chooses."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from leonidas_jupyter.auth.repository import SPECS as AUTH
from leonidas_jupyter.chat.repository import SPECS as CHAT
from leonidas_jupyter.core.aws import trusting
from leonidas_jupyter.core.config import Leonidas
from leonidas_jupyter.core.s3place import parse_s3
from leonidas_jupyter.files.repository import SPECS as FILES
from leonidas_jupyter.projects.repository import SPECS as PROJECTS
from leonidas_jupyter.sessions.repository import SPECS as SESSIONS
from leonidas_jupyter.storage.base import ObjectStore
from leonidas_jupyter.storage.signing import UrlSigner
from leonidas_jupyter.tables.base import Database, TableSpec
from leonidas_jupyter.usage.repository import SPECS as USAGE

SPECS: tuple[TableSpec[Any], ...] = (*AUTH, *PROJECTS, *SESSIONS, *FILES, *USAGE, *CHAT)


def open_database(
    url: str, *, store: ObjectStore | None = None, create: bool = False, ca_bundle: str = ""
) -> Database:
    """The metadata engine that a URL names. Raises Unavailable, OSError.

    ``store`` takes what is too large for DynamoDB; ``create`` makes missing tables; ``ca_bundle``
    is a file of certificates to trust.
    """
    if url.startswith("memory:"):
        from leonidas_jupyter.tables.memory import MemoryDatabase

        return MemoryDatabase(SPECS)
    if url.startswith("dynamodb:"):
        from leonidas_jupyter.server.spilled import SpilledObjects
        from leonidas_jupyter.tables.dynamodb import open_dynamodb

        objects = SpilledObjects(store) if store is not None else None
        trusted = ca_bundle or None
        return open_dynamodb(url, SPECS, objects=objects, create=create, ca_bundle=trusted)
    from leonidas_jupyter.tables.sql import open_sql

    return open_sql(url, SPECS, create_tables=create)


def database_of(settings: Leonidas, store: ObjectStore | None) -> Database:
    """The metadata engine that the settings name. Raises Unavailable, OSError."""
    return open_database(
        settings.database,
        store=store,
        create=settings.create_tables,
        ca_bundle=settings.ca_bundle,
    )


def open_store(
    url: str, signer: UrlSigner, *, proxy: bool = False, ca_bundle: str = ""
) -> ObjectStore:
    """The object store that a URL names. Raises StoreUnavailable.

    With ``proxy`` clients reach a bucket by way of this server; ``ca_bundle`` is a file of
    certificates to trust.
    """
    if url.startswith("memory:"):
        from leonidas_jupyter.storage.memory import MemoryStore

        return MemoryStore(signer)
    if url.startswith("s3:"):
        from leonidas_jupyter.storage.s3 import S3Store

        place = parse_s3(url)
        trusted = replace(place, aws=trusting(place.aws, ca_bundle))
        return S3Store(trusted, signer, proxy=proxy)
    from leonidas_jupyter.storage.local import LocalStore

    return LocalStore(Path(unquote(urlsplit(url).path)), signer)


def store_of(settings: Leonidas, signer: UrlSigner) -> ObjectStore:
    """The object store that the settings name. Raises StoreUnavailable."""
    proxy = settings.transfer == "proxy"
    return open_store(settings.storage, signer, proxy=proxy, ca_bundle=settings.ca_bundle)


def create_tables(settings: Leonidas) -> None:
    """Make the tables of the configured database that are missing. Blocks. Raises Unavailable."""
    url = settings.database
    if url.startswith("dynamodb:"):
        from leonidas_jupyter.tables import dynamodb

        dynamodb.create_tables(url, SPECS, settings.ca_bundle or None)
    elif not url.startswith("memory:"):
        from leonidas_jupyter.tables import sqlschema

        sqlschema.create_tables(url)


def check_tables(settings: Leonidas) -> list[str]:
    """What is missing or differs, a sentence each. Blocks. Raises Unavailable."""
    url = settings.database
    if url.startswith("dynamodb:"):
        from leonidas_jupyter.tables import dynamodb

        return dynamodb.check_tables(url, SPECS, settings.ca_bundle or None)
    if url.startswith("memory:"):
        return []
    from leonidas_jupyter.tables import sqlschema

    return sqlschema.check_tables(url, SPECS)


def drop_tables(settings: Leonidas) -> None:
    """Remove the tables with all that they hold. Blocks. Raises Unavailable."""
    url = settings.database
    if url.startswith("dynamodb:"):
        from leonidas_jupyter.tables import dynamodb

        dynamodb.drop_tables(url, SPECS, settings.ca_bundle or None)
    elif not url.startswith("memory:"):
        from leonidas_jupyter.tables import sqlschema

        sqlschema.drop_tables(url, SPECS)


def revision_of(settings: Leonidas) -> str | None:
    """The revision of the tables; None where the engine has none. Blocks. Raises Unavailable."""
    url = settings.database
    if url.startswith(("dynamodb:", "memory:")):
        return None
    from leonidas_jupyter.tables import sqlschema

    return sqlschema.revision(url)


async def origins_of(settings: Leonidas, store: ObjectStore) -> list[str] | None:
    """From where pages may use a store by its own URLs; None where they use this server's.

    Raises:
        StoreUnavailable: the store does not say.
    """
    if not settings.storage.startswith("s3:") or settings.transfer == "proxy":
        return None
    from leonidas_jupyter.storage.s3 import S3Store
    from leonidas_jupyter.storage.s3cors import allowed_origins

    return allowed_origins(await store.cors_rules()) if isinstance(store, S3Store) else None
