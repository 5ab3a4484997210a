"""TLS with a company's own certificates, and its proxy: each connection trusts what it is told."""

import asyncio
import http.server
import os
import shutil
import socket
import ssl
import subprocess
import threading
from functools import partial

import pytest
from traitlets.config import Config

from leonidas_jupyter.assistant.models.providers import ProviderSettings
from leonidas_jupyter.core import aws
from leonidas_jupyter.core.config import load_settings
from leonidas_jupyter.kernel.errors import LeonidasError
from leonidas_jupyter.kernel.http import Transport
from leonidas_jupyter.kernel.network import CA_VARIABLES
from leonidas_jupyter.server.doctor import _finding
from leonidas_jupyter.server.engine_looks import look_at_database
from leonidas_jupyter.server.engines import open_store
from leonidas_jupyter.storage.base import StoreUnavailable
from leonidas_jupyter.storage.signing import UrlSigner

SIGNER = UrlSigner(b"k" * 32, "")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate of nobody known, for 127.0.0.1 and files.example.org, and its key."""
    if shutil.which("openssl") is None:
        missing = "There is no openssl here; install it: apt-get install openssl"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=leonidas-tests", "-keyout", "key.pem", "-out", "ca.pem"),
            *("-addext", "subjectAltName=IP:127.0.0.1,DNS:files.example.org"),
        ],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return folder / "ca.pem", folder / "key.pem"


@pytest.fixture
def asked():
    return []


@pytest.fixture
def server(certificate, asked):
    """An HTTPS server that answers everything with nothing."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            asked.append(f"{self.command} {self.path.partition('?')[0]}")
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_GET

        def log_message(self, *_):
            """Say nothing."""

    class Quiet(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_):
            """Who does not trust the certificate hangs up."""

    made = Quiet(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    made.socket = context.wrap_socket(made.socket, server_side=True)
    threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True).start()
    yield made.server_port
    made.shutdown()
    made.server_close()


