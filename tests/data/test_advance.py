"""Progress is heard while DuckDB reads, and never steps back."""

import contextlib
import threading

from leonidas_jupyter.data import advance
from leonidas_jupyter.data import ingest as module
from leonidas_jupyter.data.advance import Rising, Watched


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


def test_a_clean_and_an_odd_file_tell_of_their_queries(monkeypatch, tmp_path):
    @contextlib.contextmanager
    def half_way(connection, say):
        assert connection.query_progress() == -1
        say(0.5)
        yield

    monkeypatch.setattr(module, "Watched", half_way)
    for text, expected in (("a,b\n1,2\n", 0.4), ("a,b\n1,2\n3\n4,5\n", 0.55)):
        said = []
        source = tmp_path / "source.csv"
        source.write_text(text)
        module.ingest(source, tmp_path / "t", filename="t.csv", override=None, progress=said.append)
        assert expected in [round(part, 3) for part in said]
        assert said == sorted(said)
