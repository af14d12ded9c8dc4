"""Central differences of a function of arrays, entry by entry."""

import numpy as np

WIDTH = 1e-5


def slopes(function, at):
    """Differentiate a function of an array to a number."""
    found = np.zeros_like(at)
    for place in np.ndindex(at.shape):
        up, down = at.copy(), at.copy()
        up[place] += WIDTH
        down[place] -= WIDTH
        found[place] = (function(up) - function(down)) / (2 * WIDTH)
    return found
