"""The settings of the way to stores and providers: direct or not, and whom to trust on it."""

from pathlib import Path
from typing import Any

from traitlets import Enum, TraitError, Unicode, validate
from traitlets.config import LoggingConfigurable


class NetworkSettings(LoggingConfigurable):
    """The part of the settings that is about the way to stores and providers."""

    transfer = Enum(
        ("direct", "proxy"),
        "direct",
        help="Where browsers and notebooks send and get the bytes of files that are in S3: direct, "
        "by signed URLs of the bucket, which then needs a CORS rule for browsers; or proxy, by way "
        "of this server, where they cannot reach the bucket.",
    ).tag(config=True)
    ca_bundle = Unicode(
        help="A file of certificates (PEM) to trust in every connection that the server makes, to "
        "AWS, OpenAI and servers that speak as it does, and that notebooks make to it and to the "
        "bucket. Default: AWS_CA_BUNDLE and, for models, SSL_CERT_FILE, which other providers' "
        "libraries read always. Proxies come from HTTPS_PROXY and NO_PROXY.",
    ).tag(config=True)

    @validate("ca_bundle")
    def _check_ca_bundle(self, proposal: Any) -> str:  # noqa: ANN401 - traitlets' Bunch is not typed
        if not proposal["value"]:
            return ""
        path = Path(str(proposal["value"])).expanduser().absolute()
        check_certificates(path)
        return str(path)


def check_certificates(path: Path) -> None:
    """See that a file holds certificates. Raises TraitError."""
    import ssl

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except (OSError, ssl.SSLError) as error:
        raise TraitError(
            "not a file of certificates in PEM that can be read; correct the path"
        ) from error
