"""``leonidas_jupyter.connect`` as a script uses it, against a real server."""

import pandas as pd
import pytest

import leonidas_jupyter
from leonidas_jupyter.kernel.client import Client
from leonidas_jupyter.kernel.errors import LeonidasError
from tests.kernel.jupyterserver import TOKEN


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("LEONIDAS_CACHE_DIR", str(tmp_path / "cache"))


def connect(server, project=None):
    return leonidas_jupyter.connect(project, url=server.url, token=TOKEN)


def test_from_a_file_to_a_frame_and_an_answer(server, tmp_path, capsys):
    table = pd.DataFrame(
        {
            "shop": ["a", "b", "a"],
            "sold": pd.array([3, None, 4], "Int64"),
            "open": [True, False, None],
        }
    )
    table.to_csv(tmp_path / "Shops.csv", index=False)
    with connect(server, "Demo") as leonidas:
        project = leonidas.new("Shops of test_connect")
        file = leonidas.upload(tmp_path / "Shops.csv", progress=False)
        assert (file.frame_name, file.rows, file.columns) == ("shops", 3, 3)
        frame = leonidas.load("shops")
        assert [str(kind) for kind in frame.dtypes][1:] == ["Int64", "boolean"]
        assert leonidas.load("Shops.csv", ["sold"]).columns.tolist() == ["sold"]
        assert list(leonidas.frames) == ["shops"]
        assert leonidas.frames.shops.equals(frame)
        answer = leonidas.ask("total sold by shop")
        assert dict(answer.frame.iloc[:, :2].to_numpy().tolist())["a"] == 7
        assert [message.role for message in leonidas.history()] == ["USER", "ASSISTANT"]
        assert len(leonidas.sessions()) == 1
        assert leonidas.use(project.project_id).name == project.name
        assert leonidas.current_session is None
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"Leonidas: working in project 'Demo' on the server at {server.url}\n"


def test_the_environment_names_a_project(server, monkeypatch):
    monkeypatch.setenv("LEONIDAS_PROJECT", "demo")
    with connect(server) as leonidas:
        assert leonidas.project.name == "Demo"
    monkeypatch.setenv("LEONIDAS_PROJECT", "Nothing")
    with pytest.raises(LeonidasError, match="There is no project 'Nothing'; there are:"):
        connect(server)


def test_of_two_projects_with_one_name_the_id_decides(server):
    with connect(server, "Demo") as leonidas:
        first, second = leonidas.new("Twins"), leonidas.new("Twins")
        with pytest.raises(LeonidasError, match=f"name one by id: .*{first.project_id}"):
            leonidas.use("Twins")
        assert leonidas.use(second.project_id).project_id == second.project_id


def test_a_wrong_token_is_one_sentence(server):
    with pytest.raises(LeonidasError) as caught:
        leonidas_jupyter.connect(url=server.url, token="wrong")
    assert caught.value.status in {401, 403}
    assert "\n" not in str(caught.value), str(caught.value)


def test_closing_gives_the_token_back(server, monkeypatch):
    connection = connect(server, "Demo")
    token = connection._client._tokens.access()
    connection.close()
    endpoint = connection._client.endpoint
    again = Client(endpoint)
    again._tokens._access = token
    monkeypatch.setattr(again._tokens, "renew", lambda refused: refused)
    with pytest.raises(LeonidasError) as caught:
        again.call("GET", "/projects")
    assert caught.value.code in {"unauthenticated", "token_expired"}
    again.transport.close()
