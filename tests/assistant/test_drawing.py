"""Charts as pictures: drawn by vl-convert in a process of its own, with nothing fetched."""

import asyncio
import base64
import http.server
import threading
from typing import Any

from leonidas_jupyter.assistant.drawing import Pictures
from leonidas_jupyter.assistant.tools.base import ToolContext
from leonidas_jupyter.assistant.tools.chart import CHART, VEGA_LITE, ChartArguments
from leonidas_jupyter.data.frames import Frame
from leonidas_jupyter.data.profile import FrameProfile
from leonidas_jupyter.data.sql import QueryResult, ResultColumn

BARS: dict[str, Any] = {
    "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
    "mark": {"type": "bar"},
    "encoding": {
        "x": {"field": "species", "type": "nominal"},
        "y": {"field": "n", "type": "quantitative"},
    },
    "data": {"values": [{"species": "Adelie", "n": 152}, {"species": "Gentoo", "n": 124}]},
}


def _size(png: str) -> tuple[int, int]:
    raw = base64.b64decode(png)
    assert raw.startswith(b"\x89PNG\r\n\x1a\n")
    return int.from_bytes(raw[16:20]), int.from_bytes(raw[20:24])


def test_a_chart_becomes_a_picture_and_the_process_stays_for_the_next() -> None:
    async def draw() -> None:
        pictures = Pictures()
        first = await pictures.draw(BARS)
        worker = pictures._worker
        second = await pictures.draw({**BARS, "width": 300})
        assert pictures._worker is worker
        await pictures.close()
        assert first is not None
        assert second is not None
        assert _size(second)[0] > 300 > _size(first)[0]
        assert worker is not None
        await worker.ended()

    asyncio.run(draw())


def test_nothing_is_fetched_for_a_picture() -> None:
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"

    async def draw() -> list[str | None]:
        pictures = Pictures()
        drawn = [
            await pictures.draw({**BARS, "data": {"url": f"{url}/data.csv"}}),
            await pictures.draw({**BARS, "data": {"url": "file:///etc/passwd"}}),
            await pictures.draw(
                {
                    **BARS,
                    "mark": {"type": "image"},
                    "encoding": {"url": {"value": f"{url}/pixel.png"}},
                }
            ),
        ]
        await pictures.close()
        return drawn

    try:
        asyncio.run(draw())
    finally:
        server.shutdown()
        server.server_close()
    assert asked == []


def test_what_cannot_be_drawn_is_no_error_and_does_not_end_the_process() -> None:
    async def draw() -> None:
        pictures = Pictures()
        assert await pictures.draw({"mark": {"type": "no such mark"}}) is None
        assert await pictures.draw(BARS) is not None
        await pictures.close()

    asyncio.run(draw())


def test_cancelling_ends_the_process_and_the_next_picture_has_a_new_one() -> None:
    async def draw() -> None:
        pictures = Pictures()
        assert await pictures.draw(BARS) is not None
        first = pictures._worker
        task = asyncio.create_task(pictures.draw(BARS))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert await pictures.draw(BARS) is not None
        assert first is not None
        await pictures.close()

    asyncio.run(draw())


def test_a_chart_of_the_tool_carries_its_picture() -> None:

    async def rows(sql: str, *, limit: int) -> QueryResult:
        columns = [
            ResultColumn(name="species", type="text"),
            ResultColumn(name="n", type="integer"),
        ]
        return QueryResult(columns=columns, rows=[["Adelie", 152]], truncated=False)

    frame = Frame(
        name="penguins",
        file_id="f",
        filename="penguins.csv",
        frame_hash="ab" * 16,
        content_version=1,
        profile=FrameProfile(rows=1, columns=[]),
    )

    async def draw() -> dict[str, Any]:
        pictures = Pictures()
        context = ToolContext([frame], rows, draw=pictures.draw)
        spec = {key: BARS[key] for key in ("mark", "encoding")}
        output = await CHART.run(ChartArguments(sql="SELECT 1", spec=spec), context)
        await pictures.close()
        return output.outputs[0]

    bundle = asyncio.run(draw())
    assert _size(bundle["image/png"])[0] > 0
    assert bundle[VEGA_LITE]["data"]["values"] == [{"species": "Adelie", "n": 152}]
