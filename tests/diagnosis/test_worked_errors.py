"""Worked examples of human level, of error tables and of labels, on tables built to their counts.

MLY is Ng (2018), Machine Learning Yearning; C3 is DLS course 3; ML 2011 his first online course.
"""

import numpy as np
import pandas as pd
import pytest

from foursplit.diagnosis import prediction_table
from foursplit.diagnosis.diagnose import diagnose_as_json
from foursplit.diagnosis.error_analysis import annotation_sheet, label_audit, tags
from foursplit.diagnosis.prediction_table import Model
from foursplit.diagnosis.settings import Settings


def dev(n, wrong, **columns):
    """Give n dev examples of which the first are wrong; a column's rest is empty."""
    frame = {"example_id": [f"d{k}" for k in range(n)], "loss": (np.arange(n) < wrong) * 1.0}
    padded = {name: [*values, *[None] * (n - len(values))] for name, values in columns.items()}
    return prediction_table.validate(pd.DataFrame({**frame, **padded}), "dev")


def told(table, **settings):
    return diagnose_as_json([Model(tables={"dev": table})], Settings(**settings))


PEOPLE = {
    "C MLY 34": ({"a": 0.15, "b": 0.10, "c": 0.05, "d": 0.02}, "d"),
    "C C3 W1 X-ray": ({"typical": 0.03, "doctor": 0.01, "expert": 0.007, "team": 0.005}, "team"),
    "C C3 W1 quiz Q8": ({"e1": 0.003, "e2": 0.005, "n1": 0.010, "n2": 0.012}, "e1"),
    "C C3 W1 quiz Q10": ({"e1": 0.003, "e2": 0.005, "n1": 0.010, "team": 0.001}, "team"),
}


@pytest.mark.parametrize("name", PEOPLE)
def test_the_best_of_people_is_what_bias_is_measured_from(name):
    levels, who = PEOPLE[name]
    found = told(dev(1000, 100), human_error=levels)
    assert found["human"]["who"] == who
    assert found["splits"]["human"]["value"] == levels[who]
    assert [row["who"] for row in found["human"]["levels"] if row["taken"]] == [who]


@pytest.mark.parametrize(
    ("wrong", "change"),
    [pytest.param(400, [], id="C MLY 34 at 40 %"), pytest.param(100, ["b"], id="C MLY 34 at 10 %")],
)
def test_between_ten_and_five_per_cent_the_choice_matters_near_human_level_alone(wrong, change):
    found = told(dev(1000, wrong), human_error={"b": 0.10, "c": 0.05})
    assert found["human"]["would_change_the_verdict"] == change


def shares(found):
    return {row["tag"]: row["share"] for row in found["tags"]["tags"]}


def test_e1_mly_15_of_four_images_one_bears_two_tags():
    said = ["dog", "great cat", "great cat;blurry", "blurry"]
    found = told(dev(40, 4, tags=said))
    assert shares(found) == {"dog": 0.25, "great cat": 0.5, "blurry": 0.5}
    assert found["tags"]["sum_of_shares"] == 1.25  # more than all, and rightly so


def sheet_of(counts, n=100):
    """Give n errors so tagged that each count comes out, tags spread as evenly as they go."""
    ticks = [tag for tag, count in counts.items() for _ in range(count)]
    said = [[] for _ in range(n)]
    for place, tag in enumerate(ticks):
        said[place % n].append(tag)
    return [";".join(each) for each in said]


def test_e2_c3_w2_the_ceilings_at_ten_per_cent_put_blurry_and_great_cats_before_dogs():
    counts = {"dog": 8, "great cat": 43, "blurry": 61, "filter": 12, "mislabeled": 6}
    found = told(dev(1000, 100, tags=sheet_of(counts)))
    ceilings = {row["tag"]: row["ceiling"] for row in found["tags"]["tags"]}
    assert ceilings == pytest.approx({tag: count / 1000 for tag, count in counts.items()})
    steps = [s["link"] for s in found["next"] if s["link"].startswith("tag:")]
    assert steps[:2] == ["tag:blurry", "tag:great cat"]
    assert "tag:dog" not in steps  # 0.8 points at most


@pytest.mark.parametrize(
    ("dogs", "after"),
    [pytest.param(5, 0.095, id="E3 MLY 14, C3 W2: 5"), pytest.param(50, 0.05, id="E3 MLY 14: 50")],
)
def test_what_is_left_once_the_dogs_are_right(dogs, after):
    found = told(dev(1000, 100, tags=["dog"] * dogs + ["other"] * (100 - dogs)))
    row = next(row for row in found["tags"]["tags"] if row["tag"] == "dog")
    assert row["dev_after"] == pytest.approx(after)


