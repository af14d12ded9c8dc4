"""A photo's brightness is that of its own values."""

import numpy as np

from foursplit_courses.transforms.brightness import brightness_columns


def test_worked_by_hand():
    x = np.zeros((2, 3, 2, 2), np.float32)
    x[1, 2] = 0.75  # one of three colours, everywhere
    columns = brightness_columns(x)
    assert list(columns) == ["brightest", "darkest", "brightness"]
    assert columns["brightest"].tolist() == [0, 0.75]
    assert columns["darkest"].tolist() == [0, 0]
    assert columns["brightness"].tolist() == [0, 0.25]
