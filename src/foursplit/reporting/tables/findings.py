"""What a diagnosis says, in the few words that fit a table."""

from collections.abc import Mapping
from typing import Any

from foursplit.diagnosis.decomposition.ledger import LINKS, MERGED
from foursplit.diagnosis.decomposition.verdict import NAMES

SHORT = {**NAMES, "avoidable_bias": "bias", "mismatch": "mismatch", "dev_overfit": "dev overfit"}
"""Names of the gaps where there is no room."""

ENDS = {**LINKS, MERGED: ("train", "dev")}
"""Each gap leads from the first to the second."""

NO_GAP = "no gap stands out"
NO_STEP = "none"


def short_verdict(told: Mapping[str, Any]) -> str:
    """Name the gaps worth work with their sizes."""
    values = {block["gap"]: block["value"] for block in told["ledger"]}
    primary = told["verdict"]["primary"]
    return ", ".join(f"{SHORT[gap]} {values[gap]:+.1%}" for gap in primary) or NO_GAP


def first_step(told: Mapping[str, Any]) -> str:
    return str(told["next"][0]["action"]) if told["next"] else NO_STEP
