"""The page of one experiment: error decomposition, curves, slices and examples."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pandas as pd
from markupsafe import Markup

from foursplit import plugins
from foursplit.config import paths
from foursplit.config.fit import EstimatorConfig, TrainerConfig, fit_settings
from foursplit.config.schema import ComparisonGroup
from foursplit.core.dataset_spec import DatasetSpec
from foursplit.core.examples import DataSpec
from foursplit.core.splits import SPLITS
from foursplit.data import load_splits
from foursplit.diagnosis.decomposition.verdict import NAMES
from foursplit.evaluation import experiment_tables, kept_answers
from foursplit.evaluation.group_metric import args as metric_args
from foursplit.evaluation.group_metric import engine_metrics, group_metric
from foursplit.evaluation.results import ExperimentResult
from foursplit.reporting.numbers import confidence_level, gap_interval, percent, signed
from foursplit.reporting.pages.diagnosis_sections import sections
from foursplit.reporting.panels.by_task import PANELS
from foursplit.reporting.plots.curves import curves
from foursplit.reporting.plots.learning_curve import learning_curve
from foursplit.reporting.plots.lines import lines
from foursplit.reporting.plots.metric_curves import metric_curves
from foursplit.reporting.plots.own_curves import figure
from foursplit.reporting.plots.residuals import has_residuals, residuals
from foursplit.reporting.plots.waterfall import waterfall
from foursplit.reporting.render import render
from foursplit.reporting.tables import gaps, measured_values, slices, table_metrics
from foursplit.reporting.tables.confusion import Confusion, confusion
from foursplit.reporting.tables.worst_examples import worst_examples

FINDINGS = "docs/findings.md"


def page(
    entry: ExperimentResult, group: ComparisonGroup, card: Mapping[str, Any], confidence: float
) -> str:
    """Render the page; curves, slices and examples are those of the first seed."""
    dataset: DatasetSpec = card["dataset"]
    seed = min(entry.summaries)
    summary, diagnosis = entry.summaries[seed], entry.diagnosis
    dev = experiment_tables.load(paths.seed_folder(entry.tables, seed), "dev")
    return render(
        "experiment.html",
        {
            "entry": entry,
            "docs": _findings_page(entry),
            "experiment": entry.experiment,
            "group": group,
            "card": card,
            "dataset": dataset,
            "diagnosis": diagnosis,
            "manifest": entry.manifest,
            "fit": _fit(entry.experiment.fit),
            "seed": seed,
            "seeds": _seeds(entry),
            "confidence": confidence_level(confidence),
            "errors": measured_values.by_split(entry),
            "beats_baseline": entry.beats_baseline,
            "baseline": _baseline(summary),
            "baseline_prediction": _baseline_prediction(entry),
            "about_error": getattr(plugins.metrics(entry.experiment.task), "ABOUT", ""),
            "rates": _rates(summary["metrics"]["dev"]),
            "waterfall": waterfall(diagnosis),
            "gaps": gaps.rows(diagnosis["ledger"]),
            "steps": _steps(diagnosis),
            "curves": _curves(entry, seed),
            "own_curves": [(c.title, lines(figure(c))) for c in entry.own_curves(seed)],
            "learning_curve": entry.learning_curve,
            "learning_curve_plot": learning_curve(entry.learning_curve)
            if entry.learning_curve
            else None,
            "confusion": _confusion(dev, entry.manifest),
            "residuals": _residuals(dev, dataset, entry.manifest),
            "slices": slices.by_column(dev),
            **sections(diagnosis),
            **_whole_splits(entry, group, dataset, dev, seed),
            **_examples(entry, dev, dataset, seed),
        },
    )


def _findings_page(entry: ExperimentResult) -> str:
    """Return the link to the page of the codes; empty in a project that has none."""
    if not (paths.root() / FINDINGS).is_file():
        return ""
    return f"{'../' * (3 if entry.pipeline else 2)}{FINDINGS}"


def _whole_splits(
    entry: ExperimentResult,
    group: ComparisonGroup,
    dataset: DatasetSpec,
    dev: pd.DataFrame,
    seed: int,
) -> dict[str, Any]:
    """Return the metrics of whole splits, and the curves of the first seed."""
    rows = table_metrics.rows(entry)
    chosen = group_metric(group).chosen
    figures = metric_curves(dev, metric_args(group).positive) if engine_metrics(group.task) else {}
    return {
        "table_metrics": rows,
        "metric_splits": [s for s in SPLITS if any(s in row.cells for row in rows)],
        "has_baselines": any(row.baseline for row in rows),
        "metric_title": chosen.metric.title if chosen else "",
        "threshold": entry.summaries[seed].get("threshold"),
        "target_unit": dataset.unit,
        "metric_plots": [(content["title"], lines(content)) for content in figures.values()],
    }


def _examples(
    entry: ExperimentResult, table: pd.DataFrame, dataset: DatasetSpec, seed: int
) -> dict[str, Any]:
    """Return the task's own panel of answers, or else the examples with the highest loss."""
    dev = load_splits.load(entry.experiment.dataset, "dev")
    panel = PANELS.get(entry.experiment.task)
    if panel is None:
        return {"panel": "", "worst": worst_examples(table, dev, dataset)}
    # The winner's tables lie in another folder than what `evaluate` kept.
    evaluated = paths.predictions(entry.experiment.group) / entry.key
    kept = kept_answers.load(paths.seed_folder(evaluated, seed))
    return {"panel": panel(table, dev, dataset, kept)}


