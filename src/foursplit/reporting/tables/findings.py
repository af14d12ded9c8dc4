"""Short forms of a diagnosis for tables: verdict and next step."""

from collections.abc import Mapping
from typing import Any

from foursplit.diagnosis.decomposition.verdict import NAMES

SHORT = {
    **NAMES,
    "avoidable_bias": "bias",
    "mismatch": "mismatch",
    "dev_overfit": "dev overfit",
    "avoidable_bias_or_variance": "bias or variance",
    "avoidable_bias_or_variance_or_mismatch": "bias, variance or mismatch",
}
"""Short names of the gaps, for narrow columns."""

NO_GAP = "none significant"  # noise may hide one
NO_ERROR = "no errors"
ALL_SMALL = "all small"  # each is known to be below the threshold
NO_STEP = "none"


def short_verdict(diagnosis: Mapping[str, Any]) -> str:
    """Return the primary gaps with their sizes: what every table names, and no other gap."""
    blocks = [*diagnosis["ledger"], *diagnosis["verdict"].get("joint", ())]
    values = {block["gap"]: block["value"] for block in blocks}
    primary = diagnosis["verdict"]["primary"]
    return ", ".join(f"{SHORT[gap]} {values[gap]:+.1%}" for gap in primary) or _none(diagnosis)


def _none(diagnosis: Mapping[str, Any]) -> str:
    """Say why no gap is named, and how large one may be."""
    dev = diagnosis.get("unseen") or diagnosis["splits"].get("dev")
    if dev and dev["value"] == 0:
        return f"{NO_ERROR} (at most {dev['hi']:.1%})"
    if diagnosis["verdict"].get("all_small"):
        return ALL_SMALL
    ends = [abs(row[end]) for row in diagnosis["ledger"] for end in ("lo", "hi") if row[end]]
    return f"{NO_GAP} (all within ±{max(ends):.1%})" if ends else NO_GAP


def first_step(diagnosis: Mapping[str, Any]) -> str:
    return str(diagnosis["next"][0]["action"]) if diagnosis["next"] else NO_STEP
