"""The artifacts of a run: pictures, the worst dev examples, manifest, summary, settings."""

import json
import shutil
from collections.abc import Callable, Mapping
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
from foursplit.evaluation.group_metric import engine_metrics
from foursplit.evaluation.results import ExperimentResult
from foursplit.io import artifacts
from foursplit.reporting.plots.confusion_matrix import confusion_file
from foursplit.reporting.plots.lines import lines_file
from foursplit.reporting.plots.metric_curves import metric_curves
from foursplit.reporting.plots.residuals import has_residuals, residuals_file
from foursplit.reporting.plots.waterfall import waterfall_file
from foursplit.reporting.tables.confusion import confusion

MAX_WORST = 50  # dev examples; enough to read in one session

SHEET_SEED = 1  # as `foursplit error-sheet`, so that both sample the same examples

EXCLUDED_COLUMNS = ("split", "weight", "is_error", "baseline_loss")

EXCLUDED_PREFIXES = ("proba_", "stat.")


def write_files(folder: Path, entry: ExperimentResult, seed: int) -> None:
    """Write a run's files to `folder`."""
    summary = entry.summaries[seed]
    dev = experiment_tables.load(paths.seed_folder(entry.tables, seed), "dev")
    models = paths.seed_folder(entry.models, seed)
    shutil.copyfile(models / "manifest.json", folder / "manifest.json")
    shutil.copyfile(paths.seed_folder(entry.tables, seed) / "summary.json", folder / "summary.json")
    _write_settings(folder / "experiment.yaml", entry)
    (folder / "diagnosis").mkdir()
    artifacts.write_json(folder / "diagnosis" / "diagnosis.json", entry.diagnosis)
    (folder / "dev").mkdir()
    for name, text in _drawings(summary, dev, entry).items():
        artifacts.write_text(folder / name, text)
    for name, table in TABLES.items():
        table(dev).to_json(folder / name, orient="split", index=False)
    classes = summary["manifest"]["shape"]["classes"]
    if classes:
        counts = [[cell.n for cell in row] for row in confusion(dev, classes).rows]
        content = {"true": classes, "predicted": classes, "counts": counts}
        artifacts.write_json(folder / "dev" / "confusion.json", content)


def _drawings(
    summary: Mapping[str, Any], dev: pd.DataFrame, entry: ExperimentResult
) -> dict[str, str]:
    """Draw a run's pictures, as the report does; return SVG by file name.

    The ledger is that of all seeds, as everywhere: a verdict on one seed would be another.
    """
    verdict = entry.diagnosis["verdict"]["sentence"].split(". ")[0].rstrip(".")
    drawings = {"diagnosis/ledger.svg": waterfall_file(entry.diagnosis, verdict)}
    task = entry.experiment.task
    for name, content in metric_curves(dev).items() if engine_metrics(task) else ():
        drawings[f"dev/{name}.svg"] = lines_file(content, f"dev: {content['title']}")
    classes = summary["manifest"]["shape"]["classes"]
    if classes:
        title = f"dev: {int((dev['y'] != dev['y_hat']).sum())} of {len(dev)} wrong"
        drawings["dev/confusion.svg"] = confusion_file(confusion(dev, classes), title)
    elif has_residuals(summary["manifest"], dev):
        title = "dev: prediction minus true value, over the true value"
        drawings["dev/residuals.svg"] = residuals_file(
            dev["y"].tolist(), dev["y_hat"].tolist(), title
        )
    return drawings


def worst_examples(dev: pd.DataFrame) -> pd.DataFrame:
    """Return the dev examples with the highest loss; only dev may be inspected."""
    order = [name for name in ("loss", "log_loss") if name in dev]
    errors = dev[dev["is_error"]].sort_values(order, ascending=False, kind="stable").head(MAX_WORST)
    columns = [
        c for c in dev.columns if c not in EXCLUDED_COLUMNS and not c.startswith(EXCLUDED_PREFIXES)
    ]
    return errors[columns].reset_index(drop=True)


def error_sheet(dev: pd.DataFrame) -> pd.DataFrame:
    """Sample the sheet of dev errors, as `foursplit error-sheet` does."""
    split = eyeball.split_dev(validate(dev, "dev"))
    sheet = sheets.sheet(split.eyeball, generator("sheet", SHEET_SEED))
    return sheet.drop(columns=list(sheets.FILLED))


TABLES: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "dev/worst.json": worst_examples,
    "diagnosis/sheet.json": error_sheet,
}
"""Tables in the format of MLflow's `log_table`, which makes several calls for each."""


def table_tags() -> dict[str, str]:
    """Return the tag by which MLflow's page finds the tables."""
    from mlflow.utils.mlflow_tags import MLFLOW_LOGGED_ARTIFACTS

    tables = [{"path": name, "type": "table"} for name in TABLES]
    return {MLFLOW_LOGGED_ARTIFACTS: json.dumps(tables)}


def _write_settings(path: Path, entry: ExperimentResult) -> None:
    """Write the experiment's block of params.yaml, with defaults."""
    block: dict[str, Any] = asdict(entry.experiment)
    block["fit"]["seeds"] = list(block["fit"]["seeds"])
    writer = YAML(typ="safe")
    writer.default_flow_style = False
    with path.open("w", encoding="utf-8") as file:
        writer.dump({entry.key: block}, file)
