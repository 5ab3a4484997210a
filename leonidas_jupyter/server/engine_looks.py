"""What the doctor sees of the database and of the file storage."""

import asyncio
import secrets
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from leonidas_jupyter.core.config import Leonidas
from leonidas_jupyter.server.troubles import Trouble

if TYPE_CHECKING:
    from leonidas_jupyter.storage.base import ObjectStore


async def look_at_database(settings: Leonidas) -> str:
    """Opened as the server opens it. Raises Trouble."""
    from leonidas_jupyter.server.engines import database_of
    from leonidas_jupyter.tables.base import Unavailable

    remedy = "Correct c.Leonidas.database_url, or the rights and room of what it names."
    async with _store(settings) as store:
        try:
            database = await asyncio.to_thread(database_of, settings, store)
        except (Unavailable, OSError) as error:
            raise Trouble(str(error), remedy) from error
        try:
            await database.ping()
        except Unavailable as error:
            raise Trouble(str(error), remedy) from error
        finally:
            await database.close()
    return f"{settings.database.split(':')[0]}, opened, schema up to date"


async def look_at_storage(settings: Leonidas) -> str:
    """Written, read, deleted; and whether browsers may use it. Raises Trouble."""
    from leonidas_jupyter.storage.base import StoreUnavailable

    remedy = "Correct c.Leonidas.storage_url, or the rights and room of what it names."
    try:
        store = await asyncio.to_thread(_opened, settings)
    except (StoreUnavailable, OSError) as error:
        raise Trouble(str(error), remedy) from error
    try:
        await _try_store(store, remedy)
        browsers = await _browsers(settings, store)
    finally:
        await store.close()
    return f"{settings.storage.split(':')[0]}, written, read and deleted{browsers}"


def _opened(settings: Leonidas) -> "ObjectStore":
    from leonidas_jupyter.server.engines import store_of
    from leonidas_jupyter.storage.signing import UrlSigner

    return store_of(settings, UrlSigner(secrets.token_bytes(32), ""))


@asynccontextmanager
async def _store(settings: Leonidas) -> AsyncIterator["ObjectStore | None"]:
    """The file storage, or None where it cannot be opened: that is a finding of its own."""
    from leonidas_jupyter.storage.base import StoreUnavailable

    try:
        store = await asyncio.to_thread(_opened, settings)
    except (StoreUnavailable, OSError):
        yield None
        return
    try:
        yield store
    finally:
        await store.close()


async def _try_store(store: "ObjectStore", remedy: str) -> None:
    from leonidas_jupyter.storage.base import StoreUnavailable

    key, content = f"doctor/{secrets.token_hex(8)}", secrets.token_bytes(1024)
    try:
        with tempfile.TemporaryDirectory(prefix="leonidas-") as scratch:
            source = Path(scratch) / "probe"
            await asyncio.to_thread(source.write_bytes, content)
            await store.put(key, source)
        found = b"".join([chunk async for chunk in store.get(key)])
        await store.delete(key)
    except (StoreUnavailable, OSError) as error:
        raise Trouble(str(error), remedy) from error
    if found != content:
        raise Trouble("what was written is not what was read", "Look at what holds the files.")


async def _browsers(settings: Leonidas, store: "ObjectStore") -> str:
    """Whether browsers may use the signed URLs of a bucket, where they are to."""
    from leonidas_jupyter.server.engines import origins_of
    from leonidas_jupyter.storage.base import StoreUnavailable
    from leonidas_jupyter.storage.s3cors import RULE

    try:
        origins = await origins_of(settings, store)
    except StoreUnavailable as error:
        raise Trouble(
            f"whether browsers may use the bucket cannot be seen ({error})",
            "Grant s3:GetBucketCORS, or look at the bucket's CORS rules yourself.",
            "warning",
        ) from error
    if origins is None:
        return ""
    if not origins:
        raise Trouble(
            "browsers may not send to and get from the bucket; notebooks can",
            f"Give it the CORS rule {RULE}, or set c.Leonidas.transfer = 'proxy'.",
            "warning",
        )
    return f"; pages of {', '.join(origins)} may use the bucket"