@pytest.fixture(autouse=True)
def _bare(monkeypatch):
    """Nothing of this machine's network settings; keys that open nothing."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name in {*CA_VARIABLES, "SSL_CERT_FILE"}:
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")


class TestKernels:
    @pytest.mark.parametrize("variable", [*CA_VARIABLES, "SSL_CERT_FILE"])
    def test_they_trust_what_the_environment_names(
        self, server, certificate, monkeypatch, variable
    ):
        origin = f"https://127.0.0.1:{server}"
        with pytest.raises(LeonidasError, match=r"certificate that is not trusted here.*CA_BUNDLE"):
            Transport(origin).request("GET", "/x")
        from leonidas_jupyter.kernel import network

        network._context.cache_clear()
        monkeypatch.setenv(variable, str(certificate[0]))
        transport = Transport(origin)
        assert transport.request("GET", "/x").status == 200
        transport.close()
        network._context.cache_clear()

    def test_a_file_that_cannot_be_read_is_named(self, monkeypatch, tmp_path):
        monkeypatch.setenv("LEONIDAS_CA_BUNDLE", str(tmp_path / "none.pem"))
        with pytest.raises(
            LeonidasError, match="certificates in LEONIDAS_CA_BUNDLE cannot be read"
        ):
            Transport("https://127.0.0.1:9").request("GET", "/x")


class TestProxies:
    @pytest.fixture
    def proxy(self, server):
        """A proxy that connects to ``server`` whatever it is asked for; what that was."""
        asked = []
        listener = socket.create_server(("127.0.0.1", 0))

        def pipe(source, target):
            with source, target:
                while chunk := source.recv(65536):
                    target.sendall(chunk)

        def serve(client):
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(65536)
            asked.append(head.decode())
            if not head.startswith(b"CONNECT"):
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                client.close()
                return
            upstream = socket.create_connection(("127.0.0.1", server))
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            threading.Thread(target=pipe, args=(upstream, client), daemon=True).start()
            pipe(client, upstream)

        def accept():
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=(client,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}", asked
        listener.close()

    def test_plain_requests_go_by_way_of_it(self, proxy, monkeypatch):
        address, asked = proxy
        monkeypatch.setenv("http_proxy", f"http://ann:se%20cret@{address}")
        transport = Transport("http://files.example.org")
        assert transport.request("GET", "/a?b=c").status == 200
        transport.close()
        [head] = asked
        assert head.startswith("GET http://files.example.org/a?b=c HTTP/1.1\r\n")
        assert "Proxy-Authorization: Basic YW5uOnNlIGNyZXQ=" in head

    def test_secure_ones_go_through_a_tunnel(self, proxy, monkeypatch, certificate):
        address, asked = proxy
        monkeypatch.setenv("HTTPS_PROXY", address)
        monkeypatch.setenv("LEONIDAS_CA_BUNDLE", str(certificate[0]))
        transport = Transport("https://files.example.org")
        assert transport.request("GET", "/a").status == 200
        transport.close()
        [head] = asked
        assert head.startswith("CONNECT files.example.org:443 HTTP/1.")

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "excluded.example.org"])
    def test_this_machine_and_no_proxy_are_reached_without(self, proxy, monkeypatch, host):
        address, asked = proxy
        monkeypatch.setenv("http_proxy", f"http://{address}")
        monkeypatch.setenv("no_proxy", "excluded.example.org")
        with pytest.raises(LeonidasError, match="No server answers"):
            Transport(f"http://{host}:9").request("GET", "/a")
        assert asked == []

    def test_what_is_no_proxy_is_said(self, monkeypatch):
        monkeypatch.setenv("https_proxy", "socks5://127.0.0.1:1")
        with pytest.raises(LeonidasError, match="HTTPS_PROXY names no proxy"):
            Transport("https://files.example.org")


def test_buckets(server, certificate, asked, monkeypatch):
    monkeypatch.setattr(aws, "ATTEMPTS", 1)
    url = f"s3://bucket?region=eu-central-1&addressing=path&endpoint_url=https://127.0.0.1:{server}"

    async def ping(ca_bundle):
        store = open_store(url, SIGNER, ca_bundle=ca_bundle)
        try:
            await store.ping()
        finally:
            await store.close()

    with pytest.raises(StoreUnavailable, match="not trusted here; set ca_bundle"):
        asyncio.run(ping(""))
    assert asked == []
    asyncio.run(ping(str(certificate[0])))
    assert asked == ["GET /bucket"]


def test_the_doctor_at_the_database(server, certificate, asked, monkeypatch, tmp_path):
    monkeypatch.setattr(aws, "ATTEMPTS", 1)
    url = f"dynamodb://eu-central-1/leonidas?endpoint_url=https://127.0.0.1:{server}"

    def look(ca_bundle):
        config = {"database_url": url, "data_dir": str(tmp_path), "ca_bundle": ca_bundle}
        settings = load_settings(Config({"Leonidas": config}), {})
        found = asyncio.run(_finding("database", partial(look_at_database, settings)))
        assert found.verdict == "failed"  # what the server says is nothing of DynamoDB's
        return found.seen

    assert "not trusted here; set ca_bundle" in look("")
    assert asked == []
    assert "not trusted" not in look(str(certificate[0]))
    assert set(asked) == {"POST /"}


def test_models_that_speak_as_openai_does(server, certificate, asked):
    from openai import APIConnectionError

    from leonidas_jupyter.assistant.models.compatible import _client

    async def ask(ca_bundle):
        client = _client(f"https://127.0.0.1:{server}", "k", ProviderSettings(ca_bundle=ca_bundle))
        try:
            await client.models.with_raw_response.list()
        finally:
            await client.close()

    with pytest.raises(APIConnectionError):
        asyncio.run(ask(None))
    assert asked == []
    asyncio.run(ask(str(certificate[0])))
    assert asked == ["GET /models"]


def test_models_on_bedrock(server, certificate, asked):
    from botocore.exceptions import SSLError

    from leonidas_jupyter.assistant.models.bedrock import aws_session, runtime_client

    def ask(ca_bundle):
        settings = ProviderSettings(
            region="eu-central-1", endpoint_url=f"https://127.0.0.1:{server}", ca_bundle=ca_bundle
        )
        client = runtime_client(aws_session(settings), settings)
        try:
            client.converse(modelId="m", messages=[{"role": "user", "content": [{"text": "x"}]}])
        finally:
            client.close()

    with pytest.raises(SSLError):
        ask(None)
    assert asked == []
    ask(str(certificate[0]))
    assert asked == ["POST /model/m/converse"]
