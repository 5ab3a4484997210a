"""Tries everything that is configured, and says what is wrong and how to mend it."""

import asyncio
import importlib.util
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from traitlets.config import Config

from leonidas_jupyter.core.config import Leonidas, SettingsError, load_settings
from leonidas_jupyter.server.engine_looks import look_at_database, look_at_storage
from leonidas_jupyter.server.troubles import Trouble, Verdict

if TYPE_CHECKING:
    from leonidas_jupyter.models.service import ModelsService

PATIENCE_SECONDS = 60.0
"""What one look may take; a kernel that starts cold is the slowest."""

LITTLE_SPACE = 1024**3
"""Below so many bytes of free disk it is said."""

SERVER_PACKAGES = ("alembic", "argon2", "duckdb", "jwt", "pydantic", "pydantic_ai", "sqlalchemy")
KERNEL_CODE = "import pandas, pyarrow; print(pandas.__version__)"


@dataclass(frozen=True)
class Finding:
    """What one look found: of what, how it stands, what was seen, and how to mend it."""

    what: str
    verdict: Verdict
    seen: str
    remedy: str = ""


Look = Callable[[], Awaitable[str]]


async def findings(config: Config, environment: Mapping[str, str]) -> AsyncIterator[Finding]:
    """Look at one thing after the other; what depends on the settings only where they stand."""
    yield await _finding("installation", _installation)
    try:
        settings = await asyncio.to_thread(load_settings, config, environment)
    except SettingsError as error:
        yield Finding("settings", "failed", str(error), "Correct it and run this again.")
        return
    yield Finding("settings", "ok", f"model {settings.model}, data in {settings.directory}")
    for what, look in [*_looks(settings), *await _model_looks(settings)]:
        yield await _finding(what, look)


def _looks(settings: Leonidas) -> list[tuple[str, Look]]:
    return [
        ("server extension", _extension),
        ("data directory", lambda: _directory(settings.directory)),
        ("database", lambda: look_at_database(settings)),
        ("file storage", lambda: look_at_storage(settings)),
        ("SQL worker", lambda: _sql(settings)),
        ("chart pictures", _pictures),
        ("kernel", _kernel),
    ]


async def _model_looks(settings: Leonidas) -> list[tuple[str, Look]]:
    """Each model that is named, and one that was connected; patterns name none."""
    from leonidas_jupyter.assistant.models.names import is_pattern
    from leonidas_jupyter.server.bootstrap import chat_policy
    from leonidas_jupyter.server.connections import models_service

    models = models_service(settings, chat_policy(settings), personal=True, adopt=lambda _: None)
    await models.restore()
    names = dict.fromkeys([models.policy.model, *models.policy.allowed_models])
    return [
        (f"model {name}", partial(_model, models, name)) for name in names if not is_pattern(name)
    ]


async def _model(models: "ModelsService", name: str) -> str:
    from leonidas_jupyter.assistant.models.failures import ModelFailure
    from leonidas_jupyter.assistant.models.names import BUILTIN
    from leonidas_jupyter.assistant.models.trial import try_out

    if name == BUILTIN:
        return "it needs nothing"
    begun = time.monotonic()
    try:
        await try_out(name, models.where(name))
    except ModelFailure as failure:
        raise Trouble(failure.message, "Or choose another c.Leonidas.model.") from failure
    return f"it answered in {time.monotonic() - begun:.1f} s"


async def _finding(what: str, look: Look) -> Finding:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return Finding(what, "ok", await look())
    except Trouble as trouble:
        return Finding(what, trouble.verdict, trouble.seen, trouble.remedy)
    except TimeoutError:
        seen = f"no answer within {PATIENCE_SECONDS:g} seconds"
        return Finding(what, "failed", seen, "Try again when the machine is less busy.")
    except Exception as error:  # noqa: BLE001 - whatever breaks here is a finding, not the end
        return Finding(what, "failed", f"{type(error).__name__}: {error}", "See above.")


async def _installation() -> str:
    from leonidas_jupyter._version import __version__

    missing = [name for name in SERVER_PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise Trouble(
            f"the server side is not installed ({', '.join(missing)})",
            "pip install 'leonidas-jupyter[server]'",
        )
    version = ".".join(map(str, sys.version_info[:3]))
    return f"leonidas-jupyter {__version__} on Python {version}"


async def _extension() -> str:
    from jupyter_core.paths import jupyter_config_path
    from jupyter_server.extension.config import ExtensionConfigManager

    manager = ExtensionConfigManager(read_config_path=jupyter_config_path())
    enabled = manager.get_jpserver_extensions()  # type: ignore[no-untyped-call]
    if not enabled.get("leonidas_jupyter"):
        raise Trouble(
            "Jupyter does not load it", "jupyter server extension enable leonidas_jupyter"
        )
    return "enabled"


async def _directory(directory: Path) -> str:
    free = (await asyncio.to_thread(shutil.disk_usage, directory)).free
    seen = f"{directory}, {free / 1024**3:.1f} GiB free"
    if free < LITTLE_SPACE:
        raise Trouble(seen, "Make room, or set c.Leonidas.data_dir elsewhere.", "warning")
    return seen


async def _sql(settings: Leonidas) -> str:
    from leonidas_jupyter.data.sql import SqlFailed, SqlLimits, SqlWorkers

    workers = SqlWorkers(SqlLimits.of(settings))
    begun = time.monotonic()
    try:
        await workers.query({}, "SELECT 6 * 7", limit=1, timeout=settings.sql_timeout_seconds)
    except SqlFailed as error:
        raise Trouble(error.sentence, "Give c.Leonidas.sql_memory_bytes more.") from error
    finally:
        await workers.close()
    return f"started and answered in {time.monotonic() - begun:.1f} s"


async def _pictures() -> str:
    from leonidas_jupyter.assistant.drawing import Pictures

    spec = {"data": {"values": [{"a": 1}]}, "mark": "bar", "encoding": {"x": {"field": "a"}}}
    pictures = Pictures()
    drawn = await pictures.draw(spec)
    await pictures.close()
    if drawn is None:
        raise Trouble(
            "charts come without a picture",
            "pip install -U vl-convert-python (notebooks and the sidebar draw charts without it)",
            "warning",
        )
    return "drawn"


async def _kernel() -> str:
    from jupyter_client.manager import start_new_async_kernel

    begun = time.monotonic()
    try:
        manager, client = await start_new_async_kernel(
            kernel_name="python3", stderr=subprocess.DEVNULL
        )
    except Exception as error:
        raise Trouble(
            f"the kernel python3 does not start ({type(error).__name__})",
            "python -m pip install ipykernel && python -m ipykernel install --sys-prefix",
        ) from error
    printed: list[str] = []
    try:
        reply = await client.execute_interactive(
            KERNEL_CODE,
            timeout=PATIENCE_SECONDS / 2,
            output_hook=lambda message: printed.append(str(message["content"].get("text", ""))),
        )
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(now=True)
    if reply["content"]["status"] != "ok":
        raise Trouble(
            f"the kernel python3 cannot load frames ({reply['content'].get('evalue', '')})",
            "Install pandas and pyarrow for that kernel's Python.",
        )
    seconds = time.monotonic() - begun
    return f"python3 with pandas {''.join(printed).strip()}, started in {seconds:.1f} s"
