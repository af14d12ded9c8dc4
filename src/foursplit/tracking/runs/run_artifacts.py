"""The artifacts of a run: pictures, the worst dev examples, manifest, summary, settings."""

import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
from ruamel.yaml import YAML

from foursplit.config import paths
from foursplit.core.seeds import generator
from foursplit.diagnosis.error_analysis import annotation_sheet as sheets
from foursplit.diagnosis.error_analysis import eyeball
from foursplit.diagnosis.prediction_table import validate
from foursplit.evaluation import experiment_tables
from foursplit.evaluation.results import ExperimentResult
from foursplit.io import artifacts
from foursplit.tracking.runs import run_pictures

MAX_WORST = 50  # dev examples; enough to read in one session

SHEET_SEED = 1  # as `foursplit error-sheet`, so that both sample the same examples

EXCLUDED_COLUMNS = ("split", "weight", "is_error", "baseline_loss")


def write_files(folder: Path, entry: ExperimentResult, seed: int, dev: pd.DataFrame) -> None:
    """Write a run's files to `folder`."""
    summary = entry.summaries[seed]
    models = paths.seed_folder(entry.models, seed)
    shutil.copyfile(models / "manifest.json", folder / "manifest.json")
    shutil.copyfile(paths.seed_folder(entry.tables, seed) / "summary.json", folder / "summary.json")
    _write_settings(folder / "experiment.yaml", entry)
    (folder / "diagnosis").mkdir()
    artifacts.write_json(folder / "diagnosis" / "diagnosis.json", entry.diagnosis)
    run_pictures.plot_ledger(summary).savefig(folder / "diagnosis" / "ledger.png")
    (folder / "dev").mkdir()
    classes = summary["manifest"]["shape"]["classes"]
    if not classes:
        run_pictures.plot_residuals(dev).savefig(folder / "dev" / "residuals.png")
        return
    counts = run_pictures.confusion_counts(dev, classes)
    run_pictures.plot_confusion(counts).savefig(folder / "dev" / "confusion.png")
    content = {"true": list(counts.index), "answered": list(counts.columns)}
    artifacts.write_json(
        folder / "dev" / "confusion.json", {**content, "counts": counts.to_numpy().tolist()}
    )


def dev_table(entry: ExperimentResult, seed: int) -> pd.DataFrame:
    return experiment_tables.load(paths.seed_folder(entry.tables, seed), "dev")


def worst_examples(dev: pd.DataFrame) -> pd.DataFrame:
    """Return the dev examples with the highest loss; only dev may be inspected."""
    order = [name for name in ("loss", "log_loss") if name in dev]
    errors = dev[dev["is_error"]].sort_values(order, ascending=False, kind="stable").head(MAX_WORST)
    columns = [c for c in dev.columns if c not in EXCLUDED_COLUMNS and not c.startswith("proba_")]
    # As objects: MLflow detects text columns of pandas 3 in a deprecated way.
    return errors[columns].reset_index(drop=True).astype(object)


def error_sheet(dev: pd.DataFrame) -> pd.DataFrame:
    """Sample the sheet of dev errors, as `foursplit error-sheet` does."""
    split = eyeball.split_dev(validate(dev, "dev"))
    sheet = sheets.sheet(split.eyeball, generator("sheet", SHEET_SEED))
    return sheet.drop(columns=list(sheets.FILLED)).astype(object)


def _write_settings(path: Path, entry: ExperimentResult) -> None:
    """Write the experiment's block of params.yaml, with defaults."""
    block: dict[str, Any] = asdict(entry.experiment)
    block["fit"]["seeds"] = list(block["fit"]["seeds"])
    writer = YAML(typ="safe")
    writer.default_flow_style = False
    with path.open("w", encoding="utf-8") as file:
        writer.dump({entry.key: block}, file)
