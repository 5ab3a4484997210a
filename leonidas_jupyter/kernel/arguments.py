"""The command line of ``%leonidas``: one table of commands, from which help is made, too."""

import argparse
import difflib
import os
import re
import shlex
from collections.abc import Callable
from typing import NoReturn

from leonidas_jupyter.kernel.dialects import separator
from leonidas_jupyter.kernel.engines import BACKENDS, ENGINES
from leonidas_jupyter.kernel.errors import LeonidasError

_OPTION = re.compile(
    r"\s*--(?:(?P<flag>here|approve)(?=\s|$)"
    r"|(?P<name>project|session|into|model|exposure)(?:\s+|=)(?P<value>\"[^\"]*\"|'[^']*'|\S+))"
)
EXPOSURES = ("none", "schema", "summary", "aggregates", "rows")


class HelpAsked(Exception):
    """Somebody wants to read what a command does."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, and never ends the process."""

    def error(self, message: str) -> NoReturn:
        usage = " ".join(self.format_usage().removeprefix("usage: ").split())
        raise LeonidasError(f"{message[:1].upper()}{message[1:]}; write {usage}", code="usage")

    def print_help(self, file: object = None) -> None:  # noqa: ARG002 - argparse's signature
        raise HelpAsked(self.format_help())


def parse(line: str) -> argparse.Namespace:
    """The command in a line, in ``command``, and its arguments.

    Raises:
        LeonidasError: in one sentence, what the line should be like.
        HelpAsked: it asks for help.
    """
    word, _, rest = line.strip().partition(" ")
    if word in {"", "-h", "--help", "help"}:
        raise HelpAsked(help_text(rest.strip()))
    if word not in COMMANDS:
        near = difflib.get_close_matches(word, COMMANDS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"to ask: %leonidas ask {line.strip()}"
        raise LeonidasError(
            f"There is no command {word!r}; {hint} (all of them: %leonidas help)", code="usage"
        )
    if word == "ask" and rest.strip() not in {"-h", "--help"}:
        arguments = parse_question(rest)
    elif word == "refuse" and rest.strip() not in {"-h", "--help"}:
        arguments = argparse.Namespace(reason=[rest.strip()])  # a sentence, quotes and all
    else:
        arguments = _parsed(_parser(word), _split(rest))
    arguments.command = word
    return arguments


def parse_question(text: str) -> argparse.Namespace:
    """A question with options before it; in the question itself quotes are only characters."""
    found = argparse.Namespace(
        project=None, session=None, into=None, model=None, exposure=None, here=False, approve=False
    )
    while option := _OPTION.match(text):
        if option["flag"]:
            setattr(found, option["flag"], True)
        else:
            value = option["value"]
            quoted = value[0] in "\"'" and len(value) > 1
            setattr(found, option["name"], value[1:-1] if quoted else value)
        text = text[option.end() :]
    found.question = text.strip()
    if unknown := re.match(r"--?\w[\w-]*", found.question):
        raise LeonidasError(
            f"There is no option {unknown[0]!r}; the options before a question are "
            "--project NAME, --session NAME, --into VARIABLE, --model NAME, --exposure LEVEL "
            "and --here.",
            code="usage",
        )
    if found.exposure is not None and found.exposure not in EXPOSURES:
        raise LeonidasError(f"--exposure takes one of: {', '.join(EXPOSURES)}.", code="usage")
    if found.into is not None:
        check_variable(found.into)
    return found


def help_text(command: str = "") -> str:
    """What the commands do; of one command, what it takes, too."""
    if command in COMMANDS:
        return _parser(command).format_help()
    width = max(len(name) for name in COMMANDS)
    lines = [f"  {name:<{width}}  {what}" for name, (what, _) in COMMANDS.items()]
    return "\n".join(
        [
            "DS Bro, an AI data scientist, answers by running code on your project's files.",
            "",
            "%leonidas COMMAND …   (tab completes; %leonidas help COMMAND says more)",
            *lines,
            "",
            "%%leonidas [--project NAME] [--session NAME|new] [--into VARIABLE] [--model NAME]",
            "           [--exposure LEVEL] [--here]",
            "a question, over as many lines as it takes; --here: Python runs in this notebook",
            "",
            "Answers are objects: .text .code .frame .chart .steps; the last one is _leo.",
        ]
    )


def names(text: str) -> list[str]:
    """Names between commas, one with a comma in double quotes."""
    import csv

    return [name.strip() for name in next(csv.reader([text], skipinitialspace=True), [])]


def check_variable(name: str) -> None:
    """See that a name can be assigned to without hiding one of Python's own.

    Raises:
        LeonidasError: it is not a name, or one of Python's.
    """
    import builtins
    import keyword

    if not name.isidentifier() or keyword.iskeyword(name):
        raise LeonidasError(f"{name!r} cannot be a variable; say another: … as NAME", code="usage")
    if hasattr(builtins, name):
        raise LeonidasError(f"{name!r} is Python's own name; say another: … as NAME", code="usage")


def _split(text: str) -> list[str]:
    if os.name == "nt":
        text = text.replace("\\", "\\\\")  # a path's separator there, not an escape
    try:
        return shlex.split(text)
    except ValueError as error:
        raise LeonidasError(f"{error}: close the quotes.", code="usage") from error


def _parsed(parser: _Parser, words: list[str]) -> argparse.Namespace:
    """What the words say; ``as NAME`` may also follow options, as in ``load x --sep ; as df``."""
    arguments, more = parser.parse_known_args(words)
    for name in ("as_variable", "as_file"):
        if more[:1] == ["as"] and getattr(arguments, name, None) == []:
            setattr(arguments, name, more)
            more = []
    if more:
        parser.error(f"unrecognized arguments: {' '.join(more)}")
    return arguments


def _parser(command: str) -> _Parser:
    what, add = COMMANDS[command]
    parser = _Parser(
        prog=f"%leonidas {command}",
        description=what,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add(parser)
    return parser


def _nothing(_parser: argparse.ArgumentParser) -> None:
    """Takes no arguments."""


def _use(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="+", help="name or id of a project")
    parser.add_argument("--url", help="of another Jupyter server with Leonidas")
    parser.add_argument("--token", help="for that server")


def _new(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="+", help="name of the new project")
    parser.add_argument("--description", default="", help="what it is about")


def _upload(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="+", help="files, or patterns like data/*.csv")
    parser.add_argument("--name", help="what to call it in the project")
    parser.add_argument(
        "--replace", action="store_true", help="take the place of a file of that name"
    )


def _load(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="a frame, or a file")
    parser.add_argument(
        "as_variable", nargs="*", default=[], metavar="as NAME", help="the variable"
    )
    parser.add_argument("--columns", type=names, help="which ones, separated by commas")
    parser.add_argument("--where", help="which rows: \"amount > 10 AND region = 'north'\"")
    parser.add_argument("--engine", choices=ENGINES, default="pandas", help="as whose table")
    parser.add_argument("--dtype-backend", choices=BACKENDS, help="pandas' types throughout")
    parser.add_argument(
        "--any-size", action="store_true", help="do not ask when it takes much memory"
    )
    reading = parser.add_argument_group("to have the file read again first, as it is written")
    reading.add_argument("--sheet", help="which sheet of a workbook")
    reading.add_argument("--sep", dest="delimiter", type=separator, help="between cells: ';', tab")
    reading.add_argument("--encoding", help="cp1252, utf-16 …")
    reading.add_argument("--decimal", choices=(".", ","), help="mark of decimal fractions")
    reading.add_argument("--thousands", help="mark between thousands")
    reading.add_argument("--quote", help="around cells")
    reading.add_argument("--comment", help="how lines begin that are no data")
    reading.add_argument("--skip-rows", type=int, metavar="N", help="lines before the header")
    reading.add_argument("--header-rows", type=int, metavar="N", help="0 where there is none")
    reading.add_argument("--footer-rows", type=int, metavar="N", help="rows at the end, no data")
    reading.add_argument("--null-words", type=names, help="words for a missing cell: NA,-")
    reading.add_argument("--text-columns", type=names, help="which columns stay text")
    reading.add_argument(
        "--reset", action="store_true", help="forget what was said about the file before"
    )


def _profile(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="a frame, or a file")


def _save(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("variable", help="a DataFrame, of pandas, polars, dask, DuckDB or Arrow")
    parser.add_argument(
        "as_file", nargs="*", default=[], metavar="as NAME.csv", help="the file's name"
    )
    parser.add_argument(
        "--replace", action="store_true", help="take the place of a file of that name"
    )
    parser.add_argument(
        "--no-guard",
        dest="guard",
        action="store_false",
        help="keep cells that a spreadsheet would run as formulas as they are",
    )


def _ask(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--project", help="work in another project from here on")
    parser.add_argument("--session", help="title or id of a session, or new")
    parser.add_argument("--into", help="variable that the answer's table goes into")
    parser.add_argument("--model", help="which model answers, as provider:name")
    parser.add_argument("--exposure", choices=EXPOSURES, help="what that model may see at most")
    parser.add_argument(
        "--here", action="store_true", help="Python that DS Bro writes runs in this notebook"
    )
    parser.add_argument("question", nargs="+")


def _approve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--session", action="store_true", help="allow Python for the rest of the session, too"
    )
    parser.add_argument(
        "--edit", action="store_true", help="put the code into a new cell, to be changed first"
    )


def _refuse(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("reason", nargs="*", help="why; DS Bro is told")


def _export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", help="a file that ends in .ipynb, .md or .json")
    parser.add_argument("--session", help="title or id of a session")


def _history(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("last", nargs="?", type=int, default=20, help="how many messages")
    parser.add_argument("--session", help="title or id of a session")


def _help(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("about", nargs="?", help="a command")


COMMANDS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    "status": ("which server, who I am there, and which project I work in", _nothing),
    "projects": ("my projects, and those shared with me", _nothing),
    "use": ("work in another project", _use),
    "new": ("make a project and work in it", _new),
    "files": ("the project's files, and how far each is read", _nothing),
    "upload": ("upload files, and wait until they are read", _upload),
    "load": ("load a frame into a variable: load sales, load sales as df", _load),
    "save": ("save a table as a file of the project: save df as cleaned.csv", _save),
    "frames": ("the frames, as a mapping of DataFrames", _nothing),
    "profile": ("what is known of a frame: types, gaps, distributions, joins", _profile),
    "sessions": ("the project's conversations", _nothing),
    "ask": ("ask a question in one line", _ask),
    "approve": ("let DS Bro run the code that it showed", _approve),
    "refuse": ("do not let DS Bro run the code that it showed: refuse REASON", _refuse),
    "export": ("write the session into a notebook that runs, or .md, .json", _export),
    "history": ("what was said in this session", _history),
    "help": ("this text, or what a command takes", _help),
}
"""Every command: what it does, and what it takes."""
