"""Which data an answer read, and what has changed since: in a real kernel of a real server."""

import json

import pytest

CSV = "region,amount\n" + "".join(f"{'ns'[i % 2]}{i % 5},{i}\n" for i in range(60))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("changing")


@pytest.fixture
def run(notebook):
    def run(code):
        result = notebook.run(code)
        assert result.status == "ok", result.error
        return result

    return run


@pytest.fixture
def upload(run, folder):
    def upload(name, content=CSV, options=""):
        path = folder / name
        path.write_text(content)
        return run(f"%leonidas upload {path} {options}")

    return upload


def messages(run):
    code = (
        "from leonidas_jupyter import connect\n"
        "import json\n"
        "_c = get_ipython().run_line_magic('leonidas', 'frames')._files()._client\n"
        "print(json.dumps(_c.call('GET', '/sessions/' + _leo.session_id + '/chat')))"
    )
    return json.loads(run(code).stdout.splitlines()[-1])["items"]


def history(run):
    return run("print(get_ipython().run_line_magic('leonidas', 'history'))").stdout


def exported(run, folder, form):
    path = folder / f"talk.{form}"
    run(f"%leonidas export {path}")
    return path.read_text()


@pytest.fixture
def asked(run, upload):
    """A question about a file of its own."""

    def asked(name):
        upload(name)
        frame = name.removesuffix(".csv")
        run(f"%leonidas ask --session new --model builtin what is the total amount in {frame}?")
        said = messages(run)[-1]
        assert "1770" in said["content"].replace(",", "")
        return said

    return asked


def test_an_answer_says_which_version_it_read(run, asked):
    said = asked("readings.csv")
    reads = [read for call in said["tool_calls"] for read in call["frames"] or ()]
    assert reads
    assert {(read["filename"], read["content_version"]) for read in reads} == {("readings.csv", 1)}
    assert all(len(read["frame_hash"]) == 64 for read in reads)
    assert said["changed"] == []
    assert "since" not in history(run)
    receipt = run("print(_leo.receipt())").stdout
    assert "read readings.csv (version 1)" in receipt


def test_other_content_is_said_wherever_the_answer_is_read(run, asked, upload, folder):
    asked("replaced.csv")
    upload("replaced.csv", CSV.replace(",1\n", ",100\n"), "--replace")
    change = messages(run)[-1]["changed"]
    assert [(each["change"], each["sentence"]) for each in change] == [
        ("content", "replaced.csv has changed since.")
    ]
    assert messages(run)[0]["changed"] == []
    assert "(replaced.csv has changed since.)" in history(run)
    markdown = exported(run, folder, "md")
    assert "*replaced.csv has changed since.*" in markdown
    assert "replaced.csv has changed since." in exported(run, folder, "ipynb")
    whole = json.loads(exported(run, folder, "json"))
    assert whole["messages"][-1]["changed"][0]["change"] == "content"
    # The frame keeps its name, and a new answer reads the new content.
    run("%leonidas ask --model builtin what is the total amount in replaced?")
    newest = messages(run)[-1]
    assert newest["changed"] == []
    assert {u["content_version"] for c in newest["tool_calls"] for u in c["frames"] or ()} == {2}


def test_the_same_content_under_another_dialect_is_said(run, asked):
    asked("redone.csv")
    run("%leonidas load redone --text-columns amount")
    (change,) = messages(run)[-1]["changed"]
    assert (change["change"], change["sentence"]) == (
        "dialect",
        "redone.csv is read in another way since.",
    )


def test_a_renamed_file_is_the_same_and_a_deleted_one_is_gone(run, asked):
    asked("passing.csv")
    file_id = messages(run)[-1]["tool_calls"][0]["frames"][0]["file_id"]
    run(f"_c.call('PUT', '/files/{file_id}/rename', body={{'filename': 'gone.csv'}})")
    assert messages(run)[-1]["changed"] == []
    run(f"_c.call('DELETE', '/files/{file_id}')")
    (change,) = messages(run)[-1]["changed"]
    assert (change["change"], change["sentence"]) == ("deleted", "passing.csv was deleted since.")


def test_a_profile_in_a_cell(run, upload):
    upload("regions.csv", "code,name\n" + "".join(f"r{i},Region {i}\n" for i in range(9)))
    upload("visits.csv", "region,n\n" + "".join(f"r{i % 9},{i}\n" for i in range(50)))
    run("frames = %leonidas frames")
    shown = run("frames.profile('visits')").outputs[0]
    assert "50 rows × 2 columns" in shown["text/plain"]
    assert "region = regions.code" in shown["text/plain"]
    assert "<svg" in shown["text/html"]
    assert "visits.csv" in run("%leonidas profile visits").outputs[0]["text/html"]
    refused = run("try:\n    frames.profile('nothing')\nexcept Exception as e: print(e)").stdout
    assert "There is no frame 'nothing'" in refused
