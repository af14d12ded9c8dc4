"""The page of a diagnosis shows the sections that have content, and no others."""

import numpy as np
import pandas as pd
import pytest

from foursplit.diagnosis import prediction_table
from foursplit.diagnosis.diagnose import diagnose_as_json
from foursplit.diagnosis.prediction_table import Model
from foursplit.diagnosis.settings import Settings
from foursplit.reporting.pages.diagnosis import page


def table(split, rate, n=400, **columns):
    frame = {
        "example_id": [f"{split}{k}" for k in range(n)],
        "loss": (np.arange(n) < rate * n) * 1.0,
    }
    return prediction_table.validate(pd.DataFrame({**frame, **columns}), split)


def render_page(dev, **settings):
    tables = {"train": table("train", 0.02, **{"meta.hour": ["day"] * 400}), "dev": dev}
    return page(diagnose_as_json([Model(tables=tables)], Settings(**settings)), "mine")


def test_a_plain_diagnosis_has_no_empty_sections():
    html = render_page(table("dev", 0.2))
    for heading in (
        "Ceiling analysis",
        "Slices where humans are better",
        "By domain",
        "Label audit",
    ):
        assert heading not in html
    assert (
        "two models that disagree on 20.0% of the examples, assumed: half the errors shared" in html
    )
    assert "http" not in html.replace("http://www.w3.org", "")


@pytest.mark.parametrize(
    ("columns", "texts"),
    [
        ({"oracle.<b>": np.zeros(400)}, ["Ceiling analysis", "&lt;b&gt;", "20.0% (16"]),
        ({"oracle_type.box": np.zeros(400)}, ["Error types", "box"]),
        (
            {"score_y": np.ones(400), "score_y_hat": np.zeros(400)},
            ["of 80 errors the true answer scores higher", "Improve the search algorithm"],
        ),
        ({"meta.hour": ["night"] * 400}, ["Error drivers", "hour = night", "100.0%"]),
    ],
)
def test_optional_columns_add_sections_and_are_escaped(columns, texts):
    html = render_page(table("dev", 0.2, **columns))
    for text in texts:
        assert text in html
    assert "<b>" not in html


def test_human_levels_and_human_advantage_are_shown():
    people = (np.arange(400) >= 300) * 1.0
    sound = np.repeat(["fast", "usual"], [80, 320])
    html = render_page(table("dev", 0.2, human_loss=people, **{"meta.sound": sound}))
    assert "Slices where humans are better" not in html  # human error is 25%: within the noise
    dev = table(
        "dev",
        0.2,
        n=4000,
        human_loss=np.tile(people, 10)[::-1].copy(),
        **{"meta.sound": np.repeat(["fast", "usual"], [800, 3200])},
    )
    html = render_page(dev, desired_error=0.1)
    assert "Slices where humans are better" in html
    assert "sound = fast" in html
    assert "Levels: people 25.0%, desired 10.0%." in html


def test_mismatch_is_decomposed_or_the_page_says_what_to_measure():
    web = table("train_dev", 0.02, domain=["web"] * 400)
    tables = {"train_dev": web, "dev": table("dev", 0.2, domain=["phone"] * 400)}
    html = page(diagnose_as_json([Model(tables=tables)], Settings()), "mine")
    assert "From web to phone: to decompose the mismatch, label 500 web items by people" in html
    settings = Settings(human_on={"web": 0.01, "phone": 0.1})
    html = page(diagnose_as_json([Model(tables=tables)], settings), "mine")
    assert "From web to phone the error changes by +18.0%: human error changes by +9.0%" in html
