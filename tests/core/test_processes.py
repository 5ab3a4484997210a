"""Whose a file is that is being written."""

import os
import subprocess
import sys

from leonidas_jupyter.core.processes import has_ended, signature, writer_has_ended


def test_a_writer_is_known_by_its_signature_on_its_own_machine_only():
    code = "from leonidas_jupyter.core.processes import signature; print(signature())"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert writer_has_ended(ended.stdout.strip() + "x") is True
    assert writer_has_ended(signature() + "x") is False
    assert writer_has_ended("elsewhere.1.x") is None
    assert writer_has_ended("tmpabc") is None
    assert writer_has_ended(signature().split(".")[0] + ".word.x") is None


def test_living_processes_have_not_ended():
    assert not has_ended(os.getpid())
    assert not has_ended(1)
    assert has_ended(4194999)  # above the largest process id that there is
