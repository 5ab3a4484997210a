"""The composition root: the only place where services are put together."""

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, cast

from leonidas_jupyter.admin.repository import AdminRepository
from leonidas_jupyter.admin.schemas import AdminSettings
from leonidas_jupyter.admin.service import AdminService
from leonidas_jupyter.assistant.drawing import Pictures
from leonidas_jupyter.assistant.executors.base import Kernels as PythonKernels
from leonidas_jupyter.assistant.policy import Policy as ChatPolicy
from leonidas_jupyter.assistant.policy import PythonTool
from leonidas_jupyter.auth.repository import AuthRepository
from leonidas_jupyter.auth.schemas import AuthSettings, Kernels, Policy
from leonidas_jupyter.auth.service import AuthService
from leonidas_jupyter.chat.repository import ChatRepository
from leonidas_jupyter.chat.schemas import ChatSettings
from leonidas_jupyter.chat.service import ChatService
from leonidas_jupyter.core.config import Leonidas
from leonidas_jupyter.core.events import EventBus, UserRegistered
from leonidas_jupyter.core.exposure import DataExposure
from leonidas_jupyter.core.http import Services
from leonidas_jupyter.core.keys import Keyring, stored_key
from leonidas_jupyter.core.openapi import Description
from leonidas_jupyter.core.rates import RateLimiter, parse_rate
from leonidas_jupyter.core.tasks import Tasks
from leonidas_jupyter.core.tokens import AccessTokens, RefreshTokens
from leonidas_jupyter.data.frames import FrameCache
from leonidas_jupyter.data.recipes.workers import RecipeLimits, RecipeWorkers
from leonidas_jupyter.data.sql import SqlLimits, SqlWorkers
from leonidas_jupyter.data.worker import WorkerLimits
from leonidas_jupyter.exports.repository import ExportsRepository
from leonidas_jupyter.exports.service import ExportsService
from leonidas_jupyter.files.repository import FilesRepository
from leonidas_jupyter.files.schemas import FileLimits
from leonidas_jupyter.files.service import FilesService
from leonidas_jupyter.projects.repository import ProjectsRepository
from leonidas_jupyter.projects.service import ProjectsService
from leonidas_jupyter.server.connections import models_service
from leonidas_jupyter.server.demo import FirstProject
from leonidas_jupyter.server.engines import database_of, store_of
from leonidas_jupyter.server.gateway import Gateway
from leonidas_jupyter.server.health import Health
from leonidas_jupyter.server.kernels import make_executors
from leonidas_jupyter.server.marker import Marker
from leonidas_jupyter.server.routes import ROUTES, describe_api
from leonidas_jupyter.sessions.repository import SessionsRepository
from leonidas_jupyter.sessions.service import SessionsService
from leonidas_jupyter.storage.base import ObjectStore, StoreUnavailable
from leonidas_jupyter.storage.signing import UrlSigner
from leonidas_jupyter.tables.base import Database, Unavailable
from leonidas_jupyter.tables.leases import Leases
from leonidas_jupyter.usage.repository import UsageRepository
from leonidas_jupyter.usage.schemas import DailyBudget
from leonidas_jupyter.usage.service import UsageService

log = logging.getLogger(__name__)

RECOVERY_SECONDS = 30.0
"""How often it is looked for work that another process left: as long as a lease."""


@dataclass(frozen=True)
class _Engines:
    """What stands below the services."""

    keyring: Keyring
    signer: UrlSigner
    database: Database
    store: ObjectStore


async def start_gateway(
    settings: Leonidas,
    base: str,
    kernels: tuple[str, str] | None,
    python: PythonKernels,
    personal: bool = False,
) -> Gateway:
    """Open the engines, put the services together, and begin to recover unfinished work.

    ``base`` is the path of the API on this server; ``kernels`` are the secret that kernels
    exchange and the user whose they are; in ``python`` DS Bro's code runs.
    On a ``personal`` server its person may connect a model.

    Raises:
        Unavailable, StoreUnavailable, OSError: an engine or the signing key cannot be opened.
    """
    engines = await asyncio.to_thread(_open, settings, base)
    try:
        application = _Application(settings, engines, kernels, python, personal)
        await application.models.restore()
        application.start()
    except BaseException:
        await engines.store.close()
        await engines.database.close()  # a start that is tried again must not leave threads
        raise
    return Gateway(
        routes=ROUTES,
        services=application.services,
        settings=settings,
        close=application.close,
    )


