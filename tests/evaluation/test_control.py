"""A return as a loss: chance is 1, good is 0, and the same points weigh the same everywhere."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foursplit.core.errors import FoursplitError
from foursplit.core.examples import DataSpec, Examples
from foursplit.evaluation import experiment_tables
from foursplit.evaluation.metrics.control import score_columns
from foursplit.tasks import control

SHAPE = DataSpec(inputs=(3,))
POINTS = st.floats(-500, 500)


def rows(n, **extra):
    names = [f"e{number}" for number in range(n)]
    frame = {"example_id": names, "group_id": names, "content": names, "domain": "calm", "y": 200.0}
    return Examples(x=np.zeros((n, 3), np.float32), metadata=pd.DataFrame({**frame, **extra}))


def test_a_table_by_hand():
    # Chance -100, good 200: 300 points from one to the other. 50 is half of the way.
    examples = rows(4, **{"meta.chance_return": -100.0})
    table = experiment_tables.build_table(
        examples, np.array([-100.0, 50, 200, 260]), "dev", "control", SHAPE
    )
    assert table["loss"].tolist() == [1.0, 0.5, 0.0, 0.0]
    assert table["is_error"].tolist() == [True, True, False, False]
    assert table["mean_return_gap"].tolist() == [300.0, 150.0, 0.0, 0.0]
    assert table["y_hat"].tolist() == [-100.0, 50.0, 200.0, 260.0]


@given(st.lists(POINTS, min_size=1), POINTS, st.floats(1, 500))
def test_no_loss_is_below_zero_and_more_points_never_cost(returns, chance, width):
    known = np.tile([chance + width, chance], (len(returns), 1))
    table = score_columns(np.sort(returns), known, SHAPE)
    assert (table["loss"] >= 0).all()
    assert (np.diff(table["loss"]) <= 1e-12).all()
    assert ((table["loss"] > 0) <= table["is_error"]).all()


@given(POINTS, POINTS, st.floats(1, 500), st.floats(0.1, 10), POINTS)
def test_the_games_unit_does_not_matter(earned, chance, width, scale, offset):
    def loss(of):
        points = [of(earned), of(chance + width), of(chance)]
        return float(
            score_columns(np.array(points[:1]), np.array([points[1:]]), SHAPE)["loss"].iloc[0]
        )

    assert loss(lambda r: scale * r + offset) == pytest.approx(
        loss(lambda r: r), rel=1e-6, abs=1e-6
    )


def test_a_dataset_that_does_not_say_what_chance_earns_is_refused():
    with pytest.raises(ValueError, match=r"meta\.chance_return"):
        experiment_tables.build_table(rows(2), np.zeros(2), "dev", "control", SHAPE)


def test_a_good_return_that_chance_earns_too_is_refused():
    examples = rows(2, **{"meta.chance_return": [0.0, 200.0]})
    with pytest.raises(ValueError, match="example 1 must be above 200"):
        experiment_tables.build_table(examples, np.zeros(2), "dev", "control", SHAPE)


def test_a_network_without_a_fit_of_its_own_is_refused():
    with pytest.raises(FoursplitError, match="Use an RL model such as deep_q"):
        control.module(None, None, SHAPE)
