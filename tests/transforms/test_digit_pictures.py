"""Pictures of digits are limited to 0 to 1, and their ink is what their own pixels hold."""

import numpy as np

from foursplit_courses.transforms.digit_pictures import digit_examples


def test_worked_by_hand():
    # The third is scanned beyond paper and ink: -0.5 counts as 0, and 2 as 1.
    x = np.array([[[0.0, 0.2], [0.0, 0.0]], [[1.0, 1.0], [0.0, 0.0]], [[-0.5, 2.0], [0.0, 0.0]]])
    origin = np.array(["forms", "forms", "scans"])
    examples = digit_examples(x, digit=np.array([7.0, 1.0, 3.0]), domain=origin, part=origin)
    assert examples.x.shape == (3, 1, 2, 2)
    assert examples.x.dtype == np.float32
    assert examples.x[2, 0].tolist() == [[0.0, 1.0], [0.0, 0.0]]
    rows = examples.metadata
    assert rows["digit"].tolist() == [7, 1, 3]
    assert rows["darkest"].tolist() == [np.float32(0.2), 1, 1]
    assert rows["lightest"].tolist() == [0, 0, 0]
    np.testing.assert_allclose(rows["ink"], [0.05, 0.5, 0.25])
    assert rows["ink_band"].tolist() == ["thin", "heavy", "bold"]
