"""``jupyter leonidas doctor``, as an administrator runs it in a terminal."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stubs.openai_stub import BEHAVIOURS, OpenAIStub

DOCTOR = "from leonidas_jupyter.cli import main; main()"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home in which Jupyter loads the extension."""
    config = tmp_path / "config"
    config.mkdir()
    enabled = {"ServerApp": {"jpserver_extensions": {"leonidas_jupyter": True}}}
    (config / "jupyter_server_config.json").write_text(json.dumps(enabled))
    return tmp_path


def _doctor(home: Path, *arguments: str, **variables: str) -> tuple[int, dict[str, dict], str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("LEONIDAS_", "JUPYTER", "JPY_", "AWS_"))
    }
    folders = {
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_PREFER_ENV_PATH": "0",
    }
    ended = subprocess.run(
        [sys.executable, "-c", DOCTOR, "doctor", *arguments],
        env={**kept, **folders, **variables},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    shown = json.loads(ended.stdout) if "--json" in arguments else []
    return ended.returncode, {each["what"]: each for each in shown}, ended.stdout + ended.stderr


def test_where_everything_works_it_says_so(home) -> None:
    code, _, text = _doctor(home)
    assert code == 0, text
    assert text.rstrip().endswith("Everything works.")
    for what in ("database", "file storage", "SQL worker", "kernel", "server extension"):
        assert f"ok      {what}: " in text
    assert list((home / "data" / "leonidas" / "objects").rglob("doctor*/*")) == []


def test_each_fault_is_found_with_a_remedy_and_the_rest_is_looked_at(home) -> None:
    config = home / "config" / "jupyter_server_config.json"
    config.write_text(config.read_text().replace("true", "false"))
    broken = home / "broken"
    broken.mkdir()
    (broken / "pandas.py").write_text("raise ImportError('pandas is broken')")
    (home / "a-file").write_text("")
    code, found, text = _doctor(
        home,
        "--json",
        f"--Leonidas.database_url=sqlite:///{home}/a-file/leonidas.db",
        f"--Leonidas.storage_url=file://{home}/a-file/objects",
        PYTHONPATH=str(broken),
    )
    assert code == 1, text
    failed = {what for what, finding in found.items() if finding["verdict"] == "failed"}
    assert failed == {"server extension", "database", "file storage", "kernel"}
    assert all(found[what]["remedy"] for what in failed)
    assert "database_url" in found["database"]["remedy"]
    assert "Install pandas" in found["kernel"]["remedy"]
    assert found["SQL worker"]["verdict"] == "ok"


def test_a_wrong_setting_is_the_one_finding(home) -> None:
    code, found, _ = _doctor(home, "--json", LEONIDAS_MODLE="builtin")
    assert code == 1
    assert "LEONIDAS_MODLE is not a setting" in found["settings"]["seen"]
    assert "database" not in found


def test_settings_come_from_the_file_that_jupyter_server_reads(home) -> None:
    (home / "config" / "jupyter_server_config.py").write_text(
        f"c.Leonidas.data_dir = {str(home / 'elsewhere')!r}\n"
    )
    _, found, _ = _doctor(home, "--json")
    assert str(home / "elsewhere") in found["data directory"]["seen"]


def test_a_configuration_that_cannot_be_read_fails_and_is_named(home) -> None:
    code, found, _ = _doctor(home, "--json", f"--config={home / 'nowhere.py'}")
    assert (code, found["configuration"]["verdict"]) == (1, "failed")
    (home / "config" / "jupyter_server_config.py").write_text("c.Leonidas.model = 'builtin\n")
    code, _, text = _doctor(home)
    assert code == 1
    assert text.startswith("FAILED  configuration: a configuration file cannot be read: SyntaxErr")
    assert "Traceback" not in text


def test_a_kernel_that_does_not_start_is_one_finding_and_no_traceback(home) -> None:
    spec = home / "data" / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    argv = [str(home / "no-python"), "-f", "{connection_file}"]
    spec.write_text(json.dumps({"argv": argv, "display_name": "gone", "language": "python"}))
    code, _, text = _doctor(home)
    assert code == 1
    assert "FAILED  kernel: the kernel python3 does not start" in text
    assert "Traceback" not in text


def test_without_a_subcommand_it_says_which_there_are(home) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "from leonidas_jupyter.cli import main; main()"],
        env={**os.environ, "HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert "doctor" in ended.stdout


def test_each_model_is_asked_and_its_trouble_is_said_without_a_key(home) -> None:
    with OpenAIStub(("ok",)) as openai:
        code, found, text = _doctor(
            home,
            "--json",
            "--Leonidas.model=openai:m",
            f"--Leonidas.model_base_url={openai.base_url}",
            LEONIDAS_MODEL_API_KEY="sk-not-to-be-seen",
        )
        assert code == 0, text
        assert found["model builtin"]["verdict"] == "ok"
        assert found["model openai:m"]["seen"].startswith("it answered in ")
        openai.turns = [BEHAVIOURS["bad_key"][0]]
        openai.key = "sk-another"
        code, found, text = _doctor(
            home,
            "--json",
            "--Leonidas.model=openai:m",
            f"--Leonidas.model_base_url={openai.base_url}",
            LEONIDAS_MODEL_API_KEY="sk-not-to-be-seen",
        )
    assert code == 1
    assert found["model openai:m"]["verdict"] == "failed"
    assert "key" in found["model openai:m"]["seen"]
    assert "sk-not-to-be-seen" not in text
