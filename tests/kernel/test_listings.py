"""What the listings of a project show."""

from leonidas_jupyter.kernel.frames import Frames
from leonidas_jupyter.kernel.listings import message_listing
from leonidas_jupyter.kernel.wire import File, Message

ANSWER = (
    "**Gentoo** is the heaviest by `body_mass_g`:\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nSo it is."
)


def said(role, content, **more):
    message = Message(message_id="m", role=role, content=content, **more)
    return repr(message_listing([message])).splitlines()[1]


def test_an_answer_is_listed_by_its_sentences():
    assert said("ASSISTANT", ANSWER).strip() == (
        "DS Bro  Gentoo is the heaviest by body_mass_g: So it is."
    )


def test_a_question_is_listed_as_it_was_asked():
    assert "| what is **this**?" in said("USER", "| what is\n**this**?")


def test_a_stopped_answer_says_so():
    assert said("ASSISTANT", "Gentoo", run_status="cancelled").rstrip().endswith("(stopped)")


def test_sentences_are_broken_into_lines_and_nothing_else():
    html = message_listing([Message("m", "USER", "why?")])._repr_html_()
    said, at = html.index(">said<"), html.index(">at<")
    assert "white-space:normal" in html[:said].rpartition("<th")[2]
    assert "white-space:nowrap" in html[said:at].rpartition("<th")[2]


class Listed:
    """A project's files that can be loaded."""

    def __init__(self, files):
        self._files = files

    def completed(self):
        return self._files


def test_frames_list_themselves_as_a_table():
    file = File("f", "p", "sales.csv", "COMPLETED", frame_name="sales", rows=1200, columns=3)
    html = Frames(lambda: Listed([file]))._repr_html_()
    assert ">sales<" in html
    assert ">1,200<" in html


def test_a_project_without_frames_says_how_to_get_one():
    assert "%leonidas upload" in Frames(lambda: Listed([]))._repr_html_()


def test_history_never_passes_the_built_in_analyst_off_as_a_language_model():
    said = [Message("m", "ASSISTANT", "3", model=name) for name in ("builtin", "openai:m")]
    first, second = repr(message_listing(said)).splitlines()[-2:]
    assert first.startswith("built-in analyst")
    assert second.startswith("DS Bro")
