"""``jupyter leonidas tables``, as an administrator runs it in a terminal."""

import sqlite3

from tests.cli.installation import fill, rows, run, run_json


def test_tables_are_made_checked_and_dropped(tmp_path) -> None:
    code, found = run_json(tmp_path, "tables", "check")
    assert (code, found["problems"]) == (1, ["There is no database yet."])
    assert not (tmp_path / "data" / "leonidas" / "leonidas.db").exists()
    code, found = run_json(tmp_path, "tables", "create")
    assert (code, found["problems"]) == (0, [])
    code, found = run_json(tmp_path, "tables", "check")
    assert (code, found["problems"], found["engine"]) == (0, [], "sqlite")
    assert found["revision"].isdigit()
    code, said, _ = run(tmp_path, "tables", "check")
    assert (code, found["revision"] in said) == (0, True)


def test_what_is_missing_is_said(tmp_path) -> None:
    folder = tmp_path / "data" / "leonidas"
    fill(folder, messages=1, files=0)
    file = sqlite3.connect(folder / "leonidas.db")
    file.execute("DROP TABLE usage")
    file.execute("ALTER TABLE users DROP COLUMN password_hash")
    file.close()
    code, found = run_json(tmp_path, "tables", "check")
    assert code == 1
    assert found["problems"] == [
        "The table usage is missing.",
        "The table users lacks password_hash.",
    ]


def test_nothing_is_dropped_before_it_was_said_what_and_agreed(tmp_path) -> None:
    folder = tmp_path / "data" / "leonidas"
    fill(folder, messages=7, files=1)
    before = rows(folder)
    code, _, errors = run(tmp_path, "tables", "drop")
    assert code == 2
    assert "1 users" in errors
    assert "7 messages" in errors
    assert "--yes" in errors
    assert rows(folder) == before
    code, found = run_json(tmp_path, "tables", "drop", "--yes")
    assert (code, found["removed"]["messages"]) == (0, 7)
    assert rows(folder) == {}


def test_a_command_without_a_verb_says_which_there_are(tmp_path) -> None:
    code, said, _ = run(tmp_path, "tables")
    assert code == 2
    assert "create" in said


def test_a_wrong_setting_is_one_sentence(tmp_path) -> None:
    code, _, errors = run(tmp_path, "tables", "check", "--database=nosuch://x")
    assert code == 1
    assert errors.startswith("c.Leonidas.database_url: not a URL that is known here")
    code, _, errors = run(tmp_path, "tables", "check", LEONIDAS_MODLE="x")
    assert (code, "LEONIDAS_MODLE is not a setting" in errors) == (1, True)
