"""Files of odd shapes end in a frame or in a sentence, and the server answers on."""

import pytest

from tests.reliability.bigfiles import MIB, followed, repeated, send, wide_table

SAID = "the quick brown fox said nothing at all to anybody"
ROWS = "id,text\n1,one\n"


def a_line_without_end(path):
    return repeated(path, "", "abc def ", 17 * MIB, "")


def a_line_too_long(path):
    return repeated(path, ROWS, "abc def ", 34 * MIB, "\n2,two\n")


def a_cell_of_megabytes(path):
    return repeated(path, ROWS + '2,"', SAID, 5 * MIB, '"\n' + "3,three\n" * 5)


def a_cell_over_very_many_lines(path):
    return repeated(path, ROWS + '2,"', SAID + "\n", 5 * MIB, '"\n' + "3,three\n" * 5)


def a_cell_over_too_many_lines(path):
    return repeated(path, ROWS + '2,"', "abc def\n", 10 * MIB, '"\n' + "3,three\n" * 5)


def thousands_of_columns(path):
    return wide_table(path, 20, 3000)


SHAPES = {
    a_line_without_end: "Line 1 is longer than",
    a_line_too_long: "Line 3 is longer than",
    a_cell_of_megabytes: (7, 2),
    a_cell_over_very_many_lines: (7, 2),
    a_cell_over_too_many_lines: "The quoted cell that begins in line 3 is longer than",
    thousands_of_columns: (20, 3000),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    from tests.reliability.rig import Server

    home = tmp_path_factory.mktemp("odd")
    server = Server(home / "home", home / "data")
    yield server
    server.close()


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("make", "ending"), SHAPES.items(), ids=[m.__name__ for m in SHAPES])
def test_a_frame_or_a_sentence(server, tmp_path, make, ending):
    project_id = server.project(make.__name__)
    path = make(tmp_path / f"{make.__name__}.csv")
    with followed(server, project_id) as progress:
        file_id = send(server, project_id, path)
        file = server.read_file(file_id, 300)
    path.unlink()
    if isinstance(ending, str):
        assert file["status"] == "FAILED"
        assert ending in file["reason"]
    else:
        assert (file["status"], file["reason"]) == ("COMPLETED", None)
        assert (file["rows"], file["columns"]) == ending
        assert file["bad_rows"] is None
    said = progress.of(file_id)
    assert said
    assert said == sorted(said)
    assert server.project("after it")
    assert "Traceback" not in server.log, server.log
    server.good("DELETE", f"/files/{file_id}")
