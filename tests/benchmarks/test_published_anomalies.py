"""The course's anomaly figures come out again, and what is held out had no say."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import yaml

from benchmarks import published_anomalies as published

ROOT = Path(__file__).parents[2]
RECIPES = yaml.safe_load((ROOT / "docs/published.yaml").read_text(encoding="utf-8"))["anomalies"]

mirrored = pytest.mark.skipif(
    not os.environ.get("FOURSPLIT_MIRROR"),
    reason="no mirror of the data sets: FOURSPLIT_MIRROR is not set",
)


def test_the_courses_steps_worked_by_hand():
    # Steps of a quarter from 0: 0.25 flags the first two, of which one is anomalous: F1 2/3.
    p, odd = np.array([0.0, 0.2, 0.5, 1.0]), np.array([True, False, False, False])
    assert published.course_threshold(p, odd, 4) == (0.25, pytest.approx(2 / 3))
    # Ten steps find what lies between: 0.1 flags the anomaly alone.
    assert published.course_threshold(p, odd, 10) == (pytest.approx(0.1), 1.0)


def test_equal_steps_miss_what_lies_close_together():
    """Why the course's F1 is not the best there is: small densities lie below its first step."""
    p = np.array([1e-9, 1e-8, 1e-7, 1.0])
    odd = np.array([True, True, False, False])
    assert published.course_threshold(p, odd, 1000)[1] == pytest.approx(0.8)
    assert published.select_threshold(np.log(p), odd).f1 == 1.0


@pytest.mark.parametrize("n_odd", [2, 9, 10])
def test_halves_share_the_anomalies_and_each_judges_once(n_odd):
    odd = np.arange(41) < n_odd
    for chosen, rest in published.halves(odd, 6, seed=1):
        assert (chosen ^ rest).all()
        assert abs(int(odd[chosen].sum()) - int(odd[rest].sum())) <= 1
    firsts = [chosen for chosen, _ in published.halves(odd, 6, seed=1)]
    assert len({half.tobytes() for half in firsts}) == 12


@mirrored
def test_the_courses_figures_come_out_digit_by_digit_and_are_those_kept(monkeypatch):
    monkeypatch.setenv("FOURSPLIT_ACCEPT", published.ENTRY)
    kept = json.loads((ROOT / "benchmarks/results/published.json").read_text())["tables"]
    parts = published.read()
    for name, recipe in RECIPES.items():
        made = published.reproduce(parts[recipe["part"]], recipe["n_steps"])
        for way in ("course", "converged", "trivial"):
            assert kept[name][way] == pytest.approx(made[way])
    two, eleven = kept["server_anomaly"]["course"], kept["server_anomaly_11"]["course"]
    assert (f"{two['threshold']:.6e}", two["f1"]) == ("8.990853e-05", 0.875)
    assert (f"{eleven['threshold']:.6e}", f"{eleven['f1']:.6f}") == ("1.377229e-18", "0.615385")
    assert eleven["anomalies_found"] == 117
