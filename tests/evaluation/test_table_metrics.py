"""Metrics of whole tables: cases by hand, other implementations, and where they are written."""

import json
import math
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torchmetrics.functional.text import bleu_score, char_error_rate

from foursplit.config.schema import ComparisonGroup, DiagnosisConfig
from foursplit.core.errors import FoursplitError
from foursplit.core.examples import DataSpec
from foursplit.evaluation import table_metrics
from foursplit.evaluation.group_choices import check_group
from foursplit.evaluation.metrics import detect
from foursplit.evaluation.metrics import sequence_to_sequence as texts

TEXTS = ComparisonGroup(dataset="made", task="sequence_to_sequence", metric="error")

CONFIG = DiagnosisConfig(
    n_resamples=100, confidence=0.95, min_gap=0.005, min_gap_fraction=0.1,
    co_primary_fraction=0.5, seed=1, tie_probability=0.05,
)  # fmt: skip
WORDS = DataSpec(inputs=(), tokenizer="words")
CHARACTERS = DataSpec(inputs=(), tokenizer="characters")


def text_table(pairs, spec=WORDS):
    answers, known = (np.array(side, dtype=object) for side in zip(*pairs, strict=True))
    table = texts.score_columns(answers, known, spec)
    return table.assign(split="dev", group_id=[f"g{n}" for n in range(len(table))])


def of_texts(pairs, spec=WORDS):
    """Compute each metric of (answer, truth) pairs."""
    columns = table_metrics.numeric_columns(text_table(pairs, spec))
    return {name: compute(columns) for name, compute in texts.TABLE_METRICS.items()}


def test_bleu_is_that_by_hand():
    # 5 of 6 words, 3 of 5 pairs, 2 of 4 triples, 1 of 3 quadruples; the answer is not too short.
    found = of_texts([("the cat sat on a mat", "the cat sat on the mat")])["bleu"]
    assert found == pytest.approx((5 / 6 * 3 / 5 * 2 / 4 * 1 / 3) ** 0.25)


def test_a_short_answer_pays_for_its_brevity_and_a_repeated_word_counts_once():
    assert of_texts([("a b c d", "a b c d e f")])["bleu"] == pytest.approx(math.exp(1 - 6 / 4))
    # The published case: seven times "the", of which the truth has two.
    table = text_table([("the the the the the the the", "the cat is on the mat")])
    assert table["stat.matches_1"].tolist() == [2]


LINES = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=9).map(" ".join)


@settings(deadline=None)
@given(st.lists(st.tuples(LINES, LINES), min_size=1, max_size=6))
def test_bleu_and_character_errors_are_those_of_torchmetrics(pairs):
    answers, known = ([*side] for side in zip(*pairs, strict=True))
    found = of_texts(pairs)
    assert found["bleu"] == pytest.approx(
        float(bleu_score(answers, [[k] for k in known])), abs=1e-5
    )
    assert found["character_error_rate"] == pytest.approx(
        float(char_error_rate(answers, known)), abs=1e-5
    )
    assert found["exact_match"] == pytest.approx(np.mean([a == k for a, k in pairs]))


def test_characters_are_the_tokens_where_the_data_set_says_so():
    found = of_texts([("1979-05-03", "1979-05-04")], CHARACTERS)
    # 9 of 10, 8 of 9, 7 of 8, 6 of 7 n-grams are right.
    assert found["bleu"] == pytest.approx((9 / 10 * 8 / 9 * 7 / 8 * 6 / 7) ** 0.25)
    assert found["character_error_rate"] == pytest.approx(0.1)


def test_an_empty_answer_has_no_bleu_and_only_errors():
    assert of_texts([("", "a b c d")]) == {
        "bleu": 0.0, "exact_match": 0.0, "character_error_rate": 1.0,
    }  # fmt: skip


def test_the_mean_of_the_rows_is_not_the_metric_of_the_table():
    pairs = [("a", "a b c d e f g h"), ("x", "x")]
    by_row = np.mean([of_texts([pair])["character_error_rate"] for pair in pairs])
    assert of_texts(pairs)["character_error_rate"] > by_row + 0.3


def picture_table(pictures):
    """Score pictures, each of (box, 6) answers and (box, 5) true boxes."""
    answers, known = (
        [np.array(side, np.float64).reshape(-1, width) for side in sides]
        for sides, width in zip(zip(*pictures, strict=True), (6, 5), strict=True)
    )
    table = detect.score_columns(answers, known, DataSpec(inputs=(1, 8, 8)))
    return table.assign(split="dev", group_id=[f"g{n}" for n in range(len(table))])


def map_50(pictures):
    return detect.mean_average_precision(detect.table_columns(picture_table(pictures)))


HERE, THERE = (0, 0, 4, 4), (10, 10, 14, 14)


def test_average_precision_is_that_by_hand():
    # Right at .9, wrong at .8, right at .7, and one of three objects is never found.
    area = detect.average_precision(np.array([0.7, 0.9, 0.8]), np.array([1, 1, 0]), n_true=3)
    assert area == pytest.approx(1 / 3 * 1 + 1 / 3 * 2 / 3)


