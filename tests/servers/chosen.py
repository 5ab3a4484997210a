"""What the tests of the API and its rules run on.

Memory, which is quick; with ``pytest --engines=aws`` DynamoDB and S3, on the servers of this
folder. ``make soak`` runs them so once.
"""

import asyncio
import hashlib
import os
from dataclasses import dataclass, field, replace
from itertools import count

from leonidas_jupyter.core.s3place import parse_s3
from leonidas_jupyter.server.spilled import SpilledObjects
from leonidas_jupyter.storage.memory import MemoryStore
from leonidas_jupyter.storage.s3 import S3Store
from leonidas_jupyter.storage.signing import UrlSigner
from leonidas_jupyter.tables.dynamodb import open_dynamodb
from leonidas_jupyter.tables.memory import MemoryDatabase

ENGINES = ("memory", "aws")
DATABASE, STORAGE = "TESTED_DATABASE_URL", "TESTED_STORAGE_URL"
"""The variables that tell processes which a test starts what was chosen."""


@dataclass
class Engines:
    """The URLs that a test has for itself, and what it opened there."""

    database_url: str = "memory://"
    storage_url: str = "memory://"
    opened: list = field(default_factory=list)
    numbers: count = field(default_factory=count)

    @property
    def in_memory(self):
        return self.database_url == "memory://"

    @property
    def settings(self):
        """The settings of a server on these engines."""
        chosen = {"database_url": self.database_url, "storage_url": self.storage_url}
        # Tests send bytes to the server of the test alone.
        return chosen if self.in_memory else chosen | {"create_tables": True, "transfer": "proxy"}

    def close(self):
        async def close():
            for each in self.opened:
                await each.close()

        asyncio.run(close())


CHOSEN = Engines(os.environ.get(DATABASE, "memory://"), os.environ.get(STORAGE, "memory://"))


def choose(engines):
    """Let what is opened from now on be opened there."""
    for name, value in vars(engines).items():
        setattr(CHOSEN, name, value)


def fresh_database(specs, at=None):
    """A database without a single item; on AWS that of a folder, if one is named."""
    if CHOSEN.in_memory:
        return MemoryDatabase(specs)
    base, _, query = CHOSEN.database_url.partition("?")
    objects = SpilledObjects(fresh_store(UrlSigner(b"k" * 32, ""), at))
    url = f"{base}-{_name(at)}?{query}"
    database = open_dynamodb(url, specs, create=True, objects=objects)
    CHOSEN.opened.append(database)
    return database


def fresh_store(signer, at=None):
    """A store without a single object, to which clients send by way of the server; see above."""
    if CHOSEN.in_memory:
        return MemoryStore(signer)
    place = parse_s3(CHOSEN.storage_url)
    own = replace(place, prefix=f"{place.prefix}{_name(at)}/")
    store = S3Store(own, signer, proxy=True)
    CHOSEN.opened.append(store)
    return store


def _name(folder):
    """What the places of a folder are called, in every process; without one, another each time."""
    if folder is None:
        return next(CHOSEN.numbers)
    return hashlib.sha256(str(folder).encode()).hexdigest()[:8]
