"""Windy levels follow the calm ones, and a band says how strong the wind of a level is."""

import numpy as np
import pandas as pd

from foursplit.core.seeds import generator
from foursplit.data.run_expectations import failure_messages, run_expectations
from foursplit_courses.transforms.wind_levels import WindLevels, strength_band

LEVELS = WindLevels(
    n_calm=3, n_windy=5, wind=(2.0, 4.0), turbulence=(0.5, 1.0), good_return=10.0, chance_return=1.0
)


def test_levels_have_their_wind_and_meet_their_expectations():
    rows = LEVELS.draw(generator("test wind levels"))
    assert rows["seed"].tolist() == list(range(8))
    assert rows["domain"].tolist() == ["calm"] * 3 + ["windy"] * 5
    assert (rows.loc[:2, ["wind", "turbulence"]] == 0).all(axis=None)
    assert rows.loc[3:, "wind"].between(2, 4).all()
    assert rows.loc[3:, "turbulence"].between(0.5, 1).all()
    suite = LEVELS.expectations()
    assert failure_messages(run_expectations(rows, suite, "levels")) == []
    assert failure_messages(run_expectations(rows.assign(wind=5.0), suite, "levels"))


def test_a_calm_level_has_no_strength_and_a_limit_is_not_strong():
    rows = pd.DataFrame(
        {"domain": ["calm", "windy", "windy"], "wind": [0.0, 3.0, np.nextafter(3, 4)]}
    )
    assert strength_band(rows, "wind", 3.0, "weak").tolist() == ["none", "weak", "strong"]
