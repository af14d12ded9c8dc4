"""Central differences: the slow and independent way to a gradient."""

import numpy as np

from foursplit_courses.from_scratch.gradient_descent import Parameters


def differences(cost, at, width=1e-5):
    """Differentiate a number that depends on parameters, by each weight and then the bias."""
    flat = np.append(at.w, at.b)
    result = []
    for i in range(len(flat)):
        up, down = flat.copy(), flat.copy()
        up[i], down[i] = flat[i] + width, flat[i] - width
        sides = [cost(Parameters(p[:-1], float(p[-1]))) for p in (up, down)]
        result.append((sides[0] - sides[1]) / (2 * width))
    return np.array(result)
