"""Of likely joins a model is told names; shares as statistics; of saved results nothing."""

import json

import pytest

from leonidas_jupyter.core.exposure import DataExposure
from leonidas_jupyter.data.counting import Column
from leonidas_jupyter.data.profile import ColumnProfile
from leonidas_jupyter.data.sketches import sketch_keys
from tests.assistant.canaries import ALICE, Recorder, asked, connection, frame

NONE, SCHEMA, SUMMARY, AGGREGATES, ROWS = DataExposure
SHARE = 0.6829
"""28 of 41: a figure that stands nowhere else."""

STEPS = (
    ("describe_frame", {"name": "people"}),
    ("list_frames", {}),
    ("describe_frame", {"name": "probe"}),
)


def keys(table, name, kind="text"):
    column = ColumnProfile(name=name, original_name=name, type=kind, nulls=0, distinct=41)
    with connection().cursor() as made:
        return sketch_keys(made, table, [Column(f'"{name}"', name, kind, column)], 41)


@pytest.fixture(scope="module")
def frames():
    """People, half of whom stand in a directory too, and a saved result that holds one cell."""
    people = frame()
    for column in people.profile.columns:
        if column.name == "name":
            column.candidate_key = True
    people.keys = keys("people", "name")
    made = connection()
    made.execute("create or replace table directory as select name from people where id < 28")
    made.execute(f"create or replace table probe as select '{ALICE}' as name union select 'x'")
    directory = frame(name="directory", file_id="f-dir", frame_hash="cd" * 16)
    directory.keys = keys("directory", "name")
    probe = frame(name="probe", file_id="f-probe", frame_hash="ef" * 16, generated=True)
    probe.keys = keys("probe", "name")
    return [people, directory, probe]


def told(level, frames):
    model = Recorder(steps=STEPS)
    asked(level, model=model, frames=frames)
    described, listed, probed = (each for each in model.returned if isinstance(each, dict))
    return described.get("joins"), listed.get("joins"), probed.get("joins"), model.all


@pytest.mark.parametrize("level", [SCHEMA, SUMMARY])
def test_names_alone_pass_where_statistics_do_not(frames, level):
    described, listed, probed, heard = told(level, frames)
    names = {"column": "name", "frame": "directory", "other_column": "name"}
    assert described == [names]
    assert listed == [{"name": "people", **names}]
    assert probed is None
    assert "0.68" not in heard
    assert "unique_here" not in heard


def test_shares_pass_as_statistics(frames):
    described, _, probed, heard = told(AGGREGATES, frames)
    assert [join["share"] for join in described] == [0.68]
    assert described[0]["unique_here"] is True
    assert probed is None
    assert str(SHARE) not in heard


def test_shares_of_few_values_do_not_pass(frames):
    few = [each.model_copy(deep=True) for each in frames]
    next(c for c in few[1].profile.columns if c.name == "name").distinct = 9
    described, *_ = told(AGGREGATES, few)
    assert "share" not in described[0]


def test_at_rows_all_of_it_passes_and_no_sketch_ever(frames):
    described, _, probed, heard = told(ROWS, frames)
    assert SHARE in [join["share"] for join in described]
    assert {join["frame"] for join in described} == {"directory", "probe"}
    assert probed
    assert "hashes" not in heard
    for each in frames:
        for key in each.keys:
            assert key.hashes not in heard
            assert key.hashes not in json.dumps(each.model_dump(mode="json"))


@pytest.mark.parametrize("level", [SCHEMA, SUMMARY, AGGREGATES, ROWS])
def test_the_instructions_name_likely_joins_and_none_of_saved_results(frames, level):
    model = Recorder(steps=())
    asked(level, model=model, frames=frames)
    line = '"people.name = directory.name"'.replace(" = ", '" = "')
    assert line in model.all.replace('\\"', '"')
    assert ("probe.name" in model.all) == (level is ROWS)
