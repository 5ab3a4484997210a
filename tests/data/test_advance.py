"""Progress is heard while DuckDB reads, and never steps back."""

import contextlib
import threading

from leonidas_jupyter.data import advance, rounds
from leonidas_jupyter.data import ingest as module
from leonidas_jupyter.data.advance import Rising, Steps, Watched


def test_what_is_said_only_rises():
    said = []
    rising = Rising(said.append)
    for part in (0.1, 0.4, 0.2, 0.4, 0.7):
        rising(part)
    assert said == [0.1, 0.4, 0.7]


def test_a_running_query_is_asked_again_and_again(monkeypatch):
    class Connection:
        percents = iter([-1.0, 0.0, 25.0, 100.0])

        def query_progress(self):
            percent = next(self.percents, None)
            if percent is None:
                done.set()
            return -1.0 if percent is None else percent

    monkeypatch.setattr(advance, "INTERVAL", 0.001)
    done, said = threading.Event(), []
    with Watched(Connection(), said.append):
        assert done.wait(60)
    assert said == [0.25, 1.0]


def test_a_step_leads_from_where_it_stands_and_leaves_a_way_for_the_next():
    said = []
    rising = Rising(said.append)
    rising(0.2)
    in_vain = rising.towards(0.8, 0.5)
    in_vain(0.5)
    in_vain(1.0)
    rising.towards(0.8)(0.5)
    assert [round(part, 6) for part in said] == [0.2, 0.35, 0.5, 0.65]


def test_steps_of_a_known_number():
    class Connection:
        def query_progress(self):
            return -1.0

    said = []
    steps = Steps(Connection(), said.append, 4)
    for count in (1, 2, 1):
        with steps.next(count):
            pass
    assert said == [0.25, 0.75, 1.0]


def test_a_clean_and_an_odd_file_tell_of_their_queries(monkeypatch, tmp_path):
    @contextlib.contextmanager
    def half_way(connection, say):
        assert connection.query_progress() == -1
        say(0.5)
        yield

    for user in (module, rounds):
        monkeypatch.setattr(user, "Watched", half_way)
    for text, expected in (("a,b\n1,2\n", 0.28), ("a,b\n1,2\n3\n4,5\n", 0.52)):
        said = []
        source = tmp_path / "source.csv"
        source.write_text(text)
        module.ingest(source, tmp_path / "t", filename="t.csv", override=None, progress=said.append)
        assert expected in [round(part, 3) for part in said]
        assert said == sorted(said)