def test_equal_scores_count_as_one_whatever_their_order():
    score = np.array([0.5, 0.5, 0.5, 0.5])
    for right in ([1, 0, 0, 1], [0, 1, 1, 0]):
        area = detect.average_precision(score, np.array(right), n_true=2)
        assert area == pytest.approx(0.5)


def test_classes_weigh_the_same_however_rare():
    pictures = [([(*HERE, 1, 0.9)], [(*HERE, 1)])] * 9 + [([], [(*HERE, 2)])]
    assert map_50(pictures) == pytest.approx(0.5)


def test_a_second_box_of_an_object_a_shifted_one_and_another_class_are_wrong():
    twice = [((*HERE, 1, 0.9)), (*HERE, 1, 0.8)], [(*HERE, 1), (*THERE, 1)]
    assert map_50([twice]) == pytest.approx(0.5)
    assert map_50([([(2, 0, 6, 4, 1, 0.9)], [(*HERE, 1)])]) == 0  # an overlap of a third
    assert map_50([([(*HERE, 2, 0.9)], [(*HERE, 1)])]) == 0


def test_a_low_score_is_ranked_and_not_found():
    table = picture_table([([(*HERE, 1, 0.3)], [(*HERE, 1)])])
    assert table["loss"].tolist() == [1.0]
    assert table["missed"].tolist() == [1.0]
    assert json.loads(table["boxes"][0]) == []
    assert detect.mean_average_precision(detect.table_columns(table)) == 1.0


def test_pictures_without_an_object_have_no_average_precision():
    assert math.isnan(map_50([([(*HERE, 1, 0.9)], [])]))


def overlap(a, b):
    """Return the overlap of two boxes of whole numbers by counting pixels."""
    cells = [{(x, y) for x in range(r[0], r[2]) for y in range(r[1], r[3])} for r in (a, b)]
    union = cells[0] | cells[1]
    return len(cells[0] & cells[1]) / len(union) if union else 0.0


def plain_map(pictures):
    """Compute the same by the definition: for each class and recall the highest precision."""
    areas = []
    for label in sorted({row[4] for _, true in pictures for row in true}):
        found, n_true = [], 0
        for predicted, true in pictures:
            free = [row for row in true if row[4] == label]
            n_true += len(free)
            mine = [row for row in predicted if row[4] == label]
            for row in sorted(mine, key=lambda row: -row[5]):
                best = max(free, key=lambda other: overlap(row, other), default=None)
                right = best is not None and overlap(row, best) >= 0.5
                if right:
                    free.remove(best)
                found.append((row[5], right))
        points = []
        for limit in {score for score, _ in found}:
            kept = [right for score, right in found if score >= limit]
            points.append((sum(kept), sum(kept) / len(kept)))
        best = [max([p for n, p in points if n >= k], default=0) for k in range(1, n_true + 1)]
        areas.append(sum(best) / n_true)
    return sum(areas) / len(areas) if areas else math.nan


CORNER = st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(2, 5), st.integers(2, 5))
BOX = CORNER.map(lambda c: (c[0], c[1], c[0] + c[2], c[1] + c[3]))
TRUE = st.lists(st.tuples(BOX, st.integers(0, 2)).map(lambda b: (*b[0], b[1])), max_size=4)
FOUND = st.lists(
    st.tuples(BOX, st.integers(0, 2), st.integers(1, 20)).map(lambda b: (*b[0], b[1], b[2] / 20)),
    max_size=5,
    unique_by=lambda row: row[5],  # within a picture; between pictures scores are often equal
)


@settings(deadline=None)
@given(st.lists(st.tuples(FOUND, TRUE), min_size=1, max_size=5))
def test_the_mean_average_precision_is_that_of_the_definition(pictures):
    assert map_50(pictures) == pytest.approx(plain_map(pictures), nan_ok=True)


def test_a_summary_has_the_intervals_by_split_and_none_for_tasks_without():
    pairs = [("a b c d", "a b c d")] * 20 + [("a b c x", "a b c d")] * 10
    table = text_table(pairs)
    found = table_metrics.by_split({"dev": table}, TEXTS, CONFIG)
    assert list(found) == ["table_metrics"]
    for block in found["table_metrics"]["dev"].values():
        assert 0 <= block["lo"] < block["value"] < block["hi"] <= 1
        assert (block["n"], block["n_groups"]) == (30, 30)
    assert found == table_metrics.by_split({"dev": table}, TEXTS, CONFIG)
    classes = pd.DataFrame({"loss": [0.0], "group_id": "a", "split": "dev"})
    clusters = ComparisonGroup(dataset="made", task="cluster", metric="error")
    assert table_metrics.by_split({"dev": classes}, clusters, CONFIG) == {}


def test_a_group_cannot_compete_on_a_metric_of_whole_tables():
    group = ComparisonGroup(dataset="dates", task="sequence_to_sequence", metric="bleu")
    with pytest.raises(FoursplitError, match="'bleu' is of whole tables.*Valid: edit_rate, error"):
        check_group("made", group)


def test_n_grams_are_counted_as_often_as_both_have_them():
    table = text_table([("a a b", "a a a")])
    assert table["stat.matches_1"].tolist() == [(Counter("aab") & Counter("aaa")).total()] == [2]
    assert table["stat.matches_2"].tolist() == [1]
    assert table["stat.matches_4"].tolist() == [0]
