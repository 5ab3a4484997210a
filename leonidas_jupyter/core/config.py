"""The settings: ``c.Leonidas.x`` in Jupyter's configuration, ``--Leonidas.x=``, or ``LEONIDAS_X``.

The command line goes before the configuration file, and that before the environment.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from traitlets import Bool, Enum, Integer, List, TraitError, TraitType, Unicode, validate
from traitlets.config import Config

from leonidas_jupyter.core.databasesettings import DatabaseSettings
from leonidas_jupyter.core.modelsettings import ModelSettings
from leonidas_jupyter.core.networksettings import NetworkSettings
from leonidas_jupyter.core.policysettings import HUB_EXPOSURE, PolicySettings, inside_hub
from leonidas_jupyter.core.rates import parse_rate
from leonidas_jupyter.core.s3place import parse_s3
from leonidas_jupyter.core.sqlsettings import SqlSettings
from leonidas_jupyter.core.urls import check_path

PREFIX = "LEONIDAS_"
CLIENT_VARIABLES = frozenset(
    {"URL", "TOKEN", "KERNEL_SECRET", "PROJECT", "CACHE_DIR", "CACHE_BYTES", "LOAD_BYTES"}
)
"""``LEONIDAS_`` variables that clients read: a server started from a notebook inherits them."""

STORES = ("file", "memory", "s3")

MINIMUM_KEY = 32
"""The fewest characters of a signing key (256 bits; RFC 7518, section 3.2, for HS256)."""


class SettingsError(Exception):
    """A setting is wrong; the message says which one, why, and what to do."""


class Leonidas(DatabaseSettings, ModelSettings, NetworkSettings, PolicySettings, SqlSettings):
    """Settings of the Leonidas server extension.

    Attributes:
        given: the names of those that somebody set.
    """

    given: frozenset[str] = frozenset()

    storage_url = Unicode(
        help="Where the bytes of files are kept: file:///DIRECTORY, s3://BUCKET/PREFIX?region=… "
        "(also endpoint_url, profile, role_arn, addressing, sse, kms_key_id, public_endpoint_url), "
        "or memory:// for tests. Default: a directory in data_dir.",
    ).tag(config=True, secret=True)
    data_dir = Unicode(
        help="The directory for what belongs to this installation. Default: leonidas in Jupyter's "
        "data directory. Servers on one database share data_dir, or else signing_keys.",
    ).tag(config=True)
    auth = Enum(
        ("auto", "password"),
        "auto",
        help="auto: whom Jupyter names is the user; password: Leonidas's own accounts only.",
    ).tag(config=True)
    signing_keys = List(
        Unicode(),
        help="Secrets that sign tokens, each of 32 characters or more: the first signs, all "
        "verify. Default: one is made and kept in data_dir. In the environment, separated by "
        "commas.",
    ).tag(config=True, secret=True)
    access_token_seconds = Integer(900, min=10, help="How long an access token is good.").tag(
        config=True
    )
    refresh_token_seconds = Integer(
        30 * 86400, min=60, help="How long a refresh token is good if it is not used."
    ).tag(config=True)
    trace_content = Bool(
        False,
        help="Whether OpenTelemetry spans hold what people ask, what models answer and what tools "
        "return. Such spans leave at the exposure of whoever receives them.",
    ).tag(config=True)
    demo_project = Bool(True, help="Whether a new user's first project holds demo files.").tag(
        config=True
    )
    max_upload_bytes = Integer(2 * 1024**3, min=1, help="The largest file, in bytes.").tag(
        config=True
    )
    login_rate = Unicode(
        "10/minute", help="Sign-ins and registrations per address, and failures per e-mail."
    ).tag(config=True)
    chat_rate = Unicode("60/minute", help="Messages per user.").tag(config=True)
    upload_rate = Unicode("120/minute", help="Uploads that a user may begin.").tag(config=True)
    query_rate = Unicode("300/minute", help="SQL queries that a user sends of their own.").tag(
        config=True
    )
    ingest_memory_bytes = Integer(
        1024**3, min=64 * 1024**2, help="Memory for reading one file, in bytes."
    ).tag(config=True)
    ingest_timeout_seconds = Integer(3600, min=1, help="Time for reading one file.").tag(
        config=True
    )
    python_memory_bytes = Integer(
        4 * 1024**3,
        min=256 * 1024**2,
        help="Memory for the Python of one session, in bytes (Linux).",
    ).tag(config=True)
    python_timeout_seconds = Integer(300, min=1, help="Time for one run of Python.").tag(
        config=True
    )
    python_idle_seconds = Integer(
        3600, min=10, help="When a session's Python that does nothing is ended, in seconds."
    ).tag(config=True)
    saved_bytes_per_project = Integer(
        1024**3,
        min=0,
        help="What results saved by DS Bro and notebooks may take in one project, in bytes.",
    ).tag(config=True)
    frame_cache_bytes = Integer(
        2 * 1024**3, min=0, help="Disk for local copies of frames, in bytes."
    ).tag(config=True)
    log_format = Enum(
        ("text", "json"), "text", help="text, or json for one JSON object per log line."
    ).tag(config=True)

    @validate("login_rate", "chat_rate", "upload_rate", "query_rate")
    def _check_rate(self, proposal: Any) -> str:  # noqa: ANN401 - traitlets' Bunch is not typed
        try:
            parse_rate(proposal["value"])
        except ValueError as error:
            raise TraitError(str(error)) from error
        return str(proposal["value"])

    @validate("storage_url")
    def _check_storage(self, proposal: Any) -> str:  # noqa: ANN401 - see above
        url = str(proposal["value"])
        try:
            if url.startswith("s3:"):
                parse_s3(url)
            elif url:
                check_path(url, STORES, "file:///DIRECTORY")
        except ValueError as error:
            raise TraitError(str(error)) from error
        return url

    @validate("signing_keys")
    def _check_keys(self, proposal: Any) -> list[str]:  # noqa: ANN401 - see above
        keys = list(proposal["value"])
        if any(len(key) < MINIMUM_KEY for key in keys):
            raise TraitError(f"each key needs {MINIMUM_KEY} characters or more")
        return keys

    @property
    def directory(self) -> Path:
        """``data_dir``, or its default."""
        if self.data_dir:
            return Path(self.data_dir).expanduser().absolute()
        from jupyter_core.paths import jupyter_data_dir

        return Path(jupyter_data_dir()) / "leonidas"

    @property
    def database(self) -> str:
        """``database_url``, or its default."""
        return self.database_url or f"sqlite:///{self.directory / 'leonidas.db'}"

    @property
    def storage(self) -> str:
        """``storage_url``, or its default."""
        return self.storage_url or (self.directory / "objects").as_uri()

    @property
    def lasting(self) -> bool:
        """Whether anything outlives this process."""
        return not self.database.startswith("memory:")


def load_settings(config: Config, environment: Mapping[str, str]) -> Leonidas:
    """The settings in Jupyter's configuration and in ``LEONIDAS_*`` variables, checked.

    Raises:
        SettingsError: a name is unknown, a value does not fit, or ``data_dir`` cannot be written.
    """
    section = config.get("Leonidas", Config())
    known = Leonidas.class_traits(config=True)
    for name in section:
        if name not in known:
            raise SettingsError(f"c.Leonidas.{name} is not a setting; take it out or correct it.")
    settings = _configured(config, known)
    variables = _variables(environment, known)
    for name, text in variables.items():
        if name not in section:
            _assign(settings, known[name], name, text)
    settings.given = frozenset({*section, *variables})
    if "data_exposure_max" not in settings.given and inside_hub(environment):
        settings.data_exposure_max = HUB_EXPOSURE
    if "allowed_models" not in settings.given:
        settings.allow_default()
    elif not settings.model_is_allowed:
        raise SettingsError(
            f"c.Leonidas.model is {settings.model!r}, which c.Leonidas.allowed_models does not "
            "hold; add it there or choose another."
        )
    _prepare_directory(settings.directory)
    return settings


def _configured(config: Config, known: Mapping[str, TraitType[Any, Any]]) -> Leonidas:
    settings = Leonidas()
    for name, value in config.get("Leonidas", Config()).items():
        try:
            settings.update_config(Config({"Leonidas": {name: value}}))
        except (TraitError, ValueError) as error:
            raise _wrong(f"c.Leonidas.{name}", known[name], error) from error
    return settings


def _variables(
    environment: Mapping[str, str], known: Mapping[str, TraitType[Any, Any]]
) -> dict[str, str]:
    found: dict[str, str] = {}
    for variable, value in environment.items():
        if not variable.startswith(PREFIX) or variable[len(PREFIX) :] in CLIENT_VARIABLES:
            continue
        name = variable[len(PREFIX) :].lower()
        secret = name.removesuffix("_file")
        if name in known:
            found[name] = value
        elif secret != name and secret in known and known[secret].metadata.get("secret"):
            found.setdefault(secret, _contents(variable, value))
        else:
            raise SettingsError(f"{variable} is not a setting; unset it or correct its name.")
    return found


def _contents(variable: str, path: str) -> str:
    try:
        return Path(path).expanduser().read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"The file that {variable} names cannot be read; correct the path or its permissions."
        ) from error


def _assign(settings: Leonidas, trait: TraitType[Any, Any], name: str, text: str) -> None:
    try:
        if isinstance(trait, List):
            parts = re.split(r"[,\n]", text)
            setattr(settings, name, [part.strip() for part in parts if part.strip()])
        else:
            setattr(settings, name, trait.from_string(text))
    except (TraitError, ValueError) as error:
        raise _wrong(PREFIX + name.upper(), trait, error) from error


def _wrong(source: str, trait: TraitType[Any, Any], error: Exception) -> SettingsError:
    reason = str(error)
    # What traitlets itself says holds the value, which must not be shown where it is a secret.
    if trait.metadata.get("secret") and (" trait " in reason or not isinstance(error, TraitError)):
        reason = "its value does not fit"
    return SettingsError(f"{source}: {reason.rstrip('.')}.")


def _prepare_directory(directory: Path) -> None:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"data_dir {directory} cannot be made ({error.strerror}); set c.Leonidas.data_dir to a "
            "directory that can be written."
        ) from error
    if not os.access(directory, os.W_OK | os.X_OK):
        raise SettingsError(
            f"data_dir {directory} cannot be written; correct its permissions, or set "
            "c.Leonidas.data_dir to another directory."
        )
