"""Levels of LunarLander-v3: calm ones to learn on, windy ones that count.

A level is a seed, which fixes the ground, the first push and the engines' scatter, and how strong
wind and turbulence are. Nothing is downloaded: the rules of the game are a file of Gymnasium's,
which is checked like any raw file. Training takes minutes, so the levels are with the real data.
"""

from pathlib import Path
from typing import Any

import pandas as pd

from foursplit.core.dataset_spec import BundledFile, DatasetSpec
from foursplit.core.seeds import generator
from foursplit_courses.transforms.wind_levels import WindLevels, strength_band

N_CALM, N_WINDY = 600, 400
WIND, TURBULENCE = (5.0, 15.0), (0.5, 1.5)  # of the 20 and 2 that the game recommends at most
STRONG = 10.0

GOOD = 200.0  # points: what the field and the course call solved, as a mean of 100 episodes
CHANCE = -184.0  # points: the mean of 2,000 calm episodes of actions by chance (+-5)

SPEC = DatasetSpec(
    title="Levels of a lunar landing",
    provenance=(
        "600 calm and 400 windy levels of Gymnasium's LunarLander-v3, drawn from a seed: wind "
        "power 5 to 15 and turbulence power 0.5 to 1.5 on the windy ones, none on the calm ones."
    ),
    licence="MIT (Gymnasium)",
    cite="Towers and others (2024), Gymnasium, arXiv:2407.17032; Klimov (2016), LunarLander",
    files=(
        BundledFile(
            package="gymnasium",
            path="envs/box2d/lunar_lander.py",
            sha256="d8978e0e020fbe922f93d7c4f98cde573ba2175ca2014cc7d87eb4223e82c93a",
        ),
    ),
    target="good_return",
    unit="points",
    features=("seed", "wind", "turbulence"),
    row_is_unit="levels are drawn independently of each other",
    domains={"calm": "source", "windy": "target"},
    slices=("wind_band", "turbulence_band", "chance_return"),
)

LEVELS = WindLevels(
    n_calm=N_CALM,
    n_windy=N_WINDY,
    wind=WIND,
    turbulence=TURBULENCE,
    good_return=GOOD,
    chance_return=CHANCE,
)


def read(_raw: Path) -> pd.DataFrame:
    """Draw the levels (seed, wind, turbulence), with the good return and that by chance."""
    rows = LEVELS.draw(generator("lander_levels"))
    rows["wind_band"] = strength_band(rows, "wind", STRONG, "middling")
    rows["turbulence_band"] = strength_band(rows, "turbulence", sum(TURBULENCE) / 2, "middling")
    return rows


def suite() -> list[Any]:
    """Return the expectations on the levels."""
    return LEVELS.expectations()
