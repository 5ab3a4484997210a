"""Words of closed-form questions: which are passed over, which stop, which turn a condition."""

import pytest

from leonidas_jupyter.assistant.analyst.closed import unknown
from leonidas_jupyter.assistant.analyst.closed.facts import Declined, lowered
from leonidas_jupyter.assistant.analyst.closed.layout import decimals_in, read_closed_form
from leonidas_jupyter.assistant.analyst.closed.marks import Marks
from leonidas_jupyter.assistant.analyst.closed.reader import Task, read_task
from leonidas_jupyter.assistant.analyst.closed.rules import rules_of
from leonidas_jupyter.assistant.analyst.closed.signs import described_in
from leonidas_jupyter.assistant.analyst.closed.valued import values_in
from leonidas_jupyter.assistant.analyst.lexicon import FrameLexicon, read_frame
from tests.golden.judge import Table

DESCRIBES = (
    "What is the mean flotation of the penguins' body mass?",
    "What is the mean of the body mass measured by the wardens?",
    "What is the mean body mass per warden?",
    "Marine ecology: what is the mean of body_mass_g?",
    "What is the mean body mass (body_mass_g) in the zoologists' archive?",
)
RESTRICTS = (
    "What is the mean body mass of moulting penguins?",
    "What is the mean body mass of penguins without parasites?",
    "What is the mean body mass of the juvenile birds?",
    "What is the mean body mass in Ushuaia?",
    "Detoxify the body mass by 3. What is the mean body mass?",
    "What is the mean of the rescaled body mass when molten?",
    "What is the mean body mass? Only consider penguins near Ushuaia.",
    "What is the mean body mass? Exclude the vagrant ones.",
    "What is the mean of a dozen body masses of body_mass_g?",
    "What is the mean body mass of the Dreamlike penguins on dreamy shores?",
)


@pytest.fixture
def penguins(tables: dict[str, Table]) -> FrameLexicon:
    return read_frame(tables["penguins"].frame)


def _task(text: str, lexicon: FrameLexicon, form: str = "@m[x]") -> Task:
    closed = read_closed_form(f"{text}\n\n{form}")
    assert closed is not None
    return read_task(closed, lexicon)


@pytest.mark.parametrize("text", DESCRIBES)
def test_words_that_only_describe_are_passed_over(text: str, penguins: FrameLexicon) -> None:
    outputs = _task(text, penguins, "@mean_mass[x]").recipe["outputs"]
    assert [(one["column"], one["statistic"]) for one in outputs] == [("body_mass_g", "mean")]


@pytest.mark.parametrize("text", RESTRICTS)
def test_words_that_may_restrict_or_compute_stop(text: str, penguins: FrameLexicon) -> None:
    with pytest.raises(Declined):
        _task(text, penguins, "@mean_mass[x]")


def test_it_is_the_guard_that_stops_them(
    penguins: FrameLexicon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unknown, "_stops", lambda *_, **__: False)
    passed = 0
    for text in RESTRICTS:
        try:
            _task(text, penguins, "@mean_mass[x]")
        except Declined:
            continue
        passed += 1
    assert passed >= len(RESTRICTS) // 2


def test_where_rows_alone_are_counted_every_word_may_restrict(penguins: FrameLexicon) -> None:
    with pytest.raises(Declined):
        _task("How many rows are there of a flotation kind?", penguins, "@n[x]")


@pytest.mark.parametrize(
    "text",
    [
        "What is the mean body mass? Exclude rows where island is 'Dream'.",
        "What is the mean body mass? Leave out Dream.",
        "What is the mean body mass of all penguins except those on Dream?",
        "What is the mean body mass of the non-Dream penguins?",
        "What is the mean body mass? Penguins on Dream are excluded.",
    ],
)
def test_rows_of_a_condition_are_left_out(text: str, penguins: FrameLexicon) -> None:
    steps = _task(text, penguins, "@mean_mass[x]").recipe["steps"]
    assert steps == [
        {
            "op": "filter",
            "condition": {
                "op": "or",
                "conditions": [
                    {"op": "is_null", "left": "island"},
                    {
                        "op": "not",
                        "condition": {"op": "==", "left": "island", "value": "Dream"},
                    },
                ],
            },
        }
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Ignore missing values. What is the mean body mass on Dream?",
        "Drop duplicates, then compute the mean body mass for Dream.",
        "What is the mean body mass on Dream, excluding missing values?",
    ],
)
def test_leaving_out_something_else_keeps_a_condition(text: str, penguins: FrameLexicon) -> None:
    steps = _task(text, penguins, "@mean_mass[x]").recipe["steps"]
    held = [step["condition"] for step in steps if step["op"] == "filter"]
    assert held == [{"op": "==", "left": "island", "value": "Dream"}]


