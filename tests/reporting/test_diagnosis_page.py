"""The page of a diagnosis shows each block that has something to say, and no other."""

import numpy as np
import pandas as pd
import pytest

from foursplit.diagnosis import prediction_table
from foursplit.diagnosis.analysis import analyse
from foursplit.diagnosis.prediction_table import Model
from foursplit.diagnosis.steps import Settings
from foursplit.reporting.pages.diagnosis import page


def table(split, rate, n=400, **columns):
    frame = {
        "example_id": [f"{split}{k}" for k in range(n)],
        "loss": (np.arange(n) < rate * n) * 1.0,
    }
    return prediction_table.check(pd.DataFrame({**frame, **columns}), split)


def drawn(dev, **settings):
    made = {"train": table("train", 0.02, **{"meta.hour": ["day"] * 400}), "dev": dev}
    return page(analyse([Model(tables=made)], Settings(**settings)), "mine")


def test_a_plain_diagnosis_has_no_empty_sections():
    html = drawn(table("dev", 0.2))
    for heading in ("If a part were perfect", "Where people still win", "By domain", "Labels"):
        assert heading not in html
    assert (
        "Two models that differ on 20.0% of the examples (assumed: half the errors shared)" in html
    )
    assert "http" not in html.replace("http://www.w3.org", "")


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"fixed.<b>": np.zeros(400)}, ["If a part were perfect", "&lt;b&gt;", "20.0% (16"]),
        ({"fixed_type.box": np.zeros(400)}, ["Types of error", "box"]),
        ({"score_truth": np.ones(400), "score_output": np.zeros(400)},
         ["Of 80 errors the score puts the truth above", "The search is at fault"]),
        ({"meta.hour": ["night"] * 400}, ["beside train", "hour = night", "100.0%"]),
    ],
)  # fmt: skip
def test_what_a_column_tells_is_drawn_and_escaped(columns, words):
    html = drawn(table("dev", 0.2, **columns))
    for word in words:
        assert word in html
    assert "<b>" not in html


def test_levels_and_where_people_win_are_drawn():
    people = (np.arange(400) >= 300) * 1.0
    sound = np.repeat(["fast", "usual"], [80, 320])
    html = drawn(table("dev", 0.2, human_loss=people, **{"meta.sound": sound}))
    assert "Where people still win" not in html  # people err in 25 %: within the noise
    dev = table("dev", 0.2, n=4000, human_loss=np.tile(people, 10)[::-1].copy(),
                **{"meta.sound": np.repeat(["fast", "usual"], [800, 3200])})  # fmt: skip
    html = drawn(dev, desired_error=0.1)
    assert "Where people still win" in html
    assert "sound = fast" in html
    assert "Levels: people 25.0%, desired 10.0%." in html


def test_mismatch_by_domain_is_parted_or_says_what_would_part_it():
    web = table("train_dev", 0.02, domain=["web"] * 400)
    made = {"train_dev": web, "dev": table("dev", 0.2, domain=["phone"] * 400)}
    html = page(analyse([Model(tables=made)], Settings()), "mine")
    assert "From web to phone: to part the mismatch, label 500 web items by people" in html
    known = Settings(human_on={"web": 0.01, "phone": 0.1})
    html = page(analyse([Model(tables=made)], known), "mine")
    assert (
        "From web to phone the error changes by +18.0%: people&#39;s own changes by +9.0%" in html
    )
