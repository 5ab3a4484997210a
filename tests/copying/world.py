"""Two installations in memory, of the tables that the contract tests declare."""

import tempfile
from pathlib import Path

from leonidas_jupyter.copying.copier import Copier, CopyOptions, Ends
from leonidas_jupyter.copying.progress import Silent
from leonidas_jupyter.storage.memory import MemoryStore
from leonidas_jupyter.storage.signing import UrlSigner
from leonidas_jupyter.tables.memory import MemoryDatabase
from tests.contracts.things import SPECS, THINGS, Thing

SIGNER = UrlSigner(b"k" * 32, "/leonidas/api/v1")


def needs(item):
    """A thing's ``extra`` names the objects that it needs."""
    return item.extra.get("objects", {}) if isinstance(item, Thing) else {}


class World:
    """A source and a target, and copies between them."""

    def __init__(self):
        self.source, self.target = MemoryDatabase(SPECS), MemoryDatabase(SPECS)
        self.source_store, self.target_store = MemoryStore(SIGNER), MemoryStore(SIGNER)
        self.source_id = "one"
        self.release = "1.0"

    @property
    def things(self):
        return self.source.table(THINGS)

    @property
    def copied_things(self):
        return self.target.table(THINGS)

    def ends(self, **changes):
        async def open_source():
            return self.source

        return Ends(
            **{
                "specs": SPECS,
                "open_source": open_source,
                "target": self.target,
                "source_store": self.source_store,
                "target_store": self.target_store,
                "marked_in": self.target_store,
                "mark": "_copy/manifest.json",
                "source_id": self.source_id,
                "needs": needs,
                "release": self.release,
                **changes,
            }
        )

    async def copy(self, *, changes=None, progress=None, **options):
        with tempfile.TemporaryDirectory() as folder:
            copier = Copier(
                self.ends(**(changes or {})),
                CopyOptions(**options),
                folder=Path(folder),
                progress=progress or Silent(),
            )
            return await copier.run()

    def same(self):
        """Whether both sides hold the same."""
        mine = {name: rows for name, rows in self.source.rows.items()}
        return mine == self.target.rows and self.objects(self.source_store) == self.objects(
            self.target_store
        )

    @staticmethod
    def objects(store):
        return {
            key: content
            for key, (content, _) in store._objects.items()
            if not key.startswith("_copy/")
        }
