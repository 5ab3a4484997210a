"""Two servers of one person on one data directory."""

from tests.reliability.remains import inconsistencies, litter, rows, unfinished
from tests.reliability.rig import HELD_QUERIES, QUICK, Background, table_of, until


def test_two_servers_share_one_directory(start, data, hold):
    slow = QUICK + HELD_QUERIES.format(hold=str(hold))
    demo = {"LEONIDAS_DEMO_PROJECT": "1"}
    one, other = (start(slow, wait=False, variables=demo) for _ in range(2))
    one.until_up()
    other.until_up()
    # The first sight of one person, by both at once.
    first = [Background(server.call, "GET", "/projects") for server in (one, other)]
    assert [each.wait().status for each in first] == [200, 200]
    (project,) = one.items("/projects")
    assert project["file_count"] == 3
    assert rows(data, "select count(*) from files") == [(3,)]

    twice = one.project()
    files = [server.upload(twice, b"a\n1\n2\n", "t.csv") for server in (one, other)]
    read = [other.read_file(file_id) for file_id in files]
    assert [file["frame_name"] for file in read] == ["t", "t_2"]

    project_id = one.project()
    session_id = other.session(project_id)
    one.read_file(one.upload(project_id, b"amount\n1\n2\n", "sales.csv"))

    def ask(server):
        events = server.stream(
            "POST", f"/sessions/{session_id}/chat", {"content": "mean of amount"}
        )
        return events, next(events).data["run_id"]

    # The other server names the run, follows it to its end, and may cancel it.
    hold.touch()
    events, run_id = ask(one)
    refused = other.say(session_id, "mean of amount")
    assert (refused.status, refused.code) == (409, "run_in_progress")
    assert refused.json["error"]["detail"] == {"run_id": run_id}
    following = other.stream("GET", f"/sessions/{session_id}/runs/{run_id}/events")
    followed = [next(following)]
    hold.unlink()
    followed += following
    assert (followed[-1].name, followed[-1].data["status"]) == ("run_finished", "completed")
    stored = [event.number for event in followed if event.number]
    assert stored == list(range(1, len(stored) + 1))
    assert list(events)[-1].data == followed[-1].data
    hold.touch()
    events, run_id = ask(one)
    assert other.call("POST", f"/sessions/{session_id}/runs/{run_id}/cancel").status == 202
    assert list(events)[-1].data["status"] == "cancelled"

    # Deleted here while it is read there.
    file_id = one.upload(project_id, table_of(8), "gone.csv")
    until(lambda: one.workers())
    assert other.call("DELETE", f"/files/{file_id}").status == 204
    assert other.call("GET", f"/files/{file_id}").status == 404
    until(lambda: unfinished(data) == [])

    # One is killed in mid-answer and in mid-reading; the other takes both over.
    events, run_id = ask(one)
    large = table_of(3)
    file_id = one.upload(project_id, large, "large.csv")
    one.kill()
    followed = list(other.stream("GET", f"/sessions/{session_id}/runs/{run_id}/events"))
    assert followed[-1].data["status"] == "failed"
    assert [event.name for event in followed].count("run_finished") == 1
    hold.unlink()
    file = other.read_file(file_id)
    assert (file["status"], file["rows"]) == ("COMPLETED", large.count(b"\n") - 1)
    assert other.say(session_id, "mean of amount").json["status"] == "completed"
    assert inconsistencies(data) == {}
    until(lambda: litter(data) == [])
    assert "Traceback" not in other.log
