"""One part of dev is read, the other judges, and neither grows at the other's cost."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foursplit.core.errors import FoursplitError
from foursplit.diagnosis import prediction_table
from foursplit.diagnosis.error_analysis import eyeball


def dev(n, n_errors, group=None, start=0):
    """Give n examples of which every (n / n_errors)th is wrong."""
    loss = np.zeros(n)
    loss[np.linspace(0, n - 1, n_errors).astype(int)] = 1.0
    frame = pd.DataFrame({"example_id": [f"e{start + k}" for k in range(n)], "loss": loss})
    if group is not None:
        frame["group_id"] = [f"g{(start + k) // group}" for k in range(n)]
    return prediction_table.validate(frame, "dev")


def ids(table):
    return set(table.frame["example_id"])


def test_of_5000_at_20_per_cent_500_are_read():
    # Machine Learning Yearning, chapter 17: 1,000 errors, 100 to read, so a tenth of dev.
    found = eyeball.split_dev(dev(5000, 1000))
    assert (len(found.eyeball), len(found.blackbox)) == (500, 4500)


def test_at_5_per_cent_2000_are_read():
    # Chapter 18.
    assert len(eyeball.split_dev(dev(10_000, 500)).eyeball) == 2000


def test_at_most_30_per_cent_is_read():
    found = eyeball.split_dev(dev(1000, 60))  # 100 errors would need 1,667 examples
    assert len(found.eyeball) == 300
    assert "larger dev set" in found.note


def test_with_fewer_than_50_errors_all_is_read_and_nothing_judges():
    found = eyeball.split_dev(dev(1000, 49))
    assert found.blackbox is None
    assert len(found.eyeball) == 1000
    assert "49 errors, fewer than 50" in found.note


@given(st.integers(1, 40), st.integers(60, 200))
@settings(deadline=None, max_examples=25)
def test_a_group_is_never_parted(group, n_errors):
    found = eyeball.split_dev(dev(1000, n_errors, group))
    if found.blackbox is not None:
        read, judged = (set(t.frame["group_id"]) for t in (found.eyeball, found.blackbox))
        assert not read & judged
        assert len(found.eyeball) <= 300
        assert len(found.eyeball) + len(found.blackbox) == 1000


@given(st.integers(0, 3000), st.sampled_from([None, 7]))
@settings(deadline=None, max_examples=15)
def test_with_the_share_kept_growth_moves_no_example(more, group):
    before = eyeball.split_dev(dev(1400, 280, group))
    grown = pd.concat([dev(1400, 280, group).frame, dev(more + 1, 1, group, 1400).frame])
    after = eyeball.split_dev(prediction_table.validate(grown, "dev"), share=before.share)
    assert ids(before.eyeball) <= ids(after.eyeball)
    assert ids(before.blackbox) <= ids(after.blackbox)


def test_sized_anew_an_example_moves_one_way_only():
    # 500 of 5,000 is a larger share than 500 of 10,000: old ones may leave, none may join.
    before, after = eyeball.split_dev(dev(5000, 1000)), eyeball.split_dev(dev(10_000, 2000))
    assert ids(after.eyeball) & ids(before.blackbox) == set()


@given(st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=10)
def test_the_order_of_rows_changes_nothing(random):
    table = dev(600, 100, 3)
    order = list(range(600))
    random.shuffle(order)
    assert ids(eyeball.split_dev(table).eyeball) == ids(
        eyeball.split_dev(table.take(np.array(order))).eyeball
    )


def test_another_salt_reads_others():
    table = dev(5000, 1000)
    assert ids(eyeball.split_dev(table).eyeball) != ids(eyeball.split_dev(table, salt="b").eyeball)


def test_hashes_do_not_depend_on_the_type_that_text_is_stored_in():
    table = dev(100, 60)
    other = prediction_table.PredictionTable(
        split="dev", frame=table.frame.astype({"example_id": object})
    )
    a, b = (eyeball.group_hashes(t, "s") for t in (table, other))
    assert (a == b).all()
    assert len(set(a)) == 100


def test_a_share_outside_0_to_1_is_refused():
    with pytest.raises(FoursplitError, match="above 0 and at most 1"):
        eyeball.split_dev(dev(100, 60), share=1.5)


def worked_on(read_rate, judged_rate):
    def table(n, rate, start):
        return dev(n, int(n * rate), start=start)

    return eyeball.EyeballSplit(
        eyeball=table(500, read_rate, 0), blackbox=table(4500, judged_rate, 500), note="", share=0.1
    )


def test_an_eyeball_that_was_worked_on_is_stale(rng):
    found = eyeball.measure_staleness(worked_on(0.08, 0.20), rng)
    assert found.material
    assert found.value == pytest.approx(0.12)
    assert 0 < found.lo < 0.12 < found.hi


def test_a_fresh_eyeball_is_not_stale(rng):
    table = dev(5000, 1000)
    shuffled = table.frame.assign(loss=rng.permutation(table.loss)).drop(columns="is_error")
    found = eyeball.measure_staleness(
        eyeball.split_dev(prediction_table.validate(shuffled, "dev")), rng
    )
    assert not found.material
    assert found.lo < 0 < found.hi


def test_without_a_blackbox_nobody_can_say_whether_it_is_stale(rng):
    found = eyeball.measure_staleness(eyeball.split_dev(dev(100, 10)), rng)
    assert found.as_json()["value"] is None
    assert "fewer than 50" in found.reason
