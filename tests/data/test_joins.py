"""Likely joins, from what real ingests keep of their columns, against the values themselves."""

import pytest

from leonidas_jupyter.data import sketches
from leonidas_jupyter.data.frames import Frame, frame_name
from leonidas_jupyter.data.joins import likely_joins, measured
from leonidas_jupyter.data.keynames import names_things, words
from leonidas_jupyter.data.sketches import SketchedProfile


def table(header, rows):
    return header + "\n" + "".join(",".join(map(str, row)) + "\n" for row in rows)


@pytest.fixture
def frame(load):
    def read(filename, content, **more):
        report = load(content, filename).report
        return Frame(
            name=frame_name(filename),
            file_id=filename,
            filename=filename,
            frame_hash=report.frame_hash,
            content_version=1,
            profile=report.profile.shown(),
            keys=report.profile.keys,
            **more,
        )

    return read


def pairs(frame, *others):
    return {
        (join.column, join.frame, join.other_column): join for join in likely_joins(frame, others)
    }


def test_a_key_is_found_in_the_frame_that_it_names(frame):
    customers = frame("customers.csv", table("id,city", [(i, f"c{i % 7}") for i in range(1, 301)]))
    orders = frame(
        "orders.csv", table("id,customer_id,amount", [(i, i % 200 + 1, i) for i in range(1, 401)])
    )
    found = pairs(orders, customers, orders)
    assert list(found) == [("customer_id", "customers", "id")]
    join = found["customer_id", "customers", "id"]
    assert (join.share, join.other_share, join.exact) == (1.0, pytest.approx(2 / 3, abs=1e-4), True)
    assert (join.unique_here, join.unique_there) == (False, True)
    (other,) = likely_joins(customers, [orders])
    assert (other.column, other.frame, other.other_column) == ("id", "orders", "customer_id")
    assert (other.share, other.unique_here) == (join.other_share, True)


def test_numbers_that_only_count_rows_or_amounts_join_nothing(frame):
    first = frame("houses.csv", table("id,amount,rooms", [(i, i, i % 9) for i in range(100)]))
    second = frame("boats.csv", table("id,amount,rooms", [(i, i, i % 9) for i in range(100)]))
    assert likely_joins(first, [second]) == []


def test_values_alone_join_texts_and_sparse_numbers_but_no_counters(frame):
    codes = [f"A{i * 37}" for i in range(60)]
    parts = frame(
        "parts.csv", table("iata,serial", [(c, 10_000 + i * 977) for i, c in enumerate(codes)])
    )
    legs = frame(
        "legs.csv",
        table(
            "origin,made,position",
            [(codes[i % 50], 10_000 + (i % 40) * 977, i % 60) for i in range(500)],
        ),
    )
    rows = frame("rows.csv", table("n,t", [(i, "x") for i in range(60)]))
    found = pairs(legs, parts, rows)
    assert set(found) == {("origin", "parts", "iata"), ("made", "parts", "serial")}


def test_a_domain_without_a_key_is_told_as_many_to_many(frame):
    first = frame("a.csv", table("region,x", [(f"r{i % 6}", i / 7) for i in range(60)]))
    second = frame("b.csv", table("Region,y", [(f"r{i % 5}", i / 3) for i in range(60)]))
    (join,) = likely_joins(first, [second])
    assert (join.column, join.other_column) == ("region", "Region")
    assert (join.unique_here, join.unique_there) == (False, False)
    third = frame("c.csv", table("region,z", [(f"q{i % 6}", i) for i in range(60)]))
    assert likely_joins(first, [third]) == []


def test_shares_of_large_columns_are_estimated_and_said_so(frame):
    ids = range(0, 60_000, 2)
    large = frame("items.csv", table("sku,p", [(f"S{i:06d}", i % 7) for i in ids]))
    lines = frame("lines.csv", table("product,n", [(f"S{i:06d}", i % 5) for i in range(30_000)]))
    (sketch,) = [key for key in large.keys if key.column == "sku"]
    assert len(sketch.values()) == sketches.SKETCH_HASHES
    assert not sketch.complete
    theirs = next(key for key in lines.keys if key.column == "product")
    overlap = measured(sketch, theirs)
    assert overlap.exact is False
    # 15,000 of 30,000 on each side; four standard errors of a share of 512
    assert overlap.here == pytest.approx(0.5, abs=0.09)
    assert overlap.there == pytest.approx(0.5, abs=0.09)


def test_few_values_in_a_large_key_cannot_be_told_and_join_by_name_within_its_range(frame):
    big = frame("customers.csv", table("id,x", [(i, i % 3) for i in range(100_000)]))
    few = frame("calls.csv", table("customer_id,n", [(i * 9_000, i) for i in range(5)] * 2))
    (join,) = likely_joins(few, [big])
    assert (join.column, join.share, join.unique_there) == ("customer_id", None, True)
    far = frame("far.csv", table("customer_id,n", [(-i * 9_000 - 5, i) for i in range(5)] * 2))
    assert likely_joins(far, [big]) == []


def test_other_hash_functions_do_not_compare(frame):
    first = frame("a.csv", table("code", [(f"k{i}",) for i in range(40)]))
    second = frame("b.csv", table("code", [(f"k{i}",) for i in range(40)]))
    keys = [key.model_copy(update={"by": "another"}) for key in second.keys]
    assert likely_joins(first, [second]) != []
    renamed = second.model_copy(update={"keys": keys, "frame_hash": "other"})
    assert likely_joins(first, [renamed]) == []


def test_key_columns_are_bounded_and_the_likeliest(load):
    names = [f"n{i}" for i in range(60)]
    rows = [[f"{i % 5}x{j}" for j in range(60)] + [f"u{i}"] for i in range(50)]
    report = load(table(",".join([*names, "part_code"]), rows)).report
    kept = [key.column for key in report.profile.keys]
    assert len(kept) == sketches.KEY_COLUMNS
    assert kept[0] == "part_code"


def test_prose_constants_and_fractions_are_no_keys(load):
    rows = [("w" * 300 + str(i), "same", i + 0.5) for i in range(30)]
    assert load(table("text,one,part", rows)).report.profile.keys == []


def test_profiles_of_an_older_version_have_no_keys_and_can_be_read():
    old = (
        '{"rows":2,"columns":[{"name":"a","original_name":"a","type":"integer","nulls":0,'
        '"distinct":2}],"duplicate_rows":0,"warnings":[]}'
    )
    profile = SketchedProfile.model_validate_json(old)
    assert profile.keys == []
    assert profile.columns[0].quantiles_exact
    assert not hasattr(profile.shown(), "keys")


def test_words_of_names():
    assert words("CustomerIDs") == ("customer", "id")
    assert words("ship_countries") == ("ship", "country")
    assert words("status") == ("status",)
    assert names_things("Order No.")
    assert not names_things("amount")
