"""How bright pictures are, for checks and slices."""

import numpy as np


def brightness_columns(x: np.ndarray) -> dict[str, np.ndarray]:
    """Compute brightest and darkest value and mean of photos (example, colour, row, column).

    0 is dark and 1 is bright.
    """
    values = (1, 2, 3)
    return {"brightest": x.max(values), "darkest": x.min(values), "brightness": x.mean(values)}
