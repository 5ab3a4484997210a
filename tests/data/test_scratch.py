"""Folders for work in progress: what killed processes left goes, what others work in stays."""

import os
import time

from leonidas_jupyter.core.processes import signature
from leonidas_jupyter.data.scratch import ABANDONED_SECONDS, Scratch


def test_only_what_was_left_behind_is_removed(tmp_path):
    host = signature().split(".")[0]
    living, dead = f"{host}.{os.getppid()}.a", f"{host}.4194999.a"
    before, foreign = f"{signature()}of-the-last-life", "elsewhere.7.a"
    for name in (living, dead, before, foreign):
        (tmp_path / name).mkdir()
        (tmp_path / name / "frame.parquet").touch()
    scratch = Scratch(tmp_path)
    first = scratch.make()
    second = scratch.make()
    assert {p.name for p in tmp_path.iterdir()} == {living, foreign, first.name, second.name}
    long_ago = time.time() - ABANDONED_SECONDS - 1
    for name in (living, foreign):
        os.utime(tmp_path / name, (long_ago, long_ago))
    scratch.remove(first)
    third = scratch.make()
    assert {p.name for p in tmp_path.iterdir()} == {living, second.name, third.name}
