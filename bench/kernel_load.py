"""What `%load_ext leonidas_jupyter` costs a kernel: from the base install, and from a full one."""

import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

from bench.report import Goal, Row, spread

ROUNDS = 9
GOAL_MS = 60
HEAVY = {
    "anywidget",
    "duckdb",
    "httpx",
    "ipywidgets",
    "jupyter_server",
    "numpy",
    "pandas",
    "pyarrow",
    "pydantic",
    "requests",
    "sqlalchemy",
}
PROBE = """
import json, psutil, sys, time
def load(name):
    modules, memory = set(sys.modules), psutil.Process().memory_full_info().uss
    begun = time.perf_counter()
    get_ipython().run_line_magic("load_ext", name)
    seconds = time.perf_counter() - begun
    return {
        "ms": seconds * 1000,
        "modules": sorted(set(sys.modules) - modules),
        "kib": (psutil.Process().memory_full_info().uss - memory) / 1024,
    }
print(json.dumps([load("autoreload"), load("leonidas_jupyter")]))
"""


def base_environment(folder: Path, checkout: Path) -> Path:
    """The Python of an environment with the base install alone, made once and kept."""
    python = folder / "bin" / "python"
    if not (folder / ".made").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, "ipykernel>=6.29", "-e", str(checkout)], check=True)
        (folder / ".made").touch()
    return python


def probe(python: str | Path, kernels: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Load IPython's own autoreload and then Leonidas in a new kernel, and say what each cost."""
    spec = kernels / "measured"
    spec.mkdir(parents=True, exist_ok=True)
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    described = {"argv": argv, "display_name": "measured", "language": "python"}
    (spec / "kernel.json").write_text(json.dumps(described), encoding="utf-8")
    specs = KernelSpecManager(kernel_dirs=[str(kernels)])
    manager = KernelManager(kernel_name="measured", kernel_spec_manager=specs)
    manager.start_kernel(stderr=subprocess.DEVNULL)
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        printed: list[str] = []
        client.execute_interactive(
            PROBE, timeout=60, output_hook=lambda message: printed.append(_text(message))
        )
        peer, ours = json.loads("".join(printed))
        return peer, ours
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def _text(message: dict[str, Any]) -> str:
    if message["msg_type"] == "error":
        raise RuntimeError("\n".join(message["content"]["traceback"]))
    return str(message["content"].get("text", ""))


def measure(work: Path, checkout: Path) -> list[Row]:
    """One row for each install."""
    base = base_environment(work / "base", checkout)
    return [
        _row("base install", base, work / "kernels"),
        _row("`[server]` install", sys.executable, work / "kernels"),
    ]


def _row(install: str, python: str | Path, kernels: Path) -> Row:
    probe(python, kernels)  # the first kernel writes caches
    runs = [probe(python, kernels) for _ in range(ROUNDS)]
    ours, peer = [run[1] for run in runs], [run[0] for run in runs]
    modules = ours[-1]["modules"]
    heavy = sorted({name.split(".")[0] for name in modules} & HEAVY)
    milliseconds = median(run["ms"] for run in ours)
    return Row(
        f"`%load_ext leonidas_jupyter`, {install}",
        f"{spread([run['ms'] for run in ours], 'ms', 1)}, {len(modules)} modules, "
        f"{median(run['kib'] for run in ours):.0f} KiB",
        f"the same kernel's `%load_ext autoreload` {spread([r['ms'] for r in peer], 'ms', 1)}, "
        f"{len(peer[-1]['modules'])} modules",
        f"{milliseconds:.1f} ms; heavy modules: {', '.join(heavy) or 'none'}",
        Goal(milliseconds, GOAL_MS, " ms", broken="a heavy module was loaded" if heavy else ""),
    )
