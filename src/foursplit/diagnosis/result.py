"""The diagnosis of a model, and its JSON form."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from foursplit.diagnosis.baseline import Baseline
from foursplit.diagnosis.decomposition.decompose import Decomposition
from foursplit.diagnosis.decomposition.dev_size import DevSize
from foursplit.diagnosis.decomposition.dev_to_test import DevToTest
from foursplit.diagnosis.decomposition.error_matrix import AdjustedMismatch, ErrorMatrix
from foursplit.diagnosis.error_analysis.human_advantage import Subset
from foursplit.diagnosis.error_analysis.label_audit import Audit
from foursplit.diagnosis.error_analysis.leakage import Leakage
from foursplit.diagnosis.error_analysis.tags import TagReport
from foursplit.diagnosis.error_analysis.unseen_classes import UnseenClasses
from foursplit.diagnosis.learning_curve.convergence import Convergence
from foursplit.diagnosis.not_applicable import NotApplicable
from foursplit.diagnosis.recommendations.finding import Finding
from foursplit.diagnosis.slices.mismatch_drivers import Driver
from foursplit.diagnosis.slices.slice_report import SliceReport
from foursplit.diagnosis.stats.seed_agreement import SeedAgreement

SCHEMA = "foursplit.diagnosis/2"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorMatrixSection:
    """Errors by domain, and the mismatch of each pair of domains, decomposed."""

    table: ErrorMatrix
    adjusted: tuple[AdjustedMismatch, ...]

    def as_json(self) -> dict[str, Any]:
        return {**self.table.as_json(), "adjusted": [pair.as_json() for pair in self.adjusted]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """Tags of all families together, and of each family alone."""

    report: TagReport
    families: Mapping[str, TagReport]

    def as_json(self) -> dict[str, Any]:
        families = {name: report.as_json() for name, report in self.families.items()}
        return {**self.report.as_json(), "families": families}


@dataclass(frozen=True, slots=True, kw_only=True)
class HumanAdvantage:
    """Subsets on which people are still better than the model."""

    subsets: tuple[Subset, ...] = ()
    missing: str | None = None  # a column of dev
    not_applicable: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "subsets": [subset.as_json() for subset in self.subsets],
            "missing": self.missing,
            "not_applicable": self.not_applicable,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Drivers:
    """Values that are more frequent among dev errors than in train."""

    drivers: tuple[Driver, ...] = ()
    not_applicable: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "drivers": [driver.as_json() for driver in self.drivers],
            "not_applicable": self.not_applicable,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """Where the error comes from, and what to do next.

    `one_seed` names the seed that sections on single answers are about; None with a single seed.
    Ceilings, search and drift are as their modules write them.
    """

    decomposition: Decomposition
    error_matrix: ErrorMatrixSection | NotApplicable
    tags: Tags | NotApplicable
    slices: SliceReport
    labels: Audit | NotApplicable
    ceilings: Mapping[str, Any]
    search: Mapping[str, Any]
    dev_size: DevSize | NotApplicable
    human_advantage: HumanAdvantage
    leakage: Leakage
    unseen_classes: tuple[UnseenClasses, ...]
    drift: Mapping[str, Any] | None
    drivers: Drivers
    dev_to_test: DevToTest | None
    one_seed: str | None
    baseline: Baseline | None = None  # None where the tables do not say what it is
    convergence: Convergence | None = None  # of training; None where no curve tells
    seed_agreement: SeedAgreement | None = None  # on train; None for one seed or without train
    findings: tuple[Finding, ...] = ()
    next_steps: tuple[Mapping[str, Any], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the content of diagnosis.json."""
        sections: dict[str, dict[str, Any]] = {
            "table2d": self.error_matrix.as_json(),
            "tags": self.tags.as_json(),
            "slices": self.slices.as_json(),
            "labels": self.labels.as_json(),
            "ceilings": dict(self.ceilings),
            "search": dict(self.search),
            "human_advantage": self.human_advantage.as_json(),
            "leakage": self.leakage.as_json(),
            "drivers": self.drivers.as_json(),
        }
        if self.one_seed is not None:
            sections = {name: {**s, "of_seed": self.one_seed} for name, s in sections.items()}
        agreement = self.seed_agreement
        unseen = [classes.as_json() for classes in self.unseen_classes]
        return {
            "schema": SCHEMA,
            **self.decomposition.as_json(),
            **sections,
            "sizes": self.dev_size.as_json(),
            **({"baseline": self.baseline.as_json()} if self.baseline else {}),
            **({"convergence": self.convergence.as_json()} if self.convergence else {}),
            **({"seed_agreement": agreement.as_json()} if agreement else {}),
            **({"unseen_classes": unseen} if unseen else {}),
            **({"dev_to_test": self.dev_to_test.as_json()} if self.dev_to_test else {}),
            "drift": None if self.drift is None else dict(self.drift),
            "findings": [finding.as_json() for finding in self.findings],
            "next": [dict(step) for step in self.next_steps],
        }
