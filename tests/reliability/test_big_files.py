"""Big files through a real server: a frame in bounded memory and time, or a clear sentence."""

import shutil
import time

import pytest

from tests.reliability.bigfiles import (
    MIB,
    Memory,
    followed,
    long_table,
    repeated,
    say,
    seconds_of_duckdb,
    send,
    ten_columns,
    wide_table,
)
from tests.reliability.remains import litter, objects
from tests.reliability.rig import QUICK, until

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]

MEMORY = 512 * MIB
"""What reading any file may take above a worker that does nothing."""

TIMES_OF_DUCKDB = 3.5
LARGE = {"LEONIDAS_MAX_UPLOAD_BYTES": str(8 * 1024 * MIB)}


@pytest.fixture
def folder(tmp_path, data):
    """Where big files lie; nothing of them stays on the disk."""
    yield tmp_path
    shutil.rmtree(data, ignore_errors=True)
    for path in tmp_path.glob("*.csv"):
        path.unlink()


def read(server, path, seconds=3000):
    """Upload and read a file; the file, and its figures."""
    project_id = server.project()
    memory = Memory(server)
    with followed(server, project_id) as progress:
        file_id = send(server, project_id, path)
        began = time.monotonic()
        file = server.read_file(file_id, seconds)
        took = time.monotonic() - began
        said = progress.of(file_id)
        silence = progress.longest_silence(file_id)
    above = memory.above_base()
    assert said
    assert said == sorted(said)
    figures = {"seconds": round(took, 1), "MiB above base": round(above / MIB)}
    say(path.name, **figures, words=len(said), longest_silence=round(silence, 1))
    assert above <= MEMORY
    assert server.project("after it")
    assert "Traceback" not in server.log, server.log
    return file, took


def beside_duckdb(path, took):
    seconds = seconds_of_duckdb(path)
    say(path.name, duckdb=round(seconds, 1), times=round(took / seconds, 2))
    assert took <= TIMES_OF_DUCKDB * seconds


def test_ten_million_rows(start, folder):
    path = long_table(folder / "long.csv", 10_000_000)
    file, took = read(start(variables=LARGE), path)
    assert (file["status"], file["rows"], file["columns"]) == ("COMPLETED", 10_000_000, 5)
    assert file["bad_rows"] is None
    beside_duckdb(path, took)


def test_twenty_thousand_columns(start, folder):
    path = wide_table(folder / "wide.csv", 50, 20_000)
    file, _ = read(start(variables=LARGE), path)
    assert (file["status"], file["rows"], file["columns"]) == ("COMPLETED", 50, 20_000)


def test_a_cell_of_200_megabytes(start, folder):
    path = repeated(folder / "cell.csv", 'id,text\n1,"', "some words ", 200 * MIB, '"\n2,two\n')
    file, _ = read(start(variables=LARGE), path)
    assert file["status"] == "FAILED"
    assert "Line 1 is longer" in file["reason"] or "Line 2 is longer" in file["reason"]


def test_a_cell_of_200_megabytes_over_lines(start, folder):
    path = repeated(folder / "cell.csv", 'id,text\n1,"', "some words\n", 200 * MIB, '"\n2,two\n')
    file, _ = read(start(variables=LARGE), path)
    assert file["status"] == "FAILED"
    assert "begins in line 2 is longer" in file["reason"]


def test_a_line_of_two_gigabytes(start, folder):
    path = repeated(folder / "line.csv", "", "abc def,", 2048 * MIB, "")
    file, _ = read(start(variables=LARGE), path)
    assert file["status"] == "FAILED"
    assert "Line 1 is longer" in file["reason"]


def begun(server, path, project_id):
    """A file that is being read."""
    with followed(server, project_id) as progress:
        file_id = send(server, project_id, path)
        until(lambda: any(part > 0.1 for part in progress.of(file_id)), 600)
    assert server.file(file_id)["status"] == "PROCESSING"
    return file_id


def test_a_big_file_is_read_again_after_a_kill(start, folder, data):
    path = long_table(folder / "killed.csv", 10_000_000)
    server = start(QUICK, variables=LARGE)
    project_id = server.project()
    file_id = begun(server, path, project_id)
    server.kill()
    server = start(QUICK, variables=LARGE)
    file = server.read_file(file_id, 1200)
    assert (file["status"], file["rows"]) == ("COMPLETED", 10_000_000)
    server.close()
    # What the killed worker left goes with the next start.
    start(QUICK).call("GET", "/projects")
    assert litter(data) == []


def test_a_big_file_that_is_deleted_is_read_no_more(start, folder, data):
    path = long_table(folder / "deleted.csv", 10_000_000)
    server = start(QUICK, variables=LARGE)
    project_id = server.project()
    file_id = begun(server, path, project_id)
    server.good("DELETE", f"/files/{file_id}")
    until(lambda: server.workers() == [], 60)
    until(lambda: list(objects(data)) == [], 60)
    assert server.call("GET", f"/files/{file_id}").status == 404
    assert litter(data) == []


def test_five_gigabytes(start, folder):
    path = ten_columns(folder / "big.csv", 44_000_000)
    say(path.name, GB=round(path.stat().st_size / 1e9, 2))
    assert path.stat().st_size > 5e9
    file, took = read(start(variables=LARGE), path, 3500)
    assert (file["status"], file["rows"], file["columns"]) == ("COMPLETED", 44_000_000, 10)
    beside_duckdb(path, took)
