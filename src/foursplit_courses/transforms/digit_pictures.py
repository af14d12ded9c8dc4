"""Pictures of digits in ink on paper, with the columns by which they are checked and sliced."""

import numpy as np
import pandas as pd

from foursplit.core.examples import Examples
from foursplit_courses.transforms.bands import band


def ink_columns(x: np.ndarray) -> dict[str, np.ndarray]:
    """Compute the darkest and lightest pixel and the mean ink of pictures (example, row, column).

    0 is paper and 1 is ink.
    """
    return {
        "darkest": x.max(axis=(1, 2)),
        "lightest": x.min(axis=(1, 2)),
        "ink": x.mean(axis=(1, 2)),
    }


def digit_examples(
    x: np.ndarray, digit: np.ndarray, domain: np.ndarray, part: np.ndarray
) -> Examples:
    """Return the pictures (example, 1, row, column) of two origins, limited to 0 to 1."""
    x = x.astype(np.float32).clip(0, 1)
    columns = ink_columns(x)
    rows = pd.DataFrame({"digit": digit.astype(int), "domain": domain, "part": part, **columns})
    # Fixed limits, so that no picture's band depends on the others.
    rows["ink_band"] = band(
        columns["ink"], [-1, 0.1, 0.2, 0.3, 1], ["thin", "light", "bold", "heavy"]
    )
    return Examples(x=x[:, None], metadata=rows)
