"""Diagnose one model's prediction tables: every section for which there is evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from foursplit.core.seeds import generator
from foursplit.diagnosis.baseline import measure_baseline
from foursplit.diagnosis.ceiling import optimization_verification, oracle_components
from foursplit.diagnosis.ceiling.bootstrap import Sampling
from foursplit.diagnosis.decomposition import dev_size, dev_to_test, error_matrix
from foursplit.diagnosis.decomposition.decompose import Decomposition, decompose
from foursplit.diagnosis.decomposition.dev_size import DevSize
from foursplit.diagnosis.decomposition.human_level import HumanLevelChoice
from foursplit.diagnosis.decomposition.ledger import MERGED, dev_level
from foursplit.diagnosis.decomposition.verdict import SLACK
from foursplit.diagnosis.error_analysis import human_advantage, label_audit, leakage, tags
from foursplit.diagnosis.error_analysis.label_audit import Audit
from foursplit.diagnosis.error_analysis.unseen_classes import unseen_classes
from foursplit.diagnosis.learning_curve.convergence import find_convergence
from foursplit.diagnosis.not_applicable import NotApplicable
from foursplit.diagnosis.prediction_table import HUMAN, Model, PredictionTable
from foursplit.diagnosis.recommendations.baseline_steps import with_baseline
from foursplit.diagnosis.recommendations.findings import findings
from foursplit.diagnosis.recommendations.gap_actions import Training
from foursplit.diagnosis.recommendations.rules import recommend
from foursplit.diagnosis.result import Diagnosis, Drivers, ErrorMatrixSection, HumanAdvantage, Tags
from foursplit.diagnosis.settings import Settings
from foursplit.diagnosis.slices import mismatch_drivers, slice_report
from foursplit.diagnosis.slices.slice_report import SliceReport
from foursplit.diagnosis.stats.seed_agreement import SeedAgreement, compare_seeds

NO_DEV = "No dev table."


def diagnose_as_json(
    models: Sequence[Model], settings: Settings, drift: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the diagnosis as diagnosis.json holds it."""
    return diagnose(models, settings, drift).as_json()


def diagnose(
    models: Sequence[Model], settings: Settings, drift: Mapping[str, Any] | None = None
) -> Diagnosis:
    """Diagnose a model, given by its seeds.

    `drift` is the comparison of train with dev, where it was measured: if the two are alike, their
    gap is variance.
    """
    alike = settings.same_distribution or bool(drift and drift["alike"])
    parts = decompose(models, settings, same_distribution=alike)
    tables = _with_human_loss(models[0].tables, parts.human)
    dev = tables.get("dev")
    matrix = _error_matrix(tables, settings)
    new = unseen_classes(tables) if settings.learns_labels else []
    rng = generator("leakage", settings.seed)
    diagnosis = Diagnosis(
        decomposition=parts,
        error_matrix=matrix,
        tags=_tags(dev, settings),
        slices=_slices(dev, settings),
        labels=_labels(dev),
        ceilings=_ceilings(dev, settings),
        search=_search(dev, settings),
        dev_size=_dev_size(models, settings),
        human_advantage=_human_advantage(dev, settings, parts),
        leakage=leakage.check_leakage(tables, rng, confidence=settings.confidence),
        unseen_classes=tuple(new),
        drift=drift,
        drivers=_drivers(tables, settings, suspected=_is_mismatch_suspected(parts, matrix, drift)),
        dev_to_test=dev_to_test.explain(parts, tables, settings),
        one_seed=(models[0].name or "the first") if len(models) > 1 else None,
        baseline=measure_baseline(models, settings),
        convergence=find_convergence(settings.curves, settings.confidence),
        seed_agreement=_seed_agreement(models, settings, parts),
    )
    return replace(
        diagnosis,
        findings=tuple(findings(tables, diagnosis)),
        next_steps=tuple(
            with_baseline(
                diagnosis.baseline,
                recommend(
                    diagnosis,
                    dev,
                    people=settings.people,
                    training=Training(
                        penalties=settings.penalties,
                        same_distribution=alike,
                        has_epochs=settings.has_epochs,
                    ),
                ),
            )
        ),
    )


def _with_human_loss(
    tables: Mapping[str, PredictionTable], human: HumanLevelChoice | None
) -> Mapping[str, PredictionTable]:
    """Add the best annotator's losses as `human_loss` to the tables that have no such column."""
    levels = () if human is None else human.levels
    annotators = [level for level in levels if level.where.startswith(HUMAN)]
    if not annotators:
        return tables
    column = min(annotators, key=lambda level: level.error.value).column
    return {
        split: PredictionTable(
            split=split, path=t.path, frame=t.frame.assign(human_loss=t.frame[column])
        )
        if t.has(column) and not t.has("human_loss")
        else t
        for split, t in tables.items()
    }


def _sampling(settings: Settings) -> Sampling:
    return Sampling(n_resamples=settings.n_resamples, confidence=settings.confidence)


