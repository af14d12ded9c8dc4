"""The page docs/iterations.md stands on the numbers that the pipeline wrote last."""

import json
from pathlib import Path

import pytest

from docs import iterations_page

ROOT = Path(__file__).resolve().parents[2]


def test_the_history_is_of_the_models_that_metrics_json_measures():
    steps = iterations_page._steps(ROOT)
    metrics = json.loads((ROOT / "metrics.json").read_text())[iterations_page.COURSE]
    tried = {key for key in metrics if key.startswith(iterations_page.GROUP)}
    assert set(steps) == set(iterations_page.TRIED) == tried
    for key, step in steps.items():
        for split in ("train", "train_dev", "dev"):
            assert step["splits"][split]["value"] == pytest.approx(metrics[key][split], abs=1e-6)


def test_the_page_says_what_the_numbers_say():
    """Its prose: the first change moved its gap, the two that followed did not."""
    steps = iterations_page._steps(ROOT)
    assert "which it was meant for, and nothing else" in steps["c3w2_phone_turned"]["sentence"]
    for key in ("c3w2_phone_lit", "c3w2_phone_blurred"):
        (dev,) = [one for one in steps[key]["moved"] if one["name"] == "dev"]
        assert not dev["significant"]
    metrics = json.loads((ROOT / "metrics.json").read_text())[iterations_page.COURSE]
    first = metrics["c3w2_phone_first"]["tags"]
    assert first["turned"]["lift_lo"] > 1
    assert max(first["shade"]["lift_lo"], first["blurred"]["lift_lo"]) < 1
