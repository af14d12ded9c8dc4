"""Short forms of a diagnosis for tables: verdict and next step."""

from collections.abc import Mapping
from typing import Any

from foursplit.diagnosis.decomposition.ledger import LINKS, MERGED
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

ENDS = {**LINKS, MERGED: ("train", "dev")}
"""The two levels between which each gap lies."""

NO_GAP = "none significant"  # noise may hide one
ALL_SMALL = "all small"  # each is known to be below the threshold
NO_STEP = "none"


def short_verdict(diagnosis: Mapping[str, Any]) -> str:
    """Return the primary gaps with their sizes: what every table names, and no other gap."""
    blocks = [*diagnosis["ledger"], *diagnosis["verdict"].get("joint", ())]
    values = {block["gap"]: block["value"] for block in blocks}
    primary = diagnosis["verdict"]["primary"]
    none = ALL_SMALL if diagnosis["verdict"].get("all_small") else NO_GAP
    return ", ".join(f"{SHORT[gap]} {values[gap]:+.1%}" for gap in primary) or none


def first_step(diagnosis: Mapping[str, Any]) -> str:
    return str(diagnosis["next"][0]["action"]) if diagnosis["next"] else NO_STEP
