"""Format numbers for people: percent, signs, intervals, counts."""

from typing import Any

MINUS = "−"
UNKNOWN = "unknown"


def percent(value: float) -> str:
    """Format a fraction in percent with one decimal, with two if it is below 0.1%."""
    digits = 2 if abs(value) < 0.001 and value else 1
    text = f"{value:.{digits}%}"
    if not text.strip("-0.%"):
        return text.lstrip("-")  # no "-0.0%"
    return text.replace("-", MINUS)


def signed(value: float) -> str:
    """Format a difference of two fractions with its sign."""
    text = percent(value)
    return f"+{text}" if value > 0 and text.strip("0.%") else text


def error_interval(lo: float, hi: float) -> str:
    return f"{percent(lo).removesuffix('%')}–{percent(hi)}"


def gap_interval(lo: float | None, hi: float | None) -> str:
    return UNKNOWN if lo is None or hi is None else f"{signed(lo)} to {signed(hi)}"


def confidence_level(confidence: float) -> str:
    """Format a confidence such as 0.95 as "95%"."""
    return percent(confidence).replace(".0%", "%")


def count(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:,.0f}"


def quantity(value: float) -> str:
    """Format a value with four digits; large values get no exponent."""
    text = f"{value:.4g}"
    return (f"{value:.0f}" if "e+" in text and abs(value) < 1e9 else text).replace("-", MINUS)


def setting(value: Any) -> str:
    """Format a value as params.yaml writes it."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(setting, value))}]"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return f"{value:g}" if isinstance(value, float) else str(value)
