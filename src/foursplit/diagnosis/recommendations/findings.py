"""Findings of a diagnosis: gaps that count, leakage, stale splits, a small dev."""

from collections.abc import Mapping

from foursplit.core.seeds import generator
from foursplit.diagnosis import baseline
from foursplit.diagnosis.decomposition import decompose, dev_to_test
from foursplit.diagnosis.decomposition.dev_size import DevSize
from foursplit.diagnosis.error_analysis import eyeball, label_audit, time_order, unseen_classes
from foursplit.diagnosis.error_analysis.leakage import Leakage
from foursplit.diagnosis.not_applicable import NotApplicable
from foursplit.diagnosis.prediction_table import PredictionTable
from foursplit.diagnosis.recommendations import table_checks
from foursplit.diagnosis.recommendations.finding import Finding
from foursplit.diagnosis.result import Diagnosis, ErrorMatrixSection
from foursplit.diagnosis.stats.seed_agreement import SeedAgreement


def findings(tables: Mapping[str, PredictionTable], diagnosis: Diagnosis) -> list[Finding]:
    """List the findings, each with a stable code."""
    return [
        *baseline.findings(diagnosis.baseline),
        *dev_to_test.findings(diagnosis.dev_to_test),
        *decompose.findings(diagnosis.decomposition),
        *_mismatch_parts(diagnosis),
        *_small_dev(diagnosis.dev_size),
        *_seeds(diagnosis.seed_agreement),
        *_leaks(diagnosis.leakage),
        *time_order.findings(tables),
        *unseen_classes.findings(diagnosis.unseen_classes),
        *_columns_left_out(tables),
        *table_checks.findings(tables),
        *_one_sided_audit(tables),
        *_stale_eyeball(tables),
    ]


def _leaks(leakage: Leakage) -> list[Finding]:
    return [
        Finding(
            code="ST030",
            severity="issue",
            evidence=(f"leakage.overlaps.{number}",),
            title=f"{overlap.n:,} examples of {overlap.second} share their "
            f"{overlap.by} with {overlap.first}: their error is no evidence",
        )
        for number, overlap in enumerate(o for o in leakage.overlaps if o.n)
    ]


def _one_sided_audit(tables: Mapping[str, PredictionTable]) -> list[Finding]:
    if not {"dev", "test"} <= {*tables}:
        return []
    finding = label_audit.same_treatment(tables["dev"], tables["test"])
    return [finding] if finding else []


def _stale_eyeball(tables: Mapping[str, PredictionTable]) -> list[Finding]:
    if "dev" not in tables or not tables["dev"].has("read"):
        return []
    if not eyeball.measure_staleness(
        eyeball.split_dev(tables["dev"]), generator("stale", 1)
    ).material:
        return []
    return [
        Finding(
            code="ST020",
            severity="issue",
            title="the Eyeball set no longer represents the rest of dev: read new examples",
        )
    ]


def _columns_left_out(tables: Mapping[str, PredictionTable]) -> list[Finding]:
    """Name the columns that were searched, where there are too many to search all."""
    dev = tables.get("dev")
    if dev is None or len(dev.meta) == len(dev.searched):
        return []
    return [
        Finding(
            code="ST013",
            severity="info",
            evidence=("slices",),
            title=f"of {len(dev.meta):,} columns meta.* the first {len(dev.searched)} that hold "
            f"more than one value were searched, {dev.searched[0]!r} to {dev.searched[-1]!r}: "
            "searching all would take hours; put the columns that you suspect first",
        )
    ]


def _mismatch_parts(diagnosis: Diagnosis) -> list[Finding]:
    """Report how much of a mismatch that counts is harder for people too."""
    matrix = diagnosis.error_matrix
    primary = diagnosis.decomposition.verdict.primary
    if "mismatch" not in primary or not isinstance(matrix, ErrorMatrixSection):
        return []
    return [
        Finding(
            code="ST006",
            severity="tip",
            evidence=(f"table2d.adjusted.{number}",),
            title=f"of {pair.mismatch:+.2%} from {pair.general} to {pair.target}, "
            f"{pair.intrinsic:+.2%} is harder for people too, and "
            f"{pair.specific:+.2%} is the model's own",
        )
        for number, pair in enumerate(matrix.adjusted)
        if pair.specific is not None
    ]


def _small_dev(size: DevSize | NotApplicable) -> list[Finding]:
    if isinstance(size, NotApplicable) or size.enough:
        return []
    return [
        Finding(
            code="ST011",
            severity="tip",
            evidence=("sizes",),
            missing=f"{size.dev:,} dev examples",
            title=f"with {size.n:,} dev examples a true gain of {size.delta:.2%} is detected with "
            f"power {size.power:.0%}; the better model ranks first with probability "
            f"{size.p_right_order:.0%}",
        )
    ]


def _seeds(agreement: SeedAgreement | None) -> list[Finding]:
    """Report seeds that reach different train errors."""
    if agreement is None or not agreement.disagree:
        return []
    errors = ", ".join(f"{seed} {error:.1%}" for seed, error in agreement.errors.items())
    failed = f"; training failed for {', '.join(agreement.failed)}" if agreement.failed else ""
    return [
        Finding(
            code="ST040",
            severity="issue",
            evidence=("seed_agreement",),
            title=f"seeds differ significantly on train ({errors}){failed}",
        )
    ]
