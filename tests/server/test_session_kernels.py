"""The session's own kernel: a real one, in a real Jupyter server's kernel manager."""

import time

import pytest
from tests.server.kernelrig import Rig


@pytest.fixture
def rig(jp_serverapp, extension, tmp_path, jp_asyncio_loop):
    rig = Rig(jp_serverapp, extension._site.identity, tmp_path)
    yield rig
    jp_asyncio_loop.run_until_complete(rig.pool.close())


async def test_runs_code_over_frames(rig):
    sales = rig.frame("sales", {"region": ["N", "S", "N"], "amount": [1, 2, None]})
    t=time.perf_counter()
    done = await rig.session().run("sales.groupby('region')['amount'].sum()", [sales])
    print("FIRST", time.perf_counter()-t)
    print(done)
    for _ in range(5):
        t=time.perf_counter()
        done = await rig.session().run("print('hi'); sales.shape[0]", [sales])
        print("WARM", time.perf_counter()-t)
    print(done)