def _tags(dev: PredictionTable | None, settings: Settings) -> Tags | NotApplicable:
    """Count tags; those such as kind:pharma and cue:misspelling are also counted by family."""
    if dev is None:
        return NotApplicable(reason=NO_DEV, empty={"tags": []})
    return Tags(
        report=tags.count_tags(dev, confidence=settings.confidence),
        families={
            family: tags.count_tags(dev, confidence=settings.confidence, family=family)
            for family in tags.families(dev)
        },
    )


def _slices(dev: PredictionTable | None, settings: Settings) -> SliceReport:
    if dev is None:
        return SliceReport(not_applicable=NO_DEV)
    rng = generator("slices", settings.seed)
    return slice_report.find_slices(dev, rng, confidence=settings.confidence)


def _labels(dev: PredictionTable | None) -> Audit | NotApplicable:
    if dev is None or not dev.has("label_audit"):
        return NotApplicable(reason="No label was audited: fill in label_audit on a sheet.")
    return label_audit.audit(dev)


def _ceilings(dev: PredictionTable | None, settings: Settings) -> dict[str, Any]:
    if dev is None:
        empty: dict[str, Any] = {"parts": [], "types": [], "attribution": None}
        return NotApplicable(reason=NO_DEV, empty=empty).as_json()
    rng = generator("ceilings", settings.seed)
    return oracle_components.table_ceilings(dev, rng, _sampling(settings))


def _search(dev: PredictionTable | None, settings: Settings) -> dict[str, Any]:
    if dev is None:
        return NotApplicable(reason=NO_DEV).as_json()
    rng = generator("search", settings.seed)
    return optimization_verification.verify_table(dev, rng, _sampling(settings))


def _dev_size(models: Sequence[Model], settings: Settings) -> DevSize | NotApplicable:
    if not all("dev" in model.tables for model in models):
        return NotApplicable(reason=NO_DEV)
    return dev_size.of_tables([model.tables["dev"] for model in models], settings.rule)


def _seed_agreement(
    models: Sequence[Model], settings: Settings, parts: Decomposition
) -> SeedAgreement | None:
    """Compare the seeds on train, by the margin from which on a gap counts."""
    if not all("train" in model.tables for model in models):
        return None
    names = [f"{model.name or n}" for n, model in enumerate(models, start=1)]
    if len({*names}) < len(names):
        names = [f"{n}" for n in range(1, len(names) + 1)]
    has_dev = all("dev" in model.tables for model in models)
    error = parts.errors["dev" if has_dev else "train"]
    return compare_seeds(
        {name: model.tables["train"] for name, model in zip(names, models, strict=True)},
        settings.rule.threshold(error.value),
        1 - settings.confidence,
        {name: model.tables["dev"].error for name, model in zip(names, models, strict=True)}
        if has_dev
        else None,
    )


def _human_advantage(
    dev: PredictionTable | None, settings: Settings, parts: Decomposition
) -> HumanAdvantage:
    """Find the subsets on which people are better, once the model is better on dev as a whole.

    Being better on train is not enough: train may be memorized.
    """
    human, system = parts.errors.get("human"), dev_level(parts.errors)
    if human is None or system is None or system.hi >= human.lo - SLACK:
        return HumanAdvantage(not_applicable="The model is not known to be better than people.")
    if dev is None or not dev.has("human_loss"):
        why = "Give dev a column human_loss, to find where people are still better."
        return HumanAdvantage(missing="human_loss", not_applicable=why)
    rng = generator("people", settings.seed)
    return HumanAdvantage(
        subsets=tuple(human_advantage.find_human_advantage(dev, rng, _sampling(settings)))
    )


def _error_matrix(
    tables: Mapping[str, PredictionTable], settings: Settings
) -> ErrorMatrixSection | NotApplicable:
    domains = {d for t in tables.values() if t.has("domain") for d in t.frame["domain"].unique()}
    if len(domains) < 2:
        return NotApplicable(reason="All examples are of one domain.")
    rng = generator("table2d", settings.seed)
    table = error_matrix.compute_error_matrix(
        tables, rng, settings.human_on, confidence=settings.confidence
    )
    adjusted = (
        error_matrix.adjusted_mismatch(
            table, general, target, confidence=settings.confidence, rule=settings.rule
        )
        for general, target in error_matrix.pairs(tables)
    )
    return ErrorMatrixSection(table=table, adjusted=tuple(adjusted))


def _is_mismatch_suspected(
    parts: Decomposition,
    matrix: ErrorMatrixSection | NotApplicable,
    drift: Mapping[str, Any] | None,
) -> bool:
    """Check whether train may differ from dev: by the verdict, by domain, or by measured drift."""
    by_verdict = not {"mismatch", MERGED}.isdisjoint(parts.verdict.significant)
    return by_verdict or drift is not None or isinstance(matrix, ErrorMatrixSection)


def _drivers(
    tables: Mapping[str, PredictionTable], settings: Settings, *, suspected: bool
) -> Drivers:
    if not suspected:
        return Drivers(not_applicable="Nothing says that dev differs from train.")
    if not {"train", "dev"} <= {*tables}:
        return Drivers(not_applicable="It takes tables of train and of dev.")
    rng = generator("drivers", settings.seed)
    return Drivers(
        drivers=tuple(mismatch_drivers.find_drivers(tables["train"], tables["dev"], rng))
    )
