"""Frames on disk and executors over the kernels of the server under test."""

from pathlib import Path

from leonidas_jupyter.assistant.executors.base import Place
from leonidas_jupyter.assistant.executors.pool import KernelExecutors
from leonidas_jupyter.assistant.executors.worker import Limits
from leonidas_jupyter.data.frames import Frame
from leonidas_jupyter.data.profile import ColumnProfile, FrameProfile
from leonidas_jupyter.server.kernels import JupyterKernels

LIMITS = Limits(seconds=60, memory_bytes=512 * 1024**2, busy_seconds=10)


def frame_on_disk(folder: Path, name: str, columns: dict, content: int = 1) -> Frame:
    """A frame whose Parquet file stands in ``folder``, under its hash."""
    import pyarrow as pa
    from pyarrow import parquet

    table = pa.table(columns)
    frame_hash = f"{abs(hash(name)):x}{content:08x}"
    parquet.write_table(table, folder / f"{frame_hash}.parquet")
    profiles = [
        ColumnProfile(name=column, original_name=column, type="text", nulls=0, distinct=0)
        for column in table.column_names
    ]
    return Frame(
        name=name,
        file_id=f"file-{name}",
        filename=f"{name}.csv",
        frame_hash=frame_hash,
        content_version=content,
        profile=FrameProfile(rows=table.num_rows, columns=profiles),
    )


class Rig:
    """Executors over a server, and its frames."""

    def __init__(self, server, identity, folder: Path, limits: Limits = LIMITS) -> None:
        self.server = server
        self.folder = folder
        self.kernels = JupyterKernels(server, identity)
        self.username = identity.own_user
        self.limits = limits
        self.pool = KernelExecutors(self.kernels, folder / "kernels", limits)

    def frame(self, name, columns, content=1):
        return frame_on_disk(self.folder, name, columns, content)

    def place(self, session_id="s1", *, kernel_name=None, username=None, title="Sales"):
        return Place(
            session_id=session_id,
            username=username or self.username,
            title=title,
            kernel_name=kernel_name,
            frame_file=self._file,
        )

    async def _file(self, frame):
        return self.folder / f"{frame.frame_hash}.parquet"

    def session(self, session_id="s1", **place):
        return self.pool.session(self.place(session_id, **place))

    def notebook(self, kernel_id, **place):
        return self.pool.kernel(self.place(**place), kernel_id)

    def worker(self, session_id="s1"):
        return self.pool._sessions[session_id].worker
