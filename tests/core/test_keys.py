import stat
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from leonidas_jupyter.core.keys import Keyring, stored_key


def test_a_key_is_made_once_for_its_owner_only(tmp_path):
    key = stored_key(tmp_path / "new")
    file = tmp_path / "new" / "signing_key"
    assert len(key) >= 32
    assert stored_key(tmp_path / "new") == key
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["signing_key"]


def test_processes_that_begin_together_agree(tmp_path):
    barrier = Barrier(8)

    def begin(_):
        barrier.wait()
        return stored_key(tmp_path)

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(begin, range(8)))) == 1
    assert len(list(tmp_path.iterdir())) == 1


def test_derived_keys_differ_by_purpose_and_secret():
    ring = Keyring(["a" * 32, "b" * 32])
    keys = ring.derive("x") + ring.derive("y")
    assert len(set(keys)) == 4
    assert all(len(key) == 32 for key in keys)
    with pytest.raises(ValueError, match="key"):
        Keyring([])
