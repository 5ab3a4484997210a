"""Upload, read, load, list: magics in a kernel that a real Jupyter server started."""

import re
from dataclasses import replace

import pandas as pd
import pytest

from leonidas_jupyter import connect
from leonidas_jupyter.kernel import files as kernel_files
from leonidas_jupyter.kernel.errors import LeonidasError
from tests.kernel.jupyterserver import TOKEN


@pytest.fixture(scope="module")
def sales(tmp_path_factory):
    path = tmp_path_factory.mktemp("files") / "Sales 2024.csv"
    lines = [
        f"{['north', 'south', ''][i % 3]},{i * 1.5},2024-01-{i % 28 + 1:02d}" for i in range(90)
    ]
    path.write_text("region,amount,day\n" + "\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def uploaded(notebook, sales):
    result = notebook.run(f"%leonidas upload '{sales}'")
    assert result.status == "ok", result.error
    return result


def test_the_first_command_says_which_server(notebook, server):
    result = notebook.run("%leonidas status")
    html = result.outputs[0]["text/html"]
    assert f"this kernel&#x27;s server, {server.url}" in html
    assert "Demo" in html
    assert "builtin" in html


def test_the_demo_files_become_ready(notebook):
    frames = notebook.run("%leonidas frames").text
    assert "penguins (344 × 8)" in frames
    assert "countries (177 × 6)" in frames


def test_upload_reads_the_file_and_says_its_frame(uploaded):
    assert uploaded.text == "Sales 2024.csv → sales_2024: 90 rows × 3 columns"


def test_the_same_content_is_not_sent_again(notebook, sales, uploaded):
    assert notebook.run(f"%leonidas upload '{sales}'").text == uploaded.text
    assert notebook.run("%leonidas files").text.count("Sales 2024.csv") == 1


def test_an_upload_that_broke_off_is_sent_again(server, tmp_path, monkeypatch):
    path = tmp_path / "broken_off.csv"
    path.write_text("a\n1\n2\n")

    def refuse(*_):
        raise LeonidasError("The file store refused the transfer.")

    connection = connect(url=server.url, token=TOKEN)
    try:
        with monkeypatch.context() as broken:
            broken.setattr(kernel_files, "send", refuse)
            with pytest.raises(LeonidasError, match="refused the transfer"):
                connection.upload(path)
        file = connection.upload(path)
        assert (file.status, file.rows) == ("COMPLETED", 2)
        assert len(connection.frames["broken_off"]) == 2
    finally:
        connection.close()
    half = replace(file, status="UPLOADING")
    with pytest.raises(LeonidasError, match="upload it again"):
        kernel_files.ProjectFiles(None, file.project_id).wait(half, progress=False)


def test_other_content_needs_a_word(notebook, tmp_path, uploaded):
    path = tmp_path / "once.csv"
    path.write_text("a\n1\n")
    notebook.run(f"%leonidas upload {path}")
    path.write_text("a\n1\n2\n")
    refused = notebook.run(f"%leonidas upload {path}")
    assert refused.status == "error"
    assert "--replace" in refused.error["evalue"]
    assert "--name" in refused.error["evalue"]
    assert (
        notebook.run(f"%leonidas upload --replace {path}").text
        == "once.csv → once: 2 rows × 1 column"
    )
    both = notebook.run(f"%leonidas upload --name twice.csv {path}")
    assert both.text == "twice.csv → twice: 2 rows × 1 column"
    assert notebook.run("%leonidas load once\nprint(once.a.tolist())").stdout == "[1, 2]\n"


def test_several_files_by_a_pattern(notebook, tmp_path):
    for name in ("p1", "p2"):
        (tmp_path / f"{name}.csv").write_text("a,b\n1,2\n")
    assert notebook.run(f"%leonidas upload {tmp_path}/p*.csv").text == (
        "p1.csv → p1: 1 row × 2 columns\np2.csv → p2: 1 row × 2 columns"
    )


def test_load_gives_a_dataframe_of_its_name(notebook, sales, uploaded):
    said = notebook.run("%leonidas load sales_2024")
    assert said.text == "sales_2024: 90 rows × 3 columns"
    code = (
        "print(type(sales_2024).__module__, sales_2024.amount.sum(), sales_2024.day.dt.year.max())"
    )
    expected = pd.read_csv(sales)["amount"].sum()
    assert notebook.run(code).stdout.split()[1:] == [str(expected), "2024"]


def test_load_as_and_columns(notebook, uploaded):
    notebook.run("%leonidas load sales_2024 as df --columns day,amount")
    assert notebook.run("print(list(df.columns))").stdout == "['day', 'amount']\n"
    missing = notebook.run("%leonidas load sales_2024 as df --columns nothing")
    assert "has no column" in missing.error["evalue"]


def test_commands_assign_nothing_unasked(notebook, uploaded):
    before = notebook.run("print(sorted(k for k in globals() if not k.startswith('_')))").stdout
    notebook.run("%leonidas files\n%leonidas frames\n%leonidas projects\n%leonidas sessions")
    after = notebook.run("print(sorted(k for k in globals() if not k.startswith('_')))").stdout
    assert after == before


def test_an_unknown_frame_names_those_there_are(notebook, uploaded):
    result = notebook.run("%leonidas load salez")
    assert result.status == "error"
    assert re.search(r"no frame 'salez'.*there are: .*sales_2024", result.error["evalue"])
    assert "no frame" in notebook.run("_f = %leonidas frames\n_f['salez']").error["evalue"]


def test_a_file_that_is_not_there_is_said(notebook, tmp_path):
    result = notebook.run(f"%leonidas upload {tmp_path}/none.csv")
    assert result.error["evalue"].startswith("There is no file")
    assert "is a folder" in notebook.run(f"%leonidas upload {tmp_path}").error["evalue"]


def test_a_file_that_cannot_be_read_gives_the_servers_sentence(notebook, tmp_path):
    (tmp_path / "empty.csv").write_bytes(b"")
    result = notebook.run(f"%leonidas upload {tmp_path}/empty.csv")
    assert result.status == "error"
    assert result.error["evalue"].startswith("empty.csv: ")
    assert len(result.error["traceback"]) == 1


def test_projects_are_made_and_used(notebook):
    assert "Made project 'Field work'" in notebook.run("%leonidas new Field work").text
    assert notebook.run("%leonidas frames").text == "<Frames: none yet>"
    assert "%leonidas upload FILE.csv" in notebook.run("%leonidas files").text
    unknown = notebook.run("%leonidas use Nothing")
    assert "there are:" in unknown.error["evalue"]
    assert notebook.run("%leonidas use demo").text == "Working in project 'Demo'."


def test_listings_are_tables_in_the_themes_colours(notebook, uploaded):
    output = notebook.run("%leonidas files").outputs[0]
    assert "sales_2024" in output["text/plain"]
    assert "--jp-ui-font-color1" in output["text/html"]
    assert "<td" in output["text/html"]


def test_the_tab_knows_projects_and_frames(notebook, uploaded):
    notebook.run("import leonidas_jupyter.kernel.completion as _c; _c.LOOKUP_SECONDS = 60")
    assert "Demo" in notebook.complete("%leonidas use De")
    assert notebook.complete("%leonidas load sales_") == ["sales_2024"]
    assert "Demo" in notebook.complete("%%leonidas --project De")


def test_frames_are_a_mapping_of_copies(notebook, uploaded):
    code = (
        "_f = %leonidas frames\n"
        "_f.sales_2024.loc[0, 'amount'] = -1\n"
        "print(_f['sales_2024'].amount.min(), 'sales_2024' in _f, 'sales_2024' in dir(_f))"
    )
    assert notebook.run(code).stdout == "0.0 True True\n"