def _fit(fit: TrainerConfig | EstimatorConfig) -> dict[str, Any]:
    """Return the training settings; the augmentation is described in words."""
    shown = fit_settings(fit)
    if isinstance(fit, TrainerConfig):
        shown["augment"] = fit.augment.named() if fit.augment else "nothing"
        if fit.lr_scheduler:
            changed = {n: v for n, v in asdict(fit.lr_scheduler).items() if v and v != 1}
            name = changed.pop("name")
            shown["lr_scheduler"] = ", ".join([name, *(f"{n} {v}" for n, v in changed.items())])
        if fit.batch:
            shown["batch"] = fit.batch.named()
        if fit.pretrained:
            shown["pretrained"] = fit.pretrained.named()
        if fit.phases:
            shown["phases"] = "; ".join(phase.named() for phase in fit.phases)
    return shown


def _seeds(entry: ExperimentResult) -> list[dict[str, Any]]:
    """Return the errors of each seed; empty for a single seed."""
    if len(entry.summaries) < 2:
        return []
    return [
        {"seed": seed, "errors": {s: block["value"] for s, block in summary["splits"].items()}}
        for seed, summary in sorted(entry.summaries.items())
    ]


def _steps(diagnosis: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {**step, "gap": "" if step["gain"] is None else NAMES.get(step["link"], "")}
        for step in diagnosis["next"]
    ]


def _baseline(summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "split": split,
            "baseline": percent(block["error"]),
            "model": percent(summary["splits"][split]["value"]),
            "gain": signed(block["gain"]["value"]),
            "interval": gap_interval(block["gain"]["lo"], block["gain"]["hi"]),
            "is_better": block["beaten"],
        }
        for split, block in summary["baseline"].items()
    ]


def _rates(metrics: Mapping[str, float]) -> str:
    """Format precision, recall and F1 on dev, if the task measures them."""
    names = {"precision": "precision", "recall": "recall", "f1": "F1"}
    return ", ".join(f"{name} {metrics[key]:.3f}" for key, name in names.items() if key in metrics)


def _baseline_prediction(entry: ExperimentResult) -> str:
    """Describe what the baseline predicts."""
    return plugins.metrics(entry.experiment.task).baseline(
        DataSpec.from_json(entry.manifest["shape"])
    )


def _curves(entry: ExperimentResult, seed: int) -> list[tuple[str, Markup]]:
    rows = entry.curves(seed)
    if not rows:
        return []
    plots = [("Loss", curves(rows, "loss", ("train", "train_dev", "dev"), percent=False))]
    if any("dev_error" in row for row in rows):
        plots.append(("Error", curves(rows, "error", ("train_dev", "dev"), percent=True)))
    return plots


def _confusion(dev: pd.DataFrame, manifest: Mapping[str, Any]) -> Confusion | None:
    classes = manifest["shape"]["classes"]
    return confusion(dev, classes) if classes else None


def _residuals(
    dev: pd.DataFrame, dataset: DatasetSpec, manifest: Mapping[str, Any]
) -> Markup | None:
    if not has_residuals(manifest, dev):
        return None
    label = f"Prediction minus true value over the true value of {dataset.target} on dev"
    return residuals(dev["y"].tolist(), dev["y_hat"].tolist(), label)
