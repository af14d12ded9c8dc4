"""What of a rounding error may be shown: its magnitude, as its digits differ between machines."""

import math

SMALLEST = 1e-9  # below this nothing shown here can be told from a rounding error


def power_above(value: float) -> float:
    """Give the next power of ten, but none below a billionth."""
    return float(10.0 ** math.ceil(math.log10(max(abs(value), SMALLEST))))


def shown(value: float) -> str:
    """Write a cost with three digits, or that nothing is left of it."""
    return f"{value:.3g}" if abs(value) > SMALLEST else "below 1e-9"
