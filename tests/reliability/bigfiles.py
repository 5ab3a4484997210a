"""Files at the edge of what can be read: how they are made, sent, followed and measured."""

import itertools
import json
import os
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from http.client import HTTPConnection

import psutil
import websocket

from tests.reliability.rig import BASE, TOKEN, Answer

MIB = 2**20
WORKER = "leonidas_jupyter.data.worker"

# How they are made


def made_by_query(path, query):
    """A CSV of what DuckDB selects, which it writes faster than anybody."""
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(f"COPY ({query}) TO '{path}' (HEADER)")
    return path


def long_table(path, rows):
    """Five columns: a whole number, one with a fraction, a word, a date and a text with gaps."""
    return made_by_query(
        path,
        f"""SELECT i AS id, (i * 7919 % 100003) / 100 AS amount,
        ['north', 'south', 'east', 'west'][i % 4 + 1] AS region,
        DATE '2020-01-01' + (i % 1500)::INTEGER AS day,
        CASE WHEN i % 10 > 0 THEN 'customer ' || (i * 31 % 50021) END AS customer
        FROM range({rows}) t(i)""",  # noqa: S608 - a number
    )


def ten_columns(path, rows):
    """About 100 bytes a row."""
    return made_by_query(
        path,
        f"""SELECT i AS id, (i * 7919 % 1000003) / 1000 AS amount, i * 31 % 977 AS shop,
        ['north', 'south', 'east', 'west'][i % 4 + 1] AS region,
        DATE '2015-01-01' + (i % 3650)::INTEGER AS day,
        TIMESTAMP '2024-01-01' + to_seconds(i % 30000000) AS moment,
        'customer ' || (i * 31 % 500009) AS customer, i % 3 = 0 AS paid,
        CASE WHEN i % 9 > 0 THEN (i * 13 % 10007) / 4 END AS discount,
        'note of ' || (i * 17 % 100019) || ', with a comma' AS note
        FROM range({rows}) t(i)""",  # noqa: S608 - a number
    )


def wide_table(path, rows, columns):
    """Columns of numbers, words, dates and gaps."""
    words = ("alpha", "beta", "gamma delta", "eps")

    def cell(row, column):
        return (
            str(row * 7 + column),
            f"{(row * 37 + column) % 1000 / 8}",
            words[(row + column) % 4],
            f"2024-{row % 12 + 1:02}-{column % 28 + 1:02}",
            str(row) if (row + column) % 5 else "",
        )[column % 5]

    with path.open("w") as file:
        file.write(",".join(f"col_{column}" for column in range(columns)) + "\n")
        for row in range(rows):
            file.write(",".join(cell(row, column) for column in range(columns)) + "\n")
    return path


def repeated(path, before, piece, size, after):
    """A text with about so many bytes of one piece in its middle."""
    many = piece * (MIB // len(piece) + 1)
    with path.open("w") as file:
        file.write(before)
        for _ in range(max(1, size // len(many))):
            file.write(many)
        file.write(after)
    return path


# How they are sent and followed


def send(server, project_id, path):
    """Upload a file over HTTP, piece by piece, and confirm it; its id."""
    wanted = {"filename": path.name, "size": path.stat().st_size}
    place = server.good("POST", f"/projects/{project_id}/files/upload-url", wanted)
    headers = {"Authorization": f"token {TOKEN}", **place["headers"]}
    headers["Content-Length"] = str(wanted["size"])
    connection = HTTPConnection("127.0.0.1", server.port, timeout=600)
    with closing(connection), path.open("rb") as content:
        connection.request("PUT", place["upload_url"], content, headers)
        answer = connection.getresponse()
        got = Answer(answer.status, dict(answer.getheaders()), answer.read())
    assert got.status == 204, got.body
    server.good("POST", f"/files/{place['file_id']}/confirm", {}, timeout=600)
    return place["file_id"]


class Progress(threading.Thread):
    """Listens to a project's WebSocket: when which progress of which file was said."""

    def __init__(self, server, project_id):
        super().__init__(daemon=True)
        self.said = []
        self._socket = websocket.create_connection(
            f"ws://127.0.0.1:{server.port}{BASE}/projects/{project_id}/events",
            header=[f"Authorization: token {TOKEN}"],
            timeout=600,
        )
        assert json.loads(self._socket.recv())["event"] == "ready"
        self.start()

    def run(self):
        while True:
            try:
                event = json.loads(self._socket.recv())
            except (OSError, ValueError, websocket.WebSocketException):
                return
            if event["event"] == "file_progress":
                self.said.append((time.monotonic(), event["file_id"], event["progress"]))

    def of(self, file_id):
        """How far reading a file was said to have come."""
        return [part for _, its, part in self.said if its == file_id]

    def longest_silence(self, file_id):
        """The longest time between two words on a file, in seconds."""
        moments = [moment for moment, its, _ in self.said if its == file_id]
        return max((b - a for a, b in itertools.pairwise(moments)), default=0.0)

    def close(self):
        self._socket.close()


@contextmanager
def followed(server, project_id):
    progress = Progress(server, project_id)
    try:
        yield progress
    finally:
        progress.close()


# How they are measured


class Memory(threading.Thread):
    """The most memory that the processes of a server that read files had above the base."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self._server = server
        self._over = threading.Event()
        self.peak = 0
        self.start()

    def run(self):
        while not self._over.wait(0.1):
            for worker in self._server.workers():
                if WORKER in _command(worker):
                    self.peak = max(self.peak, _highest(worker.pid))

    def above_base(self):
        """In bytes; the base is a worker that has not been given anything to do."""
        self._over.set()
        self.join()
        return max(0, self.peak - _idle_worker())


def _command(process):
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def _highest(pid):
    """The most memory that a process has had so far."""
    try:
        with open(f"/proc/{pid}/status") as status:
            lines = [line for line in status if line.startswith("VmHWM")]
    except OSError:
        return 0
    return int(lines[0].split()[1]) * 1024 if lines else 0


def _idle_worker():
    process = subprocess.Popen([sys.executable, "-m", WORKER], stdin=subprocess.PIPE)
    try:
        before = -1
        while (now := _highest(process.pid)) != before or not now:
            before = now
            time.sleep(1)
        return now
    finally:
        process.kill()
        process.wait()
        process.stdin.close()


def seconds_of_duckdb(path):
    """How long DuckDB takes to copy a CSV to Parquet and to summarise it, in seconds."""
    target = path.with_suffix(".duckdb.parquet")
    program = f"""
import duckdb, time
began = time.monotonic()
connection = duckdb.connect(config={{"temp_directory": {str(path.parent / "spill")!r}}})
connection.execute("SET enable_progress_bar = false")
connection.execute("COPY (FROM read_csv('{path}')) TO '{target}' (FORMAT parquet)")
connection.execute("SUMMARIZE FROM read_parquet('{target}')").fetchall()
print(time.monotonic() - began)
"""
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=os.environ
    )
    target.unlink()
    return float(found.stdout.split()[-1])


def say(what, **figures):
    """Write figures to where they are read."""
    listed = ", ".join(f"{name} {value}" for name, value in figures.items())
    sys.stdout.write(f"{what}: {listed}\n")