def _open(settings: Leonidas, base: str) -> _Engines:
    keyring = Keyring(settings.signing_keys or [stored_key(settings.directory)])
    signer = UrlSigner(keyring.derive("blobs")[0], base)
    store = store_of(settings, signer)  # it holds nothing, should the next line fail
    return _Engines(keyring, signer, database_of(settings, store), store)


def chat_policy(settings: Leonidas) -> ChatPolicy:
    """What the settings allow in chats."""
    return ChatPolicy(
        model=settings.model,
        allowed_models=tuple(settings.allowed_models),
        exposure_max=DataExposure(settings.data_exposure_max),
        exposure_k=settings.exposure_k,
        python=cast("PythonTool", settings.python_tool),
        tool_rounds=settings.tool_rounds,
        run_tokens=settings.run_tokens or None,
        trace_content=settings.trace_content,
    )


class _Application:
    """The services of one process."""

    def __init__(
        self,
        settings: Leonidas,
        engines: _Engines,
        kernels: tuple[str, str] | None,
        python: PythonKernels,
        personal: bool,
    ) -> None:
        self._settings = settings
        self._engines = engines
        self._marker = Marker(settings.directory)
        self._tasks = Tasks()
        self._leases = Leases()
        self._bus = EventBus()
        self._recovery: asyncio.Task[None] | None = None
        self._settled_at = 0.0
        self._sql = SqlWorkers(SqlLimits.of(settings))
        self._recipes = RecipeWorkers(RecipeLimits(memory_bytes=settings.sql_memory_bytes))
        self._common: dict[str, Any] = {
            "bus": self._bus,
            "tasks": self._tasks,
            "leases": self._leases,
        }
        self._frame_cache = FrameCache(settings.directory / "frames", settings.frame_cache_bytes)
        auth = self._make_auth(kernels)
        self._projects = projects = ProjectsService(
            repository=ProjectsRepository(engines.database),
            policy=chat_policy(settings),
            **self._common,
        )
        sessions = SessionsService(
            repository=SessionsRepository(engines.database), projects=projects, **self._common
        )
        files = self._make_files(projects)
        self._executors = make_executors(settings, python, self._bus)
        self._pictures = Pictures()
        usage = UsageService(
            repository=UsageRepository(engines.database),
            budget=DailyBudget(settings.user_daily_tokens, settings.user_daily_cost),
        )
        self.models = models_service(
            settings, chat_policy(settings), personal=personal, adopt=self._adopt
        )
        domains: dict[str, Any] = {"projects": projects, "sessions": sessions, "files": files}
        self._chat = self._make_chat(usage=usage, **domains)
        exports = ExportsService(repository=ExportsRepository(engines.database), **domains)
        admin = self._make_admin(auth, projects)
        self._welcome_with(projects, files)
        self._resumable = (auth, projects, sessions, files, self._chat, admin)
        self.services = self._offered(usage, exports, self.models, self._bus)

    def _offered(self, *more: object) -> Services:
        """What handlers find."""
        engines, services = self._engines, Services()
        health = Health(engines.database, engines.store)
        for service in (*self._resumable, *more, health, Description(describe_api)):
            services.add(service)
        return services

    def _make_admin(self, auth: AuthService, projects: ProjectsService) -> AdminService:
        engines = self._engines
        return AdminService(
            repository=AdminRepository(engines.database),
            store=engines.store,
            auth=auth,
            projects=projects,
            cache=self._frame_cache,
            tasks=self._tasks,
            leases=self._leases,
            settings=AdminSettings.of(self._settings),
        )

    def _make_chat(self, **domains: Any) -> ChatService:  # noqa: ANN401 - services by their names
        lasts = timedelta(seconds=self._settings.approval_expires_seconds)
        return ChatService(
            repository=ChatRepository(self._engines.database, lasts),
            settings=ChatSettings(self.models.policy, self.models.registry, self._pictures.draw),
            executors=self._executors,
            **domains,
            **self._common,
        )

    def start(self) -> None:
        """Begin what goes on for as long as the process lives."""
        if self._settings.lasting and self._marker.set():
            # The leases of who left it end one after the other; it is looked for them now and then.
            self._settled_at = time.monotonic() + self._leases.seconds + RECOVERY_SECONDS
        self._recovery = asyncio.create_task(self._recover())

    async def close(self) -> None:
        """End everything in order; unfinished work is taken up at the next start."""
        if self._recovery is not None:
            self._recovery.cancel()
            with suppress(asyncio.CancelledError):
                await self._recovery
        done = self._tasks.idle and time.monotonic() > self._settled_at
        await self._tasks.close()
        await self.models.close()
        await self._executors.close()
        await self._pictures.close()
        await self._sql.close()
        await self._recipes.close()
        await self._engines.store.close()
        await self._engines.database.close()
        if done:
            self._marker.clear()

    def _adopt(self, policy: ChatPolicy) -> None:
        """Let a model that was connected, or disconnected, hold from now on."""
        self._chat.settings = replace(self._chat.settings, policy=policy)
        self._projects.policy = policy
        self._allowed.models = list(policy.allowed_models)

    async def _recover(self) -> None:
        while True:
            for service in self._resumable:
                try:
                    await service.recover()
                except (Unavailable, StoreUnavailable) as error:
                    log.warning("Unfinished work is looked for again soon: %s", error)
                except Exception:
                    log.exception("Unfinished work could not be looked for; tried again soon.")
            await asyncio.sleep(RECOVERY_SECONDS)

    def _make_auth(self, kernels: tuple[str, str] | None) -> AuthService:
        settings, keyring = self._settings, self._engines.keyring
        self._allowed = policy = Policy(
            models=settings.allowed_models,
            data_exposure_max=DataExposure(settings.data_exposure_max),
            exposure_k=settings.exposure_k,
            python=settings.python_tool,
            tool_rounds=settings.tool_rounds,
            run_tokens=settings.run_tokens or None,
            budget=settings.user_daily_tokens or None,
        )
        return AuthService(
            repository=AuthRepository(self._engines.database),
            access=AccessTokens(keyring, settings.access_token_seconds),
            refresh=RefreshTokens(keyring),
            failures=RateLimiter(parse_rate(settings.login_rate)),
            settings=AuthSettings(
                policy=policy,
                refresh_seconds=settings.refresh_token_seconds,
                kernels=Kernels(*kernels) if kernels else None,
                admins=frozenset(settings.admins),
            ),
            **self._common,
        )

    def _welcome_with(self, projects: ProjectsService, files: FilesService) -> None:
        first_project = FirstProject(
            users=AuthRepository(self._engines.database),
            projects=projects,
            files=files,
            demo=self._settings.demo_project,
        )
        self._bus.subscribe(UserRegistered, first_project.make)

    def _make_files(self, projects: ProjectsService) -> FilesService:
        settings, engines = self._settings, self._engines
        reading = WorkerLimits(
            memory_bytes=settings.ingest_memory_bytes, seconds=settings.ingest_timeout_seconds
        )
        return FilesService(
            repository=FilesRepository(engines.database),
            projects=projects,
            store=engines.store,
            signer=engines.signer,
            sql=self._sql,
            recipes=self._recipes,
            cache=self._frame_cache,
            limits=FileLimits(
                max_upload_bytes=settings.max_upload_bytes,
                saved_bytes=settings.saved_bytes_per_project,
                sql_seconds=settings.sql_timeout_seconds,
                reading=reading,
            ),
            scratch=settings.directory / "scratch",
            **self._common,
        )