def test_e4_mly_26_errors_on_train_are_tagged_as_those_on_dev():
    # Four clips: loud noise in three, fast speech in one, far from the microphone in two.
    said = ["noise", "noise;fast", "far", "noise;far"]
    frame = {"example_id": list("abcd"), "loss": np.ones(4), "tags": said}
    report = tags.count_tags(prediction_table.validate(pd.DataFrame(frame), "train"))
    assert {tag.tag: tag.share for tag in report.tags} == {"noise": 0.75, "far": 0.5, "fast": 0.25}


def test_e6_ml_2011_kinds_of_spam_and_what_would_give_it_away_are_counted_apart():
    kinds = ["pharma"] * 12 + ["replica"] * 4 + ["passwords"] * 53 + ["other"] * 31
    cues = ["misspelling"] * 5 + ["routing"] * 16 + ["punctuation"] * 32 + [""] * 47
    said = [f"kind:{a}" + (f";cue:{b}" if b else "") for a, b in zip(kinds, cues, strict=True)]
    found = told(dev(500, 100, tags=said))
    for family, first, share in (("kind", "passwords", 0.53), ("cue", "punctuation", 0.32)):
        row = found["tags"]["families"][family]["tags"][0]
        assert (row["tag"], row["share"]) == (first, pytest.approx(share))
    assert found["tags"]["families"]["kind"]["sum_of_shares"] == pytest.approx(1.0)
    steps = [s["link"] for s in found["next"] if s["link"].startswith("tag:")]
    assert steps[0] == "tag:kind:passwords"


def test_e7_c3_w2_quiz_the_images_to_read_are_those_that_were_wrong(rng):
    drawn = annotation_sheet.sheet(dev(10_000, 1500), rng, n_errors=500, n_correct=0)
    assert len(drawn) == 500
    assert drawn["is_error"].all()


def audited(n, wrong, faults, correct=0, of_correct=0):
    said = ["wrong"] * faults + ["ok"] * (wrong - faults)
    said += ["wrong"] * of_correct + ["ok"] * (correct - of_correct)
    return dev(n, wrong, label_audit=said)


@pytest.mark.parametrize(
    ("wrong", "faults", "fix"),
    [
        pytest.param(100, 6, False, id="F MLY 16, C3 W2: 0.6 of 10 %"),
        pytest.param(20, 6, True, id="F MLY 16, C3 W2: 0.6 of 2 %"),
    ],
)
def test_labels_are_mended_where_they_are_much_of_the_error(wrong, faults, fix):
    found = told(audited(1000, wrong, faults))
    assert found["labels"]["noise"] == pytest.approx(0.006)
    assert found["labels"]["decision"]["fix"] is fix
    assert ("labels" in [s["link"] for s in found["next"]]) is fix


def test_f_c3_w2_labels_that_hide_which_of_two_models_is_better_are_mended():
    # 2.1 against 1.9 % with 0.6 points of wrong labels: either may be ahead.
    assert label_audit.worth_fixing(0.006, 0.10, gap_of_two_best=0.021 - 0.019).fix
    assert not label_audit.worth_fixing(0.006, 0.10, gap_of_two_best=0.02).fix


def test_f_mly_16_an_audit_of_errors_alone_is_biased_and_right_ones_are_asked_for():
    # 20 of 1,000 wrong, 6 of them by their label: 1.4 %, and 2.38 % with one of 100 right ones.
    alone = told(audited(1000, 20, 6))["labels"]
    assert alone["corrected"]["value"] is None
    assert alone["corrected"]["errors_only"] == pytest.approx(0.014)
    assert "correct" in alone["insufficient"]
    both = told(audited(1000, 20, 6, correct=100, of_correct=1))["labels"]
    assert both["corrected"]["value"] == pytest.approx(0.014 + 0.98 * 0.01)


def test_f_c3_w2_dev_and_test_are_mended_by_the_same_process():
    test = pd.DataFrame({"example_id": ["t1", "t2"], "loss": [0.0, 1.0]})
    made = Model(
        tables={"dev": audited(1000, 20, 6), "test": prediction_table.validate(test, "test")}
    )
    assert "ST031" in [f["code"] for f in diagnose_as_json([made], Settings())["findings"]]


def test_a_tag_that_correct_answers_bear_as_often_is_no_step_whatever_its_ceiling():
    # 61 of 100 errors are blurry, and so is 61 % of all: the ceiling is large and proves nothing.
    said = [("blurry",)] * 61 + [("cat",)] * 39 + [("blurry",)] * 61 + [()] * 339
    frame = pd.DataFrame(
        {
            "example_id": [f"e{n}" for n in range(500)],
            "loss": [1.0] * 100 + [0.0] * 400,
            "tags": said,
            "label_audit": ["ok"] * 200 + [None] * 300,
        }
    )
    found = diagnose_as_json(
        [Model(tables={"dev": prediction_table.validate(frame, "dev")})], Settings(n_resamples=200)
    )
    links = [step["link"] for step in found["next"]]
    assert "tag:cat" in links
    assert "tag:blurry" not in links
    (more,) = [step for step in found["next"] if step["link"] == "tags"]
    assert "'blurry'" in more["action"]
    assert more["gain"] is None