@pytest.mark.parametrize(
    "text",
    [
        "What is the mean flipper length? Penguins without a body mass are not considered.",
        "What is the mean flipper length? Use only penguins with a known body mass.",
        "What is the mean flipper length? Leave out penguins lacking a body mass value.",
    ],
)
def test_rows_that_lack_a_value_are_left_out(text: str, penguins: FrameLexicon) -> None:
    steps = _task(text, penguins, "@mean_flipper_length[x]").recipe["steps"]
    assert steps == [{"op": "drop_missing", "columns": ["body_mass_g"]}]


def test_what_the_form_says_of_answers_is_no_condition(penguins: FrameLexicon) -> None:
    form = "@mean_mass[x] where all answers are positive numbers rounded to two decimals."
    assert not _task("What is the mean body mass?", penguins, form).recipe["steps"]


@pytest.mark.parametrize(
    ("text", "decimals"),
    [
        ("round 3", 3),
        ("rounded to 2", 2),
        ("4 dp", 4),
        ("to 1 digit", 1),
        ("round 12 of them", None),
    ],
)
def test_more_ways_of_asking_for_decimals(text: str, decimals: int | None) -> None:
    assert decimals_in(text) == decimals


def test_kinds_of_correlation_are_chosen_by_the_names(penguins: FrameLexicon) -> None:
    text = "Compute the Pearson and Spearman correlation of bill length and bill depth."
    outputs = _task(text, penguins, "@pearson_r[x] @spearman_rho[y]").recipe["outputs"]
    assert [one["method"] for one in outputs] == ["pearson", "spearman"]
    with pytest.raises(Declined, match="several kinds"):
        _task(text, penguins, "@correlation[x]")


def test_numbers_in_words_stand_for_figures_beside_a_column(penguins: FrameLexicon) -> None:
    marks = Marks(penguins)
    assert lowered(marks.mark('"body_mass_g" of at least five')).endswith("five")
    assert lowered(marks.mark('"body_mass_g" below five grams')).endswith("below 5 grams")
    assert lowered("rounded to two decimals") == "rounded to two decimals"


def test_words_before_a_column_in_brackets_describe_it(penguins: FrameLexicon) -> None:
    marks = Marks(penguins)
    marks.mark("the mean of the female penguin heaviness (body_mass_g)")
    assert marks.described == {"female", "penguin", "heaviness"}
    assert described_in("no brackets") == set()


def test_a_rule_leads_to_the_words_behind_its_test(penguins: FrameLexicon) -> None:
    text = lowered(Marks(penguins).mark('with p < 0.01 they are "unlike", otherwise "alike".'))
    tested, otherwise = rules_of(text)
    assert tested.tests == [("p", "<", 0.01)]
    assert tested.consequence != otherwise.consequence
    assert tested.consequence.strip()


def test_no_values_make_nan_and_it_is_said(tables: dict[str, Table]) -> None:
    lexicon = read_frame(tables["penguins"].frame)
    task = _task("What is the mean body mass on Dream?", lexicon, "@mean_mass[x]")
    assert task.filled({"mean_mass": None}) == "@mean_mass[nan]"
    assert task.filled({"mean_mass": "-Infinity"}) == "@mean_mass[-inf]"


def test_the_sign_of_a_column_is_a_condition(penguins: FrameLexicon) -> None:
    text = "What is the mean flipper length? Exclude penguins with a negative body mass."
    (step,) = _task(text, penguins, "@mean_flipper_length[x]").recipe["steps"]
    assert {"op": "not", "condition": {"op": "<", "left": "body_mass_g", "value": 0}} in (
        step["condition"]["conditions"]
    )


@pytest.mark.parametrize(("word", "place"), [("european", "Europe"), ("japanese", "Japan")])
def test_adjectives_of_places_are_their_values(
    word: str, place: str, tables: dict[str, Table]
) -> None:
    (found,) = [each for each, _ in values_in(f"the {word} cars", read_frame(tables["cars"].frame))]
    assert found.value == place


def test_everyday_words_are_no_adjectives_of_places(tables: dict[str, Table]) -> None:
    assert list(values_in("the median of the means", read_frame(tables["cars"].frame))) == []
