"""What a hundred errors say, against the cases of the course and against counting by hand."""

import json
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats.contingency import relative_risk
from statsmodels.stats.proportion import proportion_confint

from foursplit.diagnosis import prediction_table
from foursplit.diagnosis.error_analysis import tags
from foursplit.diagnosis.stats.proportions import wilson_interval


def dev(said, *, n=None, correct=(), loss=None, **more):
    """Give errors with these tags, then read correct ones, then n examples in all."""
    n = n or len(said) + len(correct)
    rest = n - len(said) - len(correct)
    frame = {
        "example_id": [f"e{k}" for k in range(n)],
        "loss": [*(loss or [1.0] * len(said)), *[0.0] * (n - len(said))],
        "tags": [*said, *correct, *[()] * rest],
        **more,
    }
    table = prediction_table.validate(pd.DataFrame(frame), "dev")
    read = np.arange(n) < len(said) + len(correct)
    return prediction_table.PredictionTable(split="dev", frame=table.frame.assign(read=read))


def by_name(report):
    return {tag.tag: tag for tag in report.tags}


def test_four_images_of_which_one_bears_two_tags_sum_to_more_than_all():
    # Machine Learning Yearning, chapter 15: dog 25 %, great cat 50 %, blurry 50 %.
    report = tags.count_tags(dev([("dog",), ("great cat",), ("great cat", "blurry"), ("blurry",)]))
    shares = {name: tag.share for name, tag in by_name(report).items()}
    assert shares == {"dog": 0.25, "great cat": 0.5, "blurry": 0.5}
    assert report.sum_of_shares == pytest.approx(1.25)
    assert "sum to 125.0%" in report.note


COURSE = {"dog": 8, "great cat": 43, "blurry": 61, "filter": 12, "mislabelled": 6}


def course_sheet():
    said = [[] for _ in range(100)]
    place = 0
    for tag, count in COURSE.items():
        for _ in range(count):
            said[place % 100].append(tag)
            place += 1
    return [tuple(each) for each in said]


def test_the_ceilings_of_the_course_follow_from_100_errors_at_10_per_cent():
    report = tags.count_tags(dev(course_sheet(), n=1000))
    found = by_name(report)
    for tag, count in COURSE.items():
        assert found[tag].count == count
        assert found[tag].ceiling == pytest.approx(count / 1000)  # 0.8, 4.3, 6.1, 1.2, 0.6 points
        assert found[tag].dev_after == pytest.approx(0.1 - count / 1000)
    assert [tag.tag for tag in report.tags][:2] == ["blurry", "great cat"]  # not the dogs


@pytest.mark.parametrize(("dogs", "after"), [(5, 0.095), (50, 0.05)])
def test_dogs_that_are_5_of_100_leave_9_and_a_half_per_cent_and_50_leave_5(dogs, after):
    report = tags.count_tags(dev([("dog",)] * dogs + [("other",)] * (100 - dogs), n=1000))
    assert by_name(report)["dog"].dev_after == pytest.approx(after)


def test_two_families_of_tags_are_counted_apart():
    # The spam of 2011: of 100 errors 53 steal passwords; of the cues punctuation leads with 32.
    kinds = ["pharma"] * 12 + ["replica"] * 4 + ["passwords"] * 53 + ["other"] * 31
    cues = ["misspelling"] * 5 + ["routing"] * 16 + ["punctuation"] * 32 + [""] * 47
    said = [(f"kind:{a}", *([f"cue:{b}"] if b else [])) for a, b in zip(kinds, cues, strict=True)]
    table = dev(said, n=500)
    kind, cue = tags.count_tags(table, family="kind"), tags.count_tags(table, family="cue")
    assert (kind.tags[0].tag, kind.tags[0].share) == ("passwords", pytest.approx(0.53))
    assert (cue.tags[0].tag, cue.tags[0].share) == ("punctuation", pytest.approx(0.32))
    assert kind.covered == pytest.approx(1)
    assert cue.covered == pytest.approx(0.53)
    assert kind.sum_of_shares == pytest.approx(1)  # a mail is of one kind


