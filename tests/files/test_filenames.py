import pytest
from pydantic_core import PydanticCustomError

from leonidas_jupyter.core.errors import ErrorCode
from leonidas_jupyter.core.filenames import attachment, check_filename
from leonidas_jupyter.core.text import byte_words

REFUSED = {
    "": "needs a name",
    "   ": "needs a name",
    "../sales.csv": "no folders",
    "..": "no folders",
    ".": "no folders",
    "a/b.csv": "no folders",
    "C:\\fakepath\\b.csv": "no folders",
    "..\\b.csv": "no folders",
    "/etc/passwd": "no folders",
    "a\x00.csv": "control characters",
    "a\n.csv": "control characters",
    "a\x7f.csv": "control characters",
    "a\x85.csv": "control characters",
    "a\ud800.csv": "control characters",
    "invoice\u202evsc.exe": "direction of text",
    "a\u2067b.csv": "direction of text",
    "x" * 300: "too long",
    "x" * 252 + ".csv": "too long",
    "CON": "Windows",
    "nul.csv": "Windows",
    "Com1.tar.gz": "Windows",
    "lpt¹.csv": "Windows",
}
KEPT = [
    "sales.csv",
    "Sales 2024 (final).csv",
    "Größe.csv",
    "売上.csv",
    "مبيعات.csv",
    "🐧.csv",
    "x" * 251 + ".csv",
    ".hidden",
    "a..b.csv",
    "console.csv",
    'a"b;c%41.csv',
    "=cmd|'C calc'!A0.csv",
]


@pytest.mark.parametrize(("name", "reason"), REFUSED.items(), ids=lambda value: ascii(value)[:20])
def test_a_dangerous_name_is_refused_with_its_reason(name, reason):
    with pytest.raises(PydanticCustomError, match=reason):
        check_filename(name)


@pytest.mark.parametrize("name", KEPT)
def test_an_odd_name_is_kept(name):
    assert check_filename(f" {name} ") == name


def test_one_name_in_two_encodings_is_one_name():
    assert check_filename("Gro\u0308ße.csv") == "Größe.csv"


@pytest.mark.parametrize("name", ["../a.csv", "a\x00.csv", "x" * 300, "a\u202e.csv", "aux", ""])
def test_upload_and_rename_refuse_it_too(run, gate, name):
    async def body(world):
        project_id = await world.project()
        place = await world.begin(project_id, b"a\n")
        before = await world.file(place["file_id"])
        wanted = {"filename": name, "size": 1}
        url = f"/projects/{project_id}/files/upload-url"
        error = await world.refused(ErrorCode.INVALID_REQUEST, "POST", url, wanted)
        assert error.detail["fields"][0]["field"] == "filename"
        assert "Value error" not in error.message
        path = f"/files/{place['file_id']}/rename"
        await world.refused(ErrorCode.INVALID_REQUEST, "PUT", path, {"filename": name})
        assert await world.file(place["file_id"]) == before
        assert len((await world.call("GET", f"/projects/{project_id}/files")).json["items"]) == 1

    run(body)


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("sales.csv", "attachment; filename=\"sales.csv\"; filename*=UTF-8''sales.csv"),
        (
            'a"b\\ü%41.csv',
            "attachment; filename=\"a_b____41.csv\"; filename*=UTF-8''a%22b%5C%C3%BC%2541.csv",
        ),
        ("a\r\nX: y", "attachment; filename=\"a__X: y\"; filename*=UTF-8''a%0D%0AX%3A%20y"),
    ],
)
def test_a_name_in_a_header(name, header):
    assert attachment(name) == header.replace("a_b____41", "a_b___41")


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1 kB"), (3_100_000_000, "3.1 GB")],
)
def test_bytes_in_words(number, words):
    assert byte_words(number) == words
