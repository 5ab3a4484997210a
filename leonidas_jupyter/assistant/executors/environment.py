"""The environment of a session's kernel: what Python needs, and no credential.

This keeps secrets out of what a kernel is given. It is no wall against code that runs as the same
operating-system user: that can read the user's files, and other processes' environments in
``/proc``. Who needs that wall runs the server side as another user (in a JupyterHub: as a service).
"""

import os
import re
from collections.abc import Iterable, Mapping
from typing import Any

_NAMES = """
    PATH HOME USER LOGNAME SHELL LANG LANGUAGE TZ TMPDIR TEMP TMP PWD TERM COLUMNS LINES
    PYTHONPATH PYTHONHOME PYTHONHASHSEED PYTHONUTF8 PYTHONIOENCODING PYTHONWARNINGS
    PYTHONDONTWRITEBYTECODE VIRTUAL_ENV
    LD_LIBRARY_PATH DYLD_LIBRARY_PATH DYLD_FALLBACK_LIBRARY_PATH LD_PRELOAD MALLOC_ARENA_MAX
    IPYTHONDIR JUPYTER_PATH JUPYTER_DATA_DIR MPLCONFIGDIR
    SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE CURL_CA_BUNDLE
    SYSTEMROOT SYSTEMDRIVE WINDIR COMSPEC PATHEXT APPDATA LOCALAPPDATA PROGRAMDATA USERPROFILE
    HOMEDRIVE HOMEPATH NUMBER_OF_PROCESSORS PROCESSOR_ARCHITECTURE
    JPY_PARENT_PID JPY_SESSION_NAME JPY_INTERRUPT_EVENT IPY_INTERRUPT_EVENT
    MPLBACKEND
"""
INHERITED = frozenset(_NAMES.split())
"""What a kernel inherits of the server's environment: where things are, never who one is."""

INHERITED_KINDS = re.compile(
    r"(LC|CONDA|XDG|OMP|MKL|OPENBLAS|BLIS|NUMEXPR|NUMBA|CUDA|NVIDIA|JAVA|FONTCONFIG)_[A-Z_]+"
    r"|(JAVA|SPARK|R|HADOOP)_HOME",
    re.I,
)

CREDENTIAL = re.compile(
    r"^(LEONIDAS|JUPYTERHUB|AWS|AZURE|GOOGLE|GCP|GCLOUD|KUBERNETES|VAULT|OPENAI|ANTHROPIC)_"
    r"|^JPY_(?!PARENT_PID$|SESSION_NAME$|INTERRUPT_EVENT$)"
    r"|^JUPYTER_(TOKEN|SERVER_URL)"
    r"|TOKEN|SECRET|PASSW|CREDENTIAL|PRIVATE|COOKIE|BEARER|SIGNING"
    r"|(^|_)(KEYS?|PWD|PASS|AUTH|DSN|CONN|SAS|PAT)(_FILE|_ID)?$"
    r"|(DATABASE|STORAGE|REDIS|MONGO\w*|POSTGRES\w*|SQLALCHEMY\w*|BROKER)_UR[IL]$",
    re.I,
)
"""Names of variables that hold a credential, or that tell where one is exchanged."""

URL_WITH_PASSWORD = re.compile(r"\w+://[^/\s@]*:[^/\s@]+@")


class SessionEnvironment(dict[str, str]):
    """An environment that takes no credential, whoever writes into it.

    Jupyter adds to the environment that a kernel is started with: the kernelspec's own variables
    at each start, and, when somebody renames the kernel's session, the server's whole environment
    for the next start. What the server's environment holds comes in by INHERITED alone.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        super().__init__()
        self.update(environ)

    def __setitem__(self, name: str, value: str) -> None:
        if takes(name, value):
            super().__setitem__(name, value)

    def update(self, *others: Any, **named: str) -> None:  # noqa: ANN401 - as dict's own
        """As dict's own, without what may not come in."""
        for other in (*others, named):
            pairs: Iterable[tuple[str, str]] = other.items() if hasattr(other, "items") else other
            for name, value in pairs:
                self[name] = value

    def setdefault(self, name: str, default: str = "") -> str:
        """As dict's own, without what may not come in."""
        if name not in self:
            self[name] = default
        return self.get(name, default)

    def __or__(self, other: Any) -> "SessionEnvironment":  # type: ignore[override]  # noqa: ANN401
        joined = self.copy()
        joined.update(other)
        return joined

    def __ior__(self, other: Any) -> "SessionEnvironment":  # type: ignore[override]  # noqa: ANN401
        self.update(other)
        return self

    def copy(self) -> "SessionEnvironment":
        """Another one like it: what a launcher adds to its copy is looked at, too."""
        return SessionEnvironment(self)


def takes(name: str, value: str) -> bool:
    """Whether a session's kernel may have this variable."""
    if URL_WITH_PASSWORD.search(value):
        return False
    if name.upper() in INHERITED:
        return True
    if CREDENTIAL.search(name):
        return False
    # Else a kernelspec's own variable; the server's stay with the server.
    return bool(INHERITED_KINDS.fullmatch(name)) or os.environ.get(name) != value


def session_environment() -> SessionEnvironment:
    """What a session's kernel starts with, of this process's environment."""
    environment = SessionEnvironment(os.environ)
    environment["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    # Arrow's own allocator reserves memory by the gibibyte, which a limit on memory would count.
    environment["ARROW_DEFAULT_MEMORY_POOL"] = "system"
    environment["DS_BRO_SESSION"] = "1"  # in which `connect()` finds and starts no server
    return environment