@pytest.mark.parametrize(
    ("count", "lo", "hi"),
    # Per cent, for so many of 100 errors read.
    [(5, 2.2, 11.2), (8, 4.1, 15.0), (43, 33.7, 52.8), (61, 51.2, 70.0), (90, 82.6, 94.5)],
)
def test_the_interval_of_a_share_is_that_of_wilson(count, lo, hi):
    found = wilson_interval(count / 100, 100, 0.95)
    assert found == pytest.approx(proportion_confint(count, 100, method="wilson"))
    assert found == (pytest.approx(lo / 100, abs=5e-4), pytest.approx(hi / 100, abs=5e-4))
    report = tags.count_tags(dev([("a",)] * count + [("b",)] * (100 - count)))
    assert (by_name(report)["a"].lo, by_name(report)["a"].hi) == pytest.approx(found)


SHEET = st.lists(st.sets(st.sampled_from("abcdef"), max_size=4).map(sorted).map(tuple), min_size=1, max_size=40)  # fmt: skip  # noqa: E501
LOSSES = st.lists(st.floats(0.1, 5), min_size=40, max_size=40)


@given(SHEET, LOSSES)
@settings(deadline=None, max_examples=60)
def test_shapley_values_sum_to_the_covered_share(said, losses):
    losses = losses[: len(said)]
    report = tags.count_tags(dev(said, loss=losses))
    covered = sum(x for x, t in zip(losses, said, strict=True) if t) / sum(losses)
    assert sum(tag.shapley for tag in report.tags) == pytest.approx(covered, abs=1e-9)
    assert report.covered == pytest.approx(covered, abs=1e-9)
    for tag in report.tags:
        assert tag.exclusive <= tag.shapley + 1e-9
        assert tag.shapley <= tag.share + 1e-9
        assert tag.lo <= tag.share <= tag.hi


@given(SHEET)
@settings(deadline=None, max_examples=40)
def test_the_cover_curve_is_that_of_plain_greed(said):
    report = tags.count_tags(dev(said))
    left, covered = set(range(len(said))), 0
    for tag, share in report.cover:
        gains = {t: sum(t in said[k] for k in left) for t in sorted({t for s in said for t in s})}
        assert gains[tag] == max(gains.values())
        left -= {k for k in left if tag in said[k]}
        covered += gains[tag]
        assert share == pytest.approx(covered / len(said))
    assert not any(said[k] for k in left)


@given(SHEET, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=30)
def test_the_order_of_rows_changes_nothing(said, random):
    table = dev(said)
    order = list(range(len(said)))
    random.shuffle(order)
    first, second = tags.count_tags(table), tags.count_tags(table.take(np.array(order)))
    assert [t.tag for t in first.tags] == [t.tag for t in second.tags]
    assert [c[0] for c in first.cover] == [c[0] for c in second.cover]
    for a, b in zip(first.tags, second.tags, strict=True):
        assert (a.share, a.shapley) == (pytest.approx(b.share), pytest.approx(b.shapley))


def test_a_tag_as_common_among_correct_answers_has_no_lift():
    # 61 % of the errors are blurry, and so is 61 % of everything: nothing to work on.
    said = [("blurry",)] * 61 + [("dog",)] * 39
    correct = [("blurry",)] * 61 + [()] * 39
    found = by_name(tags.count_tags(dev(said, correct=correct)))
    assert found["blurry"].lift == pytest.approx(1)
    assert found["blurry"].stands_out is False
    assert found["dog"].stands_out  # 39 errors, and no correct answer
    assert found["dog"].lift is None
    assert "none of the 100 correct examples read" in found["dog"].no_lift


@pytest.mark.parametrize(("a", "n", "b", "m"), [(40, 100, 20, 90), (300, 500, 250, 600)])
def test_the_interval_of_a_lift_is_that_of_a_risk_ratio(a, n, b, m):
    known = relative_risk(a, n, b, m).confidence_interval(0.95)
    assert tags.ratio_interval(a, n, b, m, 0.95) == pytest.approx((known.low, known.high), rel=0.03)


@given(st.integers(0, 50), st.integers(1, 50), st.integers(0, 50), st.integers(1, 50))
def test_to_swap_errors_and_correct_answers_turns_the_lift_over(a, n, b, m):
    a, b = min(a, n), min(b, m)
    lo, hi = tags.ratio_interval(a, n, b, m, 0.95)
    other_lo, other_hi = tags.ratio_interval(b, m, a, n, 0.95)
    assert lo <= hi
    assert (lo, hi) == (pytest.approx(1 / other_hi), pytest.approx(1 / other_lo))


