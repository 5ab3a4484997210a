"""The process that draws charts: ``python -m leonidas_jupyter.assistant.drawingworker``.

In: ``{"spec"}``, a whole Vega-Lite specification with its data. Out: ``{"png"}`` in base64, or
``{"failed"}`` with the kind of the error.
"""

import base64
import queue
from typing import Any

from leonidas_jupyter.data.inside import Speaker, claim_stdout, listen


def main() -> None:
    """Draw until the parent is gone."""
    speaker = Speaker(claim_stdout())
    asked: queue.Queue[dict[str, Any]] = queue.Queue()
    listen(asked.put)
    while True:
        speaker.say(_answer(asked.get()["spec"]))


def _answer(spec: dict[str, Any]) -> dict[str, Any]:
    try:
        import vl_convert

        # No base URL is allowed for data; images are fetched all the same, so none may be drawn.
        version = [each for each in vl_convert.get_vegalite_versions() if each.startswith("5.")][-1]
        svg = vl_convert.vegalite_to_svg(spec, vl_version=version, allowed_base_urls=[])
        if "<image" in svg:
            return {"failed": "an image in the chart"}
        drawn = vl_convert.svg_to_png(svg)
    except Exception as error:  # noqa: BLE001 - the library raises ValueError, ImportError, panics
        return {"failed": type(error).__name__}
    return {"png": base64.b64encode(drawn).decode()}


if __name__ == "__main__":
    main()
