"""Levels of a game, calm and windy, drawn from a seed, and the expectations on them.

A level is where an episode starts and how the wind blows, so it needs no file.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class WindLevels:
    """How many levels there are, the range of wind in the windy ones, and two returns in points."""

    n_calm: int
    n_windy: int
    wind: tuple[float, float]
    turbulence: tuple[float, float]
    good_return: float
    chance_return: float  # mean of episodes of actions by chance

    def draw(self, rng: np.random.Generator) -> pd.DataFrame:
        """Return a row per level, the calm ones first: seed, wind, turbulence, domain, returns."""
        n = self.n_calm + self.n_windy
        windy = np.arange(n) >= self.n_calm
        return pd.DataFrame(
            {
                "seed": np.arange(n, dtype=np.float64),
                "wind": np.where(windy, rng.uniform(*self.wind, n), 0.0),
                "turbulence": np.where(windy, rng.uniform(*self.turbulence, n), 0.0),
                "domain": np.where(windy, "windy", "calm"),
                "good_return": self.good_return,
                "chance_return": self.chance_return,
            }
        )

    def expectations(self) -> list[Any]:
        """Return the expectations on the columns that `draw` gives."""
        import great_expectations.expectations as gxe

        return [
            gxe.ExpectTableRowCountToEqual(value=self.n_calm + self.n_windy),
            gxe.ExpectColumnValuesToBeUnique(column="seed"),
            gxe.ExpectColumnValuesToBeBetween(column="wind", min_value=0, max_value=self.wind[1]),
            gxe.ExpectColumnValuesToBeBetween(
                column="turbulence", min_value=0, max_value=self.turbulence[1]
            ),
            gxe.ExpectColumnValuesToBeInSet(column="domain", value_set=["calm", "windy"]),
            gxe.ExpectColumnValuesToBeInSet(column="good_return", value_set=[self.good_return]),
            gxe.ExpectColumnValuesToBeInSet(column="chance_return", value_set=[self.chance_return]),
        ]


def strength_band(levels: pd.DataFrame, column: str, limit: float, below: str) -> np.ndarray:
    """Return `none` for calm levels, `strong` for those above `limit`, and `below` for the rest."""
    calm = levels["domain"] == "calm"
    return np.select([calm, levels[column] > limit], ["none", "strong"], below)
