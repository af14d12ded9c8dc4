"""Levels of a pole balanced on a cart: calm ones to learn on, windy ones that count.

A level is where an episode starts and how the wind blows, all of it from a seed: train and
train-dev are calm levels, played and never played in training; dev and test are windy ones.
"""

from pathlib import Path
from typing import Any

import pandas as pd

from foursplit.core.dataset_spec import BundledFile, DatasetSpec
from foursplit.core.seeds import generator
from foursplit_courses.transforms.wind_levels import WindLevels, strength_band

N_CALM, N_WINDY = 400, 400
WIND, GUSTS = (4.0, 7.0), (0.0, 3.5)  # N; the cart pushes with 10
STRONG = 5.5  # N; half of the windy levels have more

GOOD = 195.0  # points of 200 possible: what CartPole-v0 calls solved
CHANCE = 22.2  # points: the mean of 20,000 calm episodes of actions by chance

SPEC = DatasetSpec(
    title="Levels of the cart and its pole",
    provenance=(
        "400 calm and 400 windy levels, drawn from a seed. In the wind a steady force of 4 to 7 N "
        "pushes the cart, from a side that the level fixes, and gusts of up to 3.5 N come and go."
    ),
    licence="MIT (Gymnasium)",
    cite="Barto, Sutton and Anderson (1983); Towers and others (2024), Gymnasium, arXiv:2407.17032",
    files=(
        # The rules of the game, which our world keeps (a test plays both) and adds wind to.
        BundledFile(
            package="gymnasium",
            path="envs/classic_control/cartpole.py",
            sha256="8c034275500ff9c60b8653273905cda0ba45aff1ee8142465516659a06ed67e0",
        ),
    ),
    target="good_return",
    unit="points",
    features=("seed", "wind", "turbulence"),
    row_is_unit="levels are drawn independently of each other",
    domains={"calm": "source", "windy": "target"},
    slices=("wind_band", "gust_band", "chance_return"),
)

LEVELS = WindLevels(
    n_calm=N_CALM,
    n_windy=N_WINDY,
    wind=WIND,
    turbulence=GUSTS,
    good_return=GOOD,
    chance_return=CHANCE,
)


def read(_raw: Path) -> pd.DataFrame:
    """Draw the levels (seed, wind in N, gusts in N), with the good return and that by chance."""
    rows = LEVELS.draw(generator("cart_levels"))
    rows["wind_band"] = strength_band(rows, "wind", STRONG, "middling")
    rows["gust_band"] = strength_band(rows, "turbulence", GUSTS[1] / 2, "weak")
    return rows


def suite() -> list[Any]:
    """Return the expectations on the levels."""
    return LEVELS.expectations()
