"""What processes take of the memory: at most, and while they are watched."""

import resource
import sys
import threading
from pathlib import Path

import psutil


def peak_mib(pid: int | None = None) -> float:
    """The most that a process (this one without ``pid``) ever held, in MiB, mapped files too.

    On Linux by the kernel's high-water mark; elsewhere for this process alone.
    """
    status = Path(f"/proc/{pid or 'self'}/status")
    if status.exists():
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


class PeakMemory(threading.Thread):
    """Samples what a process and its children hold (USS) until stopped.

    Attributes:
        base: MiB at the start.
        peak: the most that was seen, in MiB.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._process = psutil.Process(pid)
        self._stopped = threading.Event()
        self.base = self.peak = self._now()

    def _now(self) -> float:
        total = 0
        for process in (self._process, *self._process.children(recursive=True)):
            try:
                total += process.memory_full_info().uss
            except psutil.NoSuchProcess:  # a worker that has just ended
                continue
        return total / 2**20

    def run(self) -> None:
        """Sample every 50 ms."""
        while not self._stopped.wait(0.05):
            self.peak = max(self.peak, self._now())

    def stop(self) -> float:
        """End sampling; return how much the peak was above the start."""
        self._stopped.set()
        self.join()
        return self.peak - self.base
