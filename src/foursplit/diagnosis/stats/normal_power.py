"""Power of paired comparisons by the normal formula, without scipy: the stage `split` uses it."""

from math import sqrt
from statistics import NormalDist

NORMAL = NormalDist()


def detectable_gain(
    n: int, *, discordance_per_gain: float = 2.0, power: float = 0.8, alpha: float = 0.05
) -> float:
    """Return the smallest gain in error that n paired examples show with this power.

    Two models are assumed to differ on `discordance_per_gain` times the gain.  The normal formula
    is solved by bisection, because the gain stands on both of its sides.
    """
    low, high = 0.0, 1.0 / discordance_per_gain
    if normal_examples(high, discordance_per_gain * high, power, alpha) > n:
        return high
    for _ in range(60):
        middle = (low + high) / 2
        needed = normal_examples(middle, discordance_per_gain * middle, power, alpha)
        low, high = (low, middle) if needed <= n else (middle, high)
    return high


def normal_examples(delta: float, discordance: float, power: float, alpha: float) -> float:
    """Return the number of examples of the normal formula, as a fraction.

    Source: Connor (1987), "Sample size for testing differences in proportions for the
    paired-sample design".
    """
    z_alpha, z_power = NORMAL.inv_cdf(1 - alpha / 2), NORMAL.inv_cdf(power)
    return (
        (z_alpha * sqrt(discordance) + z_power * difference_sd(delta, discordance)) / delta
    ) ** 2


def difference_sd(delta: float, discordance: float) -> float:
    """Return the standard deviation of one example's difference in loss."""
    return sqrt(max(0.0, discordance - delta**2))
