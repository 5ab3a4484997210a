"""What a model or a file's cells say cannot run, load or lead anywhere from a trusted notebook."""

import re

import pytest

from leonidas_jupyter.kernel.markdown import fenced, safe

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</details><svg/onload=alert(1)>",
    "<!-- --><iframe srcdoc=x>",
    "<?xml version='1.0'?>",
    "`code <b>` <b onclick=alert(1)>",
    "```\n<script>1</script>\n",
    "$$\n```\n$$\n<img src=x onerror=alert(1)>\n```",
    "\\<script>alert(1)</script>",
    "<javascript:alert(1)>",
]
LINKS = [
    "[x](javascript:alert(1))",
    "[x](  JavaScript:alert(1))",
    "[x](java&#115;cript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](/api/shutdown)",
    "\\[x\\](javascript:alert(1))",
]
IMAGES = ["![x](https://evil.example/p.png)", "\\![x](https://evil.example/p.png)", "![x][ref]"]
DEFINITIONS = [
    "[x]\n\n[x]: javascript:alert(1)",
    "> [x]:\n> javascript:alert(1)",
    "[a\\]b]: data:x",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_tag_opens(text):
    assert not re.search(r"<[A-Za-z/!?]", safe(text))


@pytest.mark.parametrize("text", LINKS)
def test_links_lead_to_the_web_or_nowhere(text):
    assert "](" not in safe(text)


@pytest.mark.parametrize("text", IMAGES)
def test_no_image_loads(text):
    assert not re.search(r"!\[", safe(text))


@pytest.mark.parametrize("text", DEFINITIONS)
def test_no_reference_is_defined_but_to_the_web(text):
    assert "]:" not in safe(text)


@pytest.mark.parametrize(
    "text",
    [
        "**5,076 g** on average, a < b and 3 <= 4; `mass < 5`",
        "[docs](https://example.org/a_(b)) and [below](#below)",
        "| a | b |\n| --- | --- |\n| 1 | 2 |",
        "- one\n- two!\n\n> said",
    ],
)
def test_ordinary_markdown_stays(text):
    assert safe(text) == text


def test_code_cannot_close_its_fence():
    block = fenced("SELECT '```'\n````\n<b>", "sql")
    assert block.startswith("`````sql\n")
    assert block.endswith("\n`````")
