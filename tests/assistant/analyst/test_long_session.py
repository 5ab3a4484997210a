"""A follow-up reads each question before it once for each frame, however long the session is."""

import pytest

from leonidas_jupyter.assistant.analyst import analyst as module
from leonidas_jupyter.assistant.analyst.analyst import Analyst
from leonidas_jupyter.data.frames import Frame
from leonidas_jupyter.data.profile import ColumnProfile, FrameProfile


def _frame(name: str, column: str) -> Frame:
    amount = ColumnProfile(
        name=column, original_name=column, type="number", nulls=0, distinct=3, min=1, max=3
    )
    return Frame(
        name=name,
        file_id=name,
        filename=f"{name}.csv",
        frame_hash=name,
        content_version=1,
        profile=FrameProfile(rows=3, columns=[amount]),
    )


def test_the_readings_of_a_turn_do_not_double_with_each_question(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    readings = 0
    real = module.read

    def counted(*arguments: object) -> object:
        nonlocal readings
        readings += 1
        return real(*arguments)

    frames = [_frame("sales", "amount"), _frame("trees", "height")]
    monkeypatch.setattr(module, "read", counted)
    earlier = [f"what about the thing number {number}" for number in range(20)]
    plan = Analyst(frames).plan("and the mean of amount?", earlier)
    assert plan.calls
    readings_of_each = 2 * len(frames)  # alone, and as a follow-up
    assert readings <= readings_of_each * (len(earlier) + 1)
