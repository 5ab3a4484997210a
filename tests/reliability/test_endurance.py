"""What a server uses: memory, descriptors, threads, and how long its event loop stands still."""

import os
import threading
import time
from contextlib import suppress

import psutil
import pytest

from tests.reliability.remains import inconsistencies, litter, unfinished
from tests.reliability.rig import QUICK, table_of, until

CHATS, UPLOADS, WARM = 200, 50, 20


def used(server):
    process = psutil.Process(server.process.pid)
    return {
        "MiB": process.memory_info().rss / 2**20,
        "threads": process.num_threads(),
        "descriptors": process.num_fds(),
    }


def test_starts_that_fail_leave_nothing_behind(start, data):
    data.mkdir()
    (data / "objects").write_text("no folder")
    server = start("from leonidas_jupyter.server import lazy\nlazy.PAUSE = 0")
    seen = []
    for _ in range(12):
        answer = server.call("GET", "/projects")
        assert (answer.status, answer.code) == (503, "backend_unavailable")
        seen.append(used(server))
    assert seen[-1]["threads"] <= seen[2]["threads"] + 2
    assert seen[-1]["descriptors"] <= seen[2]["descriptors"] + 2
    (data / "objects").unlink()
    assert server.call("GET", "/projects").status == 200


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_long_use_leaks_nothing(start, data, capsys):
    server = start(
        QUICK, variables={"LEONIDAS_CHAT_RATE": "9999/minute", "LEONIDAS_UPLOAD_RATE": "999/minute"}
    )
    before = used(server)
    server.call("GET", "/healthz")
    first = used(server)
    project_id = server.project()
    session_id = server.session(project_id)

    def chat(number):
        path, question = f"/sessions/{session_id}/chat", {"content": f"mean of c{number % 5}"}
        if number % 2:
            assert server.call("POST", path, question).json["status"] == "completed"
        else:
            assert list(server.stream("POST", path, question))[-1].data["status"] == "completed"

    def upload(number):
        file_id = server.upload(project_id, table_of(0.05), f"f{number}.csv")
        assert server.read_file(file_id)["status"] == "COMPLETED"
        server.good("DELETE", f"/files/{file_id}")

    server.read_file(server.upload(project_id, table_of(0.2), "kept.csv"))
    for number in range(WARM):
        chat(number)
    for number in range(WARM // 4):
        upload(number)
    warm = used(server)
    for number in range(CHATS):
        chat(number)
    for number in range(UPLOADS):
        upload(number)
    until(lambda: unfinished(data) == [])
    time.sleep(2)
    after = used(server)
    with capsys.disabled():
        print(f"\nbare {before}\nfirst use {first}\nwarm {warm}\nafter {after}")  # noqa: T201 - the figures are what it is for
    assert after["threads"] <= warm["threads"] + 6
    assert after["descriptors"] <= warm["descriptors"] + 6
    assert after["MiB"] <= warm["MiB"] + 60
    assert inconsistencies(data) == {}
    assert litter(data) == []
    assert "Traceback" not in server.log


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_the_event_loop_goes_on_during_heavy_work(start, capsys):
    server = start(QUICK)
    project_id = server.project()
    session_id = server.session(project_id)
    server.read_file(server.upload(project_id, table_of(0.2), "small.csv"))
    server.say(session_id, "mean of c1 in small")  # the first answer imports what answers
    large = table_of(100)
    waited, over = [], threading.Event()

    def poll():
        while not over.is_set():
            began = time.monotonic()
            with suppress(OSError):
                server.jupyter("GET", "/api/me")
                waited.append(time.monotonic() - began)
            over.wait(0.05)

    def talk():
        while not over.is_set():
            server.say(session_id, "mean of c1 in small")

    threads = [threading.Thread(target=poll), threading.Thread(target=talk)]
    for thread in threads:
        thread.start()
    try:
        file = server.read_file(server.upload(project_id, large, "large.csv"), 300)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert file["status"] == "COMPLETED"
    waited.sort()
    middle, most = waited[len(waited) // 2], waited[int(len(waited) * 0.99)]
    with capsys.disabled():
        print(  # noqa: T201 - the figures are what it is for
            f"\n/api/me: {len(waited)} calls, median {middle * 1000:.1f} ms, "
            f"p99 {most * 1000:.1f} ms, longest {waited[-1] * 1000:.1f} ms; load {os.getloadavg()}"
        )
    assert most < 0.5
    assert waited[-1] < 2
