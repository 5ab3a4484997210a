"""An orderly end: quick, without a trace, and what was under way goes on at the next start."""

import os
import signal

import pytest

from leonidas_jupyter.server.app import STOP_SECONDS
from tests.reliability.remains import inconsistencies, litter, unfinished
from tests.reliability.rig import HELD_QUERIES, QUICK, Background, table_of, until


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.soak)]
)
def test_a_stop_in_mid_answer_and_mid_reading(start, data, hold, number):
    server = start(QUICK + HELD_QUERIES.format(hold=str(hold)))
    project_id = server.project()
    session_id = server.session(project_id)
    assert server.read_file(server.upload(project_id, b"a\n1\n"))["status"] == "COMPLETED"
    hold.touch()
    asking = Background(server.say, session_id, "mean of a")
    until(lambda: len(server.items(f"/sessions/{session_id}/chat")) == 2)
    large = table_of(8)
    file_id = server.upload(project_id, large, "large.csv")
    until(lambda: server.workers())
    assert server.stop(number) < STOP_SECONDS  # at which it would have been given up
    asking.wait()
    if asking.result is not None:
        assert asking.result.status in (200, 503), asking.result.body
    assert "Traceback" not in server.log, server.log
    assert os.listdir(data / "running") == [str(server.process.pid)]
    assert ("files", "ingest") in unfinished(data)

    after = start(QUICK)  # nobody calls it
    until(lambda: unfinished(data) == [])
    assert after.file(file_id)["status"] == "COMPLETED"
    assert after.file(file_id)["rows"] == large.count(b"\n") - 1
    answer = after.items(f"/sessions/{session_id}/chat")[1]
    assert answer["run_status"] == "failed"
    assert after.say(session_id, "how many rows in large").json["status"] == "completed"
    assert inconsistencies(data) == {}
    assert litter(data) == []


@pytest.mark.soak
def test_work_of_a_killed_server_outlives_a_short_visit_of_another(start, data, hold):
    """The next start but one takes it up, too: its lease had not ended before."""
    lease = "from leonidas_jupyter.tables.leases import Leases\n"
    lease += "Leases.__init__.__defaults__ = (None, 8.0)\n"
    server = start(lease + HELD_QUERIES.format(hold=str(hold)))
    project_id = server.project()
    session_id = server.session(project_id)
    server.read_file(server.upload(project_id, b"a\n1\n"))
    hold.touch()
    asking = Background(server.say, session_id, "mean of a")
    until(lambda: len(server.items(f"/sessions/{session_id}/chat")) == 2)
    server.kill()
    asking.join()
    visit = start(QUICK)
    assert visit.call("GET", "/projects").status == 200
    assert ("runs", "run") in unfinished(data), "the machine is too slow for this test"
    visit.stop()
    start(QUICK)  # nobody calls it
    until(lambda: unfinished(data) == [])
