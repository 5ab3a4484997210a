"""The kernels of this Jupyter server, as the executors see them."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_core.utils import ensure_async

from leonidas_jupyter.assistant.executors.base import KernelGone, KernelNotStarted, Kernels
from leonidas_jupyter.assistant.executors.pool import KernelExecutors
from leonidas_jupyter.assistant.executors.worker import Limits
from leonidas_jupyter.core.config import Leonidas
from leonidas_jupyter.core.events import EventBus, SessionDeleted, SessionRefreshed

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

    from leonidas_jupyter.server.identity import Identity

log = logging.getLogger(__name__)

DEFAULT_KERNEL = "python3"


def make_executors(settings: Leonidas, kernels: Kernels, bus: EventBus) -> KernelExecutors:
    """The executors of this server; a session's kernel ends with it, and when it is refreshed."""
    limits = Limits(
        seconds=settings.python_timeout_seconds,
        memory_bytes=settings.python_memory_bytes,
        idle_seconds=settings.python_idle_seconds,
    )
    executors = KernelExecutors(kernels, settings.directory / "kernels", limits)
    bus.subscribe(SessionRefreshed, lambda event: executors.refresh(event.session_id))
    bus.subscribe(SessionDeleted, lambda event: executors.forget(event.session_id))
    return executors


class JupyterKernels:
    """Kernels of the server's kernel manager; see `assistant.executors.base.Kernels`."""

    def __init__(self, server: "ServerApp", identity: "Identity") -> None:
        self._manager: Any = server.kernel_manager
        self._sessions: Any = server.session_manager
        self._specs: Any = server.kernel_spec_manager
        self._remote = bool(server.gateway_config.gateway_enabled)
        self._identity = identity

    async def start(
        self, kernel_name: str | None, *, env: dict[str, str], cwd: Path, name: str, path: str
    ) -> str:
        """As `Kernels.start`; it is listed as a session of the type ``console``."""
        from jupyter_client.kernelspec import NoSuchKernel

        if self._remote:
            raise KernelNotStarted(
                "This server's kernels run on a gateway, where DS Bro cannot run Python; ask in "
                "SQL, or use a server with kernels of its own."
            )
        spec_name = kernel_name or DEFAULT_KERNEL
        try:
            spec = await ensure_async(self._specs.get_kernel_spec(spec_name))
        except NoSuchKernel:
            raise KernelNotStarted(self._unknown(spec_name)) from None
        if spec.language.lower() != "python":
            raise KernelNotStarted(
                f"The project's kernel {spec_name!r} runs {spec.language}, and DS Bro writes "
                "Python; choose a Python kernel for the project."
            )
        try:
            kernel_id = str(
                await ensure_async(
                    self._manager.start_kernel(kernel_name=spec_name, env=env, cwd=str(cwd))
                )
            )
        except Exception as error:
            log.exception("The kernel %r could not be started.", spec_name)
            raise KernelNotStarted(
                f"The kernel {spec_name!r} could not be started; the server's log says why. Mend "
                "it, or choose another kernel for the project."
            ) from error
        await self._sessions.create_session(
            path=path, name=name, type="console", kernel_name=spec_name, kernel_id=kernel_id
        )
        return kernel_id

    def connection(self, kernel_id: str) -> Mapping[str, Any]:
        """As `Kernels.connection`."""
        info: Mapping[str, Any] = self._kernel(kernel_id).get_connection_info()
        return info

    async def life(self, kernel_id: str) -> str | None:
        """As `Kernels.life`; it is the process's number, where the kernel is a process here."""
        try:
            kernel = self._kernel(kernel_id)
        except KernelGone:
            return None
        if not await ensure_async(kernel.is_alive()):
            return None
        return str(getattr(kernel.provisioner, "pid", None) or "alive")

    def language(self, kernel_id: str) -> str:
        """As `Kernels.language`."""
        if self._remote:
            raise KernelGone
        spec = self._kernel(kernel_id).kernel_spec
        return "unknown" if spec is None else str(spec.language).lower()

    def usable_by(self, username: str) -> bool:
        """As `Kernels.usable_by`: on a personal server, its own user's."""
        return self._identity.one_person and username == self._identity.own_user

    def idle_seconds(self, kernel_id: str) -> float | None:
        """As `Kernels.idle_seconds`."""
        try:
            kernel = self._kernel(kernel_id)
        except KernelGone:
            return None
        model = self._manager.kernel_model(kernel_id)
        if model["execution_state"] == "busy" or model["connections"]:
            return None
        return float((datetime.now(UTC) - kernel.last_activity).total_seconds())

    async def interrupt(self, kernel_id: str) -> None:
        """As `Kernels.interrupt`."""
        if kernel_id in self._manager:
            await ensure_async(self._manager.interrupt_kernel(kernel_id))

    async def shutdown(self, kernel_id: str) -> None:
        """As `Kernels.shutdown`."""
        if kernel_id in self._manager:
            await ensure_async(self._manager.shutdown_kernel(kernel_id, now=True))

    def _kernel(self, kernel_id: str) -> Any:  # noqa: ANN401 - a kernel manager of any class
        if kernel_id not in self._manager:
            raise KernelGone
        return self._manager.get_kernel(kernel_id)

    def _unknown(self, spec_name: str) -> str:
        known = ", ".join(sorted(self._specs.find_kernel_specs()))
        advice = (
            f"choose one of: {known}"
            if known
            else "install one: python -m ipykernel install --user"
        )
        return f"There is no kernel {spec_name!r} on this server; {advice}."
