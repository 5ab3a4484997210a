"""A frame as the rest of the product knows it, and the server's local cache of frames."""

from pydantic import BaseModel

from leonidas_jupyter.data.profile import FrameProfile


class Frame(BaseModel):
    """A project's file as a typed table: its name in SQL and Python, where it came from, and its profile."""

    name: str
    file_id: str
    filename: str
    frame_hash: str
    content_version: int
    profile: FrameProfile
