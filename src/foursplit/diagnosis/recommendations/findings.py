"""What a diagnosis found beside the gaps that is worth a line: leaks, stale parts, a small dev."""

from collections.abc import Mapping
from typing import Any

from foursplit.core.seeds import generator
from foursplit.diagnosis.error_analysis import eyeball, label_audit, unseen_classes
from foursplit.diagnosis.prediction_table import Table
from foursplit.diagnosis.steps import Finding


def findings(tables: Mapping[str, Table], told: Mapping[str, Any]) -> list[Finding]:
    """List them, each with a code that stays."""
    found = [*_difficult(told), *_small_dev(told["sizes"])]
    leaked = [o for o in told["leakage"]["overlaps"] if o["n"]]
    for place, overlap in enumerate(leaked):
        found.append(
            Finding(
                code="ST030", severity="issue", evidence=(f"leakage.overlaps.{place}",),
                title=f"{overlap['n']:,} examples of {overlap['second']} share their "
                f"{overlap['by']} with {overlap['first']}: they judge nothing",
            )
        )  # fmt: skip
    found += [*unseen_classes.findings(told), *_passed_over(tables)]
    if "dev" in tables and "test" in tables:
        one_sided = label_audit.same_treatment(tables["dev"], tables["test"])
        found += [one_sided] if one_sided else []
    if "dev" in tables and tables["dev"].has("read"):
        parted = eyeball.part(tables["dev"])
        stale = eyeball.stale(parted, generator("stale", 1))
        if stale.material:
            found.append(
                Finding(
                    code="ST020", severity="issue",
                    title="what was read no longer stands for the rest of dev: read afresh",
                )
            )  # fmt: skip
    return found


def _passed_over(tables: Mapping[str, Table]) -> list[Finding]:
    """Say which columns were searched, where there are too many for all."""
    dev = tables.get("dev")
    if dev is None or len(dev.meta) == len(dev.searched):
        return []
    return [
        Finding(
            code="ST012", severity="info", evidence=("slices",),
            title=f"of {len(dev.meta):,} columns meta.* the first {len(dev.searched)} that hold "
            f"more than one value were searched, {dev.searched[0]!r} to {dev.searched[-1]!r}: "
            "pairs of all would take hours and prove little; put first what you suspect",
        )
    ]  # fmt: skip


def _difficult(told: Mapping[str, Any]) -> list[Finding]:
    """Say so where a mismatch that counts is no larger than what people find harder too."""
    if "mismatch" not in told["verdict"]["primary"]:
        return []
    return [
        Finding(
            code="ST006", severity="tip", evidence=(f"table2d.adjusted.{place}",),
            title=f"of {one['mismatch']:+.2%} from {one['general']} to {one['target']}, "
            f"{one['intrinsic_difficulty']:+.2%} is harder for people too, and "
            f"{one['model_specific']:+.2%} is the model's own",
        )
        for place, one in enumerate(told["table2d"].get("adjusted", []))
        if one["model_specific"] is not None
    ]  # fmt: skip


def _small_dev(sizes: Mapping[str, Any]) -> list[Finding]:
    if sizes.get("enough") is not False:
        return []
    return [
        Finding(
            code="ST011", severity="tip", evidence=("sizes",),
            missing=f"{sizes['dev']:,} dev examples",
            title=f"{sizes['n']:,} dev examples show a gain of {sizes['delta']:.2%} in "
            f"{sizes['power']:.0%} of cases, and put the better model first in "
            f"{sizes['p_right_order']:.0%}",
        )
    ]  # fmt: skip
