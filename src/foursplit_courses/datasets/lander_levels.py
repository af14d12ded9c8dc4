"""Levels of LunarLander-v3: calm ones to learn on, windy ones that count.

A level is a seed, which fixes the ground, the first push and the engines' scatter, and how strong
wind and turbulence are. Nothing is downloaded: the rules of the game are a file of Gymnasium's,
which is checked like any raw file. Training takes minutes, so the levels are with the real data.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from foursplit.core.dataset_spec import BundledFile, DatasetSpec
from foursplit.core.seeds import generator

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


def read(_raw: Path) -> pd.DataFrame:
    """Draw the levels (seed, wind, turbulence), with the good return and that by chance."""
    rng, n = generator("lander_levels"), N_CALM + N_WINDY
    windy = np.arange(n) >= N_CALM
    rows = pd.DataFrame(
        {
            "seed": np.arange(n, dtype=np.float64),
            "wind": np.where(windy, rng.uniform(*WIND, n), 0.0),
            "turbulence": np.where(windy, rng.uniform(*TURBULENCE, n), 0.0),
            "domain": np.where(windy, "windy", "calm"),
            "good_return": GOOD,
            "chance_return": CHANCE,
        }
    )
    rows["wind_band"] = np.select([~windy, rows["wind"] > STRONG], ["none", "strong"], "middling")
    rough = rows["turbulence"] > sum(TURBULENCE) / 2
    rows["turbulence_band"] = np.select([~windy, rough], ["none", "strong"], "middling")
    return rows


def suite() -> list[Any]:
    """Return the expectations on the levels."""
    import great_expectations.expectations as gxe

    return [
        gxe.ExpectTableRowCountToEqual(value=N_CALM + N_WINDY),
        gxe.ExpectColumnValuesToBeUnique(column="seed"),
        gxe.ExpectColumnValuesToBeBetween(column="wind", min_value=0, max_value=WIND[1]),
        gxe.ExpectColumnValuesToBeBetween(
            column="turbulence", min_value=0, max_value=TURBULENCE[1]
        ),
        gxe.ExpectColumnValuesToBeInSet(column="domain", value_set=["calm", "windy"]),
        gxe.ExpectColumnValuesToBeInSet(column="good_return", value_set=[GOOD]),
        gxe.ExpectColumnValuesToBeInSet(column="chance_return", value_set=[CHANCE]),
    ]
