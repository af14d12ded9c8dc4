"""Format rounding errors by magnitude only, as their digits differ between machines."""

import math

RESOLUTION = 1e-9  # smaller values are indistinguishable from rounding errors


def ceil_power_of_ten(value: float) -> float:
    """Return the next power of ten above `value`, at least 1e-9."""
    return float(10.0 ** math.ceil(math.log10(max(abs(value), RESOLUTION))))


def format_rounded(value: float) -> str:
    """Format a cost with three digits, or as below 1e-9."""
    return f"{value:.3g}" if abs(value) > RESOLUTION else "below 1e-9"
