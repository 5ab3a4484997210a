"""Stands in for the worker process where a test says when reading begins, ends or fails."""

import asyncio
import hashlib

from leonidas_jupyter.data.dialect import Dialect
from leonidas_jupyter.data.errors import UnreadableFile
from leonidas_jupyter.data.ingest import IngestReport
from leonidas_jupyter.data.profile import ColumnProfile
from leonidas_jupyter.data.sketches import SketchedProfile


class Gate:
    """Reading waits until ``open`` is set; content that holds ``unreadable`` cannot be read."""

    def __init__(self):
        self.open = asyncio.Event()
        self.open.set()
        self.began = []
        self.cancelled = 0

    async def read(self, source, target, *, filename, override, on_progress, **_limits):
        self.began.append(filename)
        content = await asyncio.to_thread(source.read_bytes)
        try:
            for step in range(50):
                await on_progress(step / 50)
            await self.open.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if b"unreadable" in content:
            raise UnreadableFile("Line 1 is no table.")
        target.write_bytes(b"parquet of " + content)
        said = override.model_dump_json() if override else ""
        profile = SketchedProfile(
            rows=content.count(b"\n"),
            columns=[ColumnProfile(name="a", original_name="a", type="text", nulls=0, distinct=1)],
        )
        return IngestReport(
            dialect=Dialect(),
            profile=profile,
            rows=profile.rows,
            columns=1,
            frame_hash=hashlib.sha256(content + said.encode()).hexdigest(),
            frame_size=target.stat().st_size,
        )
