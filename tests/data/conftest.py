"""Reading a file's bytes in this process, with what the frame holds as Python values."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from leonidas_jupyter.data.dialect import DialectOverride
from leonidas_jupyter.data.ingest import IngestReport, ingest


@dataclass
class Loaded:
    report: IngestReport
    columns: dict[str, list[Any]]
    types: dict[str, str]

    @property
    def names(self) -> list[str]:
        return list(self.columns)

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        return list(zip(*self.columns.values(), strict=True))


Load = Callable[..., Loaded]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def read(
        content: str | bytes, filename: str = "table.csv", override: DialectOverride | None = None
    ) -> Loaded:
        import pyarrow.parquet as pq

        source, target = tmp_path / "source", tmp_path / "frame.parquet"
        source.write_bytes(content.encode() if isinstance(content, str) else content)
        report = ingest(
            source, target, filename=filename, override=override, progress=lambda _: None
        )
        table = pq.read_table(target)
        columns = {name: table[name].to_pylist() for name in table.column_names}
        return Loaded(report, columns, {c.name: c.type for c in report.profile.columns})

    return read
