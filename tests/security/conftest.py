"""The server of tests/server, attacked."""

from tests.server.conftest import api, extension, jp_server_config, leonidas_settings, serve

__all__ = ["api", "extension", "jp_server_config", "leonidas_settings", "serve"]
