"""Answers that are no classes and no quantities: texts, attention, boxes; metrics of tables."""

import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foursplit.core.arrays import Ragged
from foursplit.core.dataset_spec import DatasetSpec
from foursplit.core.examples import DataSpec, Examples
from foursplit.data import texts
from foursplit.evaluation.metrics import detect, sequence_to_sequence
from foursplit.reporting.panels.by_task import PANELS
from foursplit.reporting.plots.attention import attention
from foursplit.reporting.tables import table_metrics
from foursplit.reporting.tables.differences import Part, differences
from foursplit.tracking.runs import run_data

N = 40


@given(st.text("abc"), st.text("abc"))
def test_the_parts_of_a_comparison_give_back_both_texts(true, answer):
    parts = differences(true, answer, "")
    for text, own in ((true, "missing"), (answer, "extra")):
        assert "".join(p.text for p in parts if p.kind in ("same", own)) == text
    assert all(part.text for part in parts)


def test_a_comparison_by_hand():
    assert differences("1997-06-07", "1997-07-07", "") == (
        Part("same", "1997-0"), Part("missing", "6"), Part("extra", "7"), Part("same", "-07"),
    )  # fmt: skip
    assert differences(["the", "cat"], ["the", "black", "cat"], " ") == (
        Part("same", "the"), Part("extra", "black"), Part("same", "cat"),
    )  # fmt: skip
    assert differences("", "", "") == ()


def written(answers):
    """Return dev examples and the table of their answers; the truth is `ab`."""
    ids = [f"e{number:02}" for number in range(len(answers))]
    rows = pd.DataFrame({"example_id": ids, "group_id": ids, "content": ids, "domain": "all"})
    read = texts.from_texts([f"<read {number}>" for number in range(len(answers))])
    truth = ["ab"] * len(answers)
    scored = sequence_to_sequence.score_columns(
        np.array(answers, dtype=object), np.array(truth, dtype=object),
        DataSpec(inputs=(), tokenizer="characters"),
    )  # fmt: skip
    table = pd.concat([rows.drop(columns="content"), scored], axis=1)
    return Examples(x=read, metadata=rows), table.assign(split="dev", **{"meta.band": "low"})


TEXT = DatasetSpec(title="made", provenance="", files=(), target="", text="read")


def test_answers_in_text_are_shown_with_what_is_missing_and_what_is_extra():
    dev, table = written(["ac", "ab<b>", *["ab"] * (N - 2)])
    page = PANELS["sequence_to_sequence"](table, dev, TEXT, {})
    assert "2 of 40 dev answers are wrong" in page
    assert 'a<del title="missing">b</del><ins title="extra">c</ins>' in page
    assert 'ab<ins title="extra">&lt;b&gt;</ins>' in page
    assert "&lt;read 0&gt;" in page
    assert page.count("<tr title=") == 8 + 8  # the least of the worst, and the sample
    assert "Attention" not in page


def test_marks_are_more_than_a_colour():
    dev, table = written(["ac"] * N)
    page = PANELS["sequence_to_sequence"](table, dev, TEXT, {})
    (missing,) = re.findall(r"^\.differences del\{(.*)\}$", page, flags=re.MULTILINE)
    (extra,) = re.findall(r"^\.differences ins\{(.*)\}$", page, flags=re.MULTILINE)
    assert "text-decoration:line-through" in missing
    assert "text-decoration:underline" in extra


def test_attention_is_drawn_of_the_worst_and_of_the_sample_as_far_as_it_was_kept():
    dev, table = written(["ac", *["ab"] * (N - 1)])
    length = len("<read 0>")
    kept = {f"e{n:02}": {"attention": np.full((4, length), 1 / length)} for n in range(N)}
    page = PANELS["sequence_to_sequence"](table, dev, TEXT, kept)
    assert page.count('role="img"') == 3 + 3
    assert "end from" in page  # the token that ends the answer has a row
    one = PANELS["sequence_to_sequence"](table, dev, TEXT, {"e00": kept["e00"]})
    assert one.count('role="img"') in (1, 2)  # the worst may be in the sample too