def test_lifts_of_one_population_seem_to_stand_out_as_rarely_as_they_should():
    rng = np.random.default_rng(0)
    times = 2000
    draws = rng.binomial((40, 40), 0.4, size=(times, 2))
    above = sum(tags.ratio_interval(a, 40, b, 40, 0.95)[0] > 1 for a, b in draws.tolist())
    assert above / times < 0.025 + 3 * (0.025 * 0.975 / times) ** 0.5


def test_errors_of_one_group_make_no_lift_surer():
    said, correct = [("a",)] * 30 + [()] * 10, [("a",)] * 20 + [()] * 20
    alone = by_name(tags.count_tags(dev(said, correct=correct)))["a"]
    ids = [k // 10 for k in range(80)]
    grouped = by_name(tags.count_tags(dev(said, correct=correct, group_id=ids)))["a"]
    assert alone.lift == grouped.lift
    assert grouped.lift_lo < alone.lift_lo
    assert (alone.stands_out, grouped.stands_out) == (True, False)


def test_without_correct_answers_read_there_is_no_lift():
    found = tags.count_tags(dev([("blurry",)] * 10, n=100)).tags[0]
    assert found.lift is None
    assert found.stands_out is None
    assert "no correct example was read" in found.no_lift


def test_unequal_losses_weigh_the_shares_and_the_report_says_so():
    report = tags.count_tags(dev([("a",), ("b",), ("b",)], loss=[2.0, 1.0, 1.0], n=10))
    found = by_name(report)
    assert found["a"].share == found["b"].share == pytest.approx(0.5)
    assert found["a"].ceiling == pytest.approx(0.2)  # of an error of 0.4
    assert "loss times weight" in report.method
    assert "by count" in tags.count_tags(dev([("a",)])).method


def test_errors_of_one_group_count_once_towards_certainty():
    said = [("a",)] * 20 + [("b",)] * 20
    alone = by_name(tags.count_tags(dev(said)))["a"]
    grouped = by_name(tags.count_tags(dev(said, group_id=[k // 10 for k in range(40)])))["a"]
    assert grouped.share == alone.share
    assert (grouped.lo, grouped.hi) == pytest.approx(proportion_confint(2, 4, method="wilson"))


def test_the_overlap_says_how_often_two_tags_meet():
    report = tags.count_tags(dev([("a", "b"), ("a",), ("a", "c"), ()]))
    assert report.overlap_tags == ("a", "b", "c")
    assert report.overlap == ((0.75, 0.25, 0.25), (0.25, 0.25, 0.0), (0.25, 0.0, 0.25))


def test_what_is_neither_tagged_nor_audited_was_not_read():
    frame = pd.DataFrame(
        {
            "example_id": list("abcd"),
            "loss": 1.0,
            "tags": ["dog", "", "", ""],
            "label_audit": [None, "ok", None, None],
        }
    )
    report = tags.count_tags(prediction_table.validate(frame, "dev"))
    assert report.n_read == 2
    assert report.tags[0].share == 0.5


def test_without_tags_the_report_says_why():
    bare = prediction_table.validate(
        pd.DataFrame({"example_id": list("ab"), "loss": [1.0, 0.0]}), "dev"
    )
    assert "no tags" in tags.count_tags(bare).not_applicable
    assert "no tags" in tags.count_tags(bare).as_json()["note"]
    untagged = tags.count_tags(dev([(), ()]))
    assert "None of the 2 errors read" in untagged.not_applicable


def test_ten_thousand_tags_are_counted_and_fifty_are_shown(rng):
    said = [tuple(f"t{k}" for k in rng.integers(0, 10_000, 5)) for _ in range(20_000)]
    start = time.perf_counter()
    block = tags.count_tags(dev(said)).as_json()
    assert time.perf_counter() - start < 10  # 0.5 s here; a matrix of all pairs would not end
    assert len(block["tags"]) == len(block["cover"]) == 50
    assert block["n_left_out"] == 10_000 - 50
    assert json.loads(json.dumps(block, allow_nan=False)) == block
