"""Perfect parts, read from the columns of a dev table and bound into the diagnosis."""

import json

import numpy as np
import pandas as pd
import pytest

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis import prediction_table
from foursplit.diagnosis.ceiling import oracle_components
from foursplit.diagnosis.ceiling.bootstrap import MeanLoss, Sampling, ceiling, mean_loss
from foursplit.diagnosis.diagnose import diagnose_as_json
from foursplit.diagnosis.prediction_table import Model
from foursplit.diagnosis.settings import Settings

QUICK = Sampling(n_resamples=200)


def rate(error, n=1000):
    """Give 0/1 losses of which a first part is wrong."""
    return (np.arange(n) < round(error * n)).astype(float)


def dev(loss, **columns):
    names = {name.replace("__", "+"): losses for name, losses in columns.items()}
    frame = {"example_id": [f"d{k}" for k in range(len(loss))], "loss": loss, **names}
    return prediction_table.validate(pd.DataFrame(frame), "dev")


def fixed(loss, **columns):
    """Name columns `oracle.a` and `oracle.a+b` from a and a__b."""
    more = {
        name: columns.pop(name) for name in ("weight", "group_id", "is_error") if name in columns
    }
    return dev(loss, **{f"oracle.{name}": losses for name, losses in columns.items()}, **more)


def found(table):
    return oracle_components.table_ceilings(table, np.random.default_rng(1), QUICK)


def told(table, **settings):
    return diagnose_as_json([Model(tables={"dev": table})], Settings(**settings))


def test_the_walk_follows_the_order_of_the_columns():
    table = fixed(rate(0.2), box=rate(0.11), box__breed=rate(0.0))
    first, second = found(table)["parts"]
    assert (first["component"], second["component"]) == ("box", "breed")
    assert first["cumulative"]["value"] == pytest.approx(0.09)
    assert second["cumulative"]["value"] == pytest.approx(0.11)
    assert second["alone"] is None
    assert second["shapley"] is None
    assert second["missing"] == ["oracle.breed"]


def test_with_every_set_the_fair_shares_add_up_and_each_error_has_a_part():
    # Wrong: 0-199. A perfect box mends 0-99, a perfect breed 50-149, both 0-199.
    n = np.arange(1000)
    alone = [np.where((n >= a) & (n < b), 0.0, rate(0.2)) for a, b in ((0, 100), (50, 150))]
    block = found(fixed(rate(0.2), box=alone[0], breed=alone[1], box__breed=rate(0.0)))
    shares = [part["shapley"]["value"] for part in block["parts"]]
    assert shares == pytest.approx([0.1, 0.1])  # (.1 + .1) / 2, and (.1 + .1) / 2
    assert block["attribution"]["counts"] == {"box": 100, "breed": 100}
    assert block["parts"][0]["missing"] == []


def test_without_the_steps_of_the_walk_each_part_is_told_alone():
    block = found(fixed(rate(0.2), box=rate(0.11), breed=rate(0.15)))
    first, second = block["parts"]
    assert first["alone"]["value"] == pytest.approx(0.09)
    assert second["alone"]["value"] == pytest.approx(0.05)
    assert second["cumulative"] is None
    assert second["missing"] == ["oracle.box+breed"]
    assert block["attribution"]["counts"] == {"box": 90, "breed": 110}


def test_attribution_without_a_part_alone_says_which_column_is_missing():
    block = found(fixed(rate(0.2), a=rate(0.1), a__b=rate(0.05), a__b__c=rate(0.0)))
    assert block["attribution"] is None
    assert block["no_attribution"] == "columns missing: oracle.b"
    flagged = fixed(rate(0.2), a=rate(0.1), a__b=rate(0.0), is_error=rate(0.1) > 0)
    assert "is_error" in found(flagged)["no_attribution"]


def test_weights_count_in_a_ceiling_as_in_the_error():
    # Two examples of weight 3 are mended, of 10 wrong among 100: 6 / (98 + 2 * 3).
    weight = np.where(np.arange(100) < 2, 3.0, 1.0)
    after = np.where(np.arange(100) < 2, 0.0, rate(0.1, 100))
    table = fixed(rate(0.1, 100), a=after, weight=weight)
    one = found(table)["parts"][0]["cumulative"]
    assert one["value"] == pytest.approx(6 / 104)
    assert one["before"] == pytest.approx(table.error)


def test_a_weighted_mean_by_sums_is_that_of_rows_written_out(rng):
    # A row of weight 3 in a group is three rows of weight 1 in it.
    before, after, groups = rng.random(60), rng.random(60), np.repeat(np.arange(20), 3)
    weight = rng.integers(1, 4, 60)
    one = ceiling(
        MeanLoss(weight=weight.astype(float)),
        before,
        after,
        groups,
        np.random.default_rng(4),
        QUICK,
    )
    times = [np.repeat(x, weight) for x in (before, after, groups)]
    other = ceiling(mean_loss, *times, np.random.default_rng(4), QUICK)
    assert (one.value, one.lo, one.hi) == pytest.approx((other.value, other.lo, other.hi))


def test_types_of_error_are_ceilings_of_their_own():
    table = dev(rate(0.4), **{"oracle_type.class": rate(0.2), "oracle_type.box": rate(0.1)})
    types = found(table)["types"]
    assert [t["type"] for t in types] == ["box", "class"]
    assert [t["value"] for t in types] == pytest.approx([0.3, 0.2])
    assert [step["link"] for step in told(table)["next"][:2]] == ["type:box", "type:class"]


def test_parts_become_steps_by_what_they_give():
    table = fixed(rate(0.2), box=rate(0.15), box__breed=rate(0.05), box__breed__name=rate(0.0))
    steps = told(table, human_error=0.0)["next"]
    assert [s["link"] for s in steps[:3]] == ["component:breed", "component:box", "component:name"]
    assert steps[0]["gain"] == pytest.approx(0.10)
    assert "10.00%" in steps[0]["stop_rule"]
    assert steps[0]["evidence"] == "ceilings.parts.1"


def test_a_part_that_gives_nothing_beyond_doubt_is_no_step():
    after = rate(0.2).copy()
    after[0], after[500] = 0.0, 0.0  # one of 200 errors
    links = [s["link"] for s in told(fixed(rate(0.2), a=after))["next"]]
    assert "component:a" not in links


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"oracle.": rate(0)}, "column 'oracle.': name each component once"),
        ({"oracle.a+": rate(0)}, "column 'oracle.a+': name each component once"),
        ({"oracle.a+a": rate(0)}, "column 'oracle.a+a': name each component once"),
        (
            {"oracle.a+b": rate(0), "oracle.b+a": rate(0)},
            "'oracle.b+a' has the same components as 'oracle.a+b'",
        ),
        ({"oracle.a": -rate(0.1)}, "column 'oracle.a', row 1: -1 is below 0"),
        ({"oracle_type.a": np.where(rate(0.1) > 0, np.nan, 0)}, "'oracle_type.a', row 1: nan is"),
    ],
)
def test_columns_that_make_no_sense_are_named(columns, words):
    with pytest.raises(FoursplitError) as refused:
        found(dev(rate(0.2), **columns))
    assert words in str(refused.value)


def test_without_such_columns_the_block_says_which_would_do():
    block = told(dev(rate(0.1)))["ceilings"]
    assert block["parts"] == block["types"] == []
    assert "oracle.<component>" in block["not_applicable"]


def test_the_block_is_json():
    table = fixed(rate(0.2, 10), a=rate(0.1, 10), a__b=rate(0.0, 10))
    assert json.dumps(told(table)["ceilings"], allow_nan=False)