def test_a_cell_of_attention_is_as_dark_as_its_weight():
    weights = np.array([[0.75, 0.25, 0.0], [0.004, 0.0, 0.996]])
    drawing = attention(weights, ["a", " ", "c"], ["x", "long"])
    cells = re.findall(
        r'<rect x="(\d+)" y="(\d+)" [^>]*class="weight" fill-opacity="([\d.]+)"', drawing
    )
    assert cells == [("0", "0", "0.75"), ("18", "0", "0.25"), ("36", "18", "1.00")]
    assert "␣" in drawing
    assert "x from a, long from c" in drawing


def test_pictures_are_shown_with_their_boxes_and_a_fair_sample():
    ids = [f"e{number:02}" for number in range(N)]
    rows = pd.DataFrame({"example_id": ids, "group_id": ids, "content": ids, "domain": "all"})
    true = [np.array([[1, 1, 4, 4, 3]], np.float32)] * N
    found = [np.array([[1, 1, 4, 4, 3, 0.9]])] * (N - 1) + [np.zeros((0, 6))]
    scored = detect.score_columns(found, true, DataSpec(inputs=(1, 8, 8)))
    table = pd.concat([rows.drop(columns="content"), scored], axis=1).assign(split="dev")
    x = np.zeros((N, 1, 8, 8), np.uint8)
    dev = Examples(x=x, metadata=rows, further={"boxes": Ragged.of(true)})
    declared = DatasetSpec(
        title="made", provenance="", files=(), target="", picture=True, dtype="uint8",
        further={"boxes": "target"},
    )  # fmt: skip
    page = PANELS["detect"](table, dev, declared, {})
    assert "1 of 40 dev pictures have" in page
    assert page.count("data:image/svg+xml") == 8 + 8
    assert "3 found as nothing" in page
    assert "interquartile" not in page


ESTIMATE = {"value": 0.75, "lo": 0.5, "hi": 0.875, "n": 9, "n_groups": 9}


def entry(*summaries):
    return SimpleNamespace(summaries=dict(enumerate(summaries, start=1)))


def test_metrics_of_whole_tables_are_in_rows_and_in_the_metrics_file():
    one = {"table_metrics": {"dev": {"map_50": ESTIMATE}, "train": {"map_50": ESTIMATE}}}
    (row,) = table_metrics.rows(entry(one))
    assert row.name == "mAP at IoU 0.5"
    assert row.cells == dict.fromkeys(("dev", "train"), "0.750 (0.500–0.875)")
    assert table_metrics.for_metrics_file(entry(one)) == {
        "table_metrics": {"map_50": {"value": 0.75, "lo": 0.5, "hi": 0.875}}
    }
    other = {"table_metrics": {"dev": {"map_50": {**ESTIMATE, "value": 0.5}}}}
    assert table_metrics.for_metrics_file(entry(one, other)) == {
        "table_metrics": {"map_50": {"value": 0.625}}
    }
    # Several seeds are one row: their mean, and how far they lie apart.
    (row,) = table_metrics.rows(entry(one, other))
    assert row.cells["dev"] == "0.625 (0.500–0.750)"


@pytest.mark.parametrize("summary", [{}, {"table_metrics": {}}])
def test_tasks_without_such_metrics_say_nothing(summary):
    assert table_metrics.rows(entry(summary)) == []
    assert table_metrics.for_metrics_file(entry(summary)) == {}


def test_a_run_has_them_with_their_intervals():
    summary = {
        "splits": {}, "ledger": [], "metrics": {}, "human": None,
        "baseline": {"dev": {"error": 1.0, "gain": ESTIMATE}},
        "manifest": dict.fromkeys(run_data.COSTS),
        "table_metrics": {"dev": {"bleu": ESTIMATE}},
    }  # fmt: skip
    found = run_data._metrics(summary)
    names = ("dev/bleu", "dev/bleu_lo", "dev/bleu_hi")
    assert [found[name] for name in names] == [0.75, 0.5, 0.875]
