"""Numbers as people read them: percent, signs, intervals, counts."""

from typing import Any

MINUS = "−"
UNKNOWN = "not known"


def percent(value: float) -> str:
    """Write a fraction in percent, to a tenth; to a hundredth where a tenth would show nothing."""
    digits = 2 if abs(value) < 0.001 and value else 1
    text = f"{value:.{digits}%}"
    if not text.strip("-0.%"):
        return text.lstrip("-")  # a zero has no sign
    return text.replace("-", MINUS)


def signed(value: float) -> str:
    """Write a difference of two fractions, with its sign."""
    text = percent(value)
    return f"+{text}" if value > 0 and text.strip("0.%") else text


def error_interval(lo: float, hi: float) -> str:
    return f"{percent(lo).removesuffix('%')}–{percent(hi)}"


def gap_interval(lo: float | None, hi: float | None) -> str:
    return UNKNOWN if lo is None or hi is None else f"{signed(lo)} to {signed(hi)}"


def count(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:,.0f}"


def quantity(value: float) -> str:
    """Write a measurement to four digits, and a large one without a power of ten."""
    text = f"{value:.4g}"
    return (f"{value:.0f}" if "e+" in text and abs(value) < 1e9 else text).replace("-", MINUS)


def setting(value: Any) -> str:
    """Write a value of params.yaml as it stands there."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(setting, value))}]"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return f"{value:g}" if isinstance(value, float) else str(value)
