"""Minimum detectable effect: the smallest difference that a split of a given size can show.

Apart from diagnosis.stats.power on purpose: the stage `split` must not depend on the diagnosis.

Source: McNemar (1947); power formula as in Connor (1987), Biometrics 43, 207-211; Ng (2018),
Machine Learning Yearning, chapter 7, on the size of the dev set.
"""

from statistics import NormalDist

TYPICAL_ERROR = 0.1
normal_quantile = NormalDist().inv_cdf


def half_width(n: int, error: float = TYPICAL_ERROR, confidence: float = 0.95) -> float:
    """Return the half-width of the Wilson interval of an error measured on `n` examples."""
    z = normal_quantile(0.5 + confidence / 2)
    return z * ((error * (1 - error) + z**2 / (4 * n)) / n) ** 0.5 / (1 + z**2 / n)


def detectable_gain(
    n: int, disagreement: float = 2.0, power: float = 0.8, alpha: float = 0.05
) -> float:
    """Return the smallest gain in error that `n` paired examples can show at this power.

    Two models disagree (one right, one wrong) on `disagreement` times the gain; the test is
    two-sided.  Solved by bisection, because the gain is on both sides of the equation.
    """
    low, high = 0.0, 1.0 / disagreement
    if examples_needed(high, disagreement, power, alpha) > n:
        return high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (
            (low, middle)
            if examples_needed(middle, disagreement, power, alpha) <= n
            else (middle, high)
        )
    return high


def examples_needed(
    gain: float, disagreement: float = 2.0, power: float = 0.8, alpha: float = 0.05
) -> float:
    """Return the number of paired examples needed to show a gain in error at this power."""
    share = disagreement * gain
    root = (
        normal_quantile(1 - alpha / 2) * share**0.5
        + normal_quantile(power) * max(share - gain**2, 0.0) ** 0.5
    )
    return (root / gain) ** 2
