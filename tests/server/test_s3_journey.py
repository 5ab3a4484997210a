"""A real server with its files in S3: a notebook uploads in parts, asks, loads; also by proxy."""

import os

import pytest

from leonidas_jupyter import connect
from leonidas_jupyter.kernel import files as kernel_files
from leonidas_jupyter.kernel import loading
from tests.kernel.jupyterserver import TOKEN, JupyterServer

ROWS = 1_200_000


@pytest.fixture
def source(tmp_path):
    """About 30 MB."""
    path = tmp_path / "readings.csv"
    with path.open("w") as file:
        file.write("station,reading,comment\n")
        file.writelines(f"{n % 997},{n * 0.25},measured {n}\n" for n in range(ROWS))
    assert path.stat().st_size > 30_000_000
    return path


@pytest.fixture
def start(tmp_path, s3_url):
    """Starts a server on the bucket; what is said to it goes to its settings."""
    started = []

    def start(**settings):
        aws = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
        home = tmp_path / "home"
        home.mkdir()
        server = JupyterServer(
            home,
            LEONIDAS_STORAGE_URL=s3_url,
            LEONIDAS_DEMO_PROJECT="false",
            **aws,
            **settings,
        )
        started.append(server)
        return server

    yield start
    for server in started:
        server.close()


@pytest.fixture
def seen(monkeypatch):
    """What goes which way: parts, whole uploads, downloads by their addresses."""
    seen = {"parts": [], "whole": [], "downloads": []}

    def watched(module, name, note):
        whole = getattr(module, name)

        def call(*args):
            note(*args)
            return whole(*args)

        monkeypatch.setattr(module, name, call)

    watched(kernel_files, "send_parts", lambda _path, parts, *_: seen["parts"].extend(parts))
    watched(kernel_files, "send", lambda _path, signed, *_: seen["whole"].append(signed))
    watched(loading, "receive_ranges", lambda _path, signed, *_: seen["downloads"].append(signed))
    return seen


def journey(server, source, monkeypatch, tmp_path):
    monkeypatch.setenv("LEONIDAS_CACHE_DIR", str(tmp_path / "cache"))
    connection = connect(url=server.url, token=TOKEN)
    try:
        file = connection.upload(source)
        answer = connection.ask("How many rows does readings have?")
        frame = connection.frames["readings"]
    finally:
        connection.close()
    assert "1,200,000" in answer.text
    assert len(frame) == ROWS
    assert frame["reading"].iloc[-1] == (ROWS - 1) * 0.25
    return file


def test_bytes_go_to_the_bucket_and_come_from_it(start, source, seen, monkeypatch, tmp_path):
    journey(start(), source, monkeypatch, tmp_path)
    assert [part.number for part in seen["parts"]] == [1, 2, 3, 4, 5]
    assert seen["whole"] == []
    assert all(signed.elsewhere for signed in seen["downloads"])
    assert len(seen["downloads"]) == 1


def test_by_proxy_the_server_is_all_that_is_reached(start, source, seen, monkeypatch, tmp_path):
    journey(start(LEONIDAS_TRANSFER="proxy"), source, monkeypatch, tmp_path)
    assert seen["parts"] == []
    assert not any(signed.elsewhere for signed in [*seen["whole"], *seen["downloads"]])
    assert len(seen["whole"]) == len(seen["downloads"]) == 1
