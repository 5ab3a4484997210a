"""Tables that join on columns of other names, because the values of one are keys of the other."""

import pytest

from leonidas_jupyter.data.frames import Frame, frame_name
from leonidas_jupyter.data.ingest import ingest
from tests.golden.judge import Desk, Table

AIRPORTS = "iata,state,elevation\n" + "".join(
    f"Q{i:02d},{('Ohio', 'Utah')[i % 2]},{i * 10}\n" for i in range(40)
)
FLIGHTS = "origin,delay\n" + "".join(f"Q{i % 30:02d},{i % 7}\n" for i in range(300))
TWO_ENDS = "origin,goal,delay\n" + "".join(
    f"Q{i % 30:02d},Q{(i + 7) % 30:02d},{i % 7}\n" for i in range(300)
)


@pytest.fixture
def table(tmp_path):
    def read(filename, content):
        source, parquet = tmp_path / filename, tmp_path / f"{filename}.parquet"
        source.write_text(content)
        report = ingest(source, parquet, filename=filename, override=None, progress=lambda _: None)
        frame = Frame(
            name=frame_name(filename),
            file_id=filename,
            filename=filename,
            frame_hash=report.frame_hash,
            content_version=1,
            profile=report.profile.shown(),
            keys=report.profile.keys,
        )
        return Table(frame.name, frame, parquet)

    return read


def test_a_question_over_both_is_answered_and_the_join_is_said(table) -> None:
    desk = Desk([table("flights.csv", FLIGHTS), table("airports.csv", AIRPORTS)])
    plan, _, text = desk.ask("average delay by state")
    assert "JOIN" in plan.calls[0].arguments["sql"]
    assert "I joined flights with airports on `origin` = `iata`" in text
    for number, state in enumerate(("Ohio", "Utah")):
        delays = [i % 7 for i in range(300) if i % 30 % 2 == number]
        assert state in text
        assert f"{sum(delays) / len(delays):.3g}" in text


def test_two_columns_that_fit_one_key_are_not_guessed_between(table) -> None:
    desk = Desk([table("flights.csv", TWO_ENDS), table("airports.csv", AIRPORTS)])
    assert not desk.analyst.plan("average delay by state").calls
