"""Examples are taken row by row, inputs with what is known of them."""

import numpy as np
import pandas as pd
import pytest

from foursplit.core.examples import Examples


@pytest.mark.parametrize("chosen", [np.array([2, 0]), np.array([True, False, True])])
def test_positions_and_masks_take_the_same_rows_of_inputs_and_of_what_is_known(chosen):
    made = Examples(x=np.arange(3.0)[:, None], metadata=pd.DataFrame({"y": [10.0, 11.0, 12.0]}))
    taken = made.take(chosen)
    assert (taken.y == taken.x[:, 0] + 10).all()
    assert sorted(taken.y) == [10.0, 12.0]
    assert list(taken.metadata.index) == [0, 1]
