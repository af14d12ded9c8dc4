"""The contents of a model's MLflow run: names and values from the stages' files."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, TypeVar

from foursplit.config import paths
from foursplit.config.fit import fit_settings
from foursplit.core.own_curve import OwnCurve
from foursplit.core.splits import SPLITS, TITLES, Split
from foursplit.diagnosis.slices.slice_report import describe_slice
from foursplit.evaluation.results import ExperimentResult
from foursplit.reporting.tables.findings import short_verdict
from foursplit.tracking.runs import run_key

MAX_CURVE_ROWS = 1000  # of a curve; MLflow's page plots 320 points

MAX_FINDINGS = 10  # tags and slices that become metrics; the file has all

MODEL_HASH = "foursplit.model_hash"  # tag: sha256 of the weights, to find a run by

COSTS = ("n_parameters", "flops", "size_bytes")

T = TypeVar("T")

Point = tuple[str, float, int]
"""A metric's name, its value and its step: the epoch, or the number of training examples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitInput:
    """A split as a dataset of the run."""

    split: Split
    name: str
    digest: str
    folder: str
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunData:
    """One run: an experiment with one seed."""

    experiment: str  # MLflow's experiment: course and comparison group
    name: str
    key: str  # equal keys, equal runs
    mark: str  # key of the live run
    made_ms: int  # modification time of the model's files
    params: dict[str, str]
    metrics: dict[str, float]
    curves: list[Point]
    tags: dict[str, str]
    inputs: list[SplitInput]


def collect_run_data(
    entry: ExperimentResult, seed: int, digests: Mapping[str, str], git: Mapping[str, str]
) -> RunData:
    """Collect the contents of one run."""
    summary = entry.summaries[seed]
    manifest = summary["manifest"]
    key = run_key.run_key(entry, seed, digests)
    mtime = (paths.seed_folder(entry.models, seed) / "manifest.json").stat().st_mtime
    return RunData(
        experiment=f"{entry.home}/{entry.experiment.group}",
        name=run_name(entry.key, seed),
        key=key,
        mark=run_key.live_key(entry.key, entry.experiment, seed, manifest["data"]),
        made_ms=int(mtime * 1000),
        params=_params(entry, manifest),
        metrics={**_metrics(summary), **_diagnosis_metrics(entry.diagnosis)},
        curves=curve_points(entry.curves(seed))
        + own_points(entry.own_curves(seed))
        + learning_points(entry.learning_curve),
        tags={"foursplit.key": key, **_tags(entry, seed), **git},
        inputs=_inputs(entry, summary, digests),
    )


def run_name(key: str, seed: int) -> str:
    return f"{key} seed {seed}"


def curve_points(rows: Sequence[Mapping[str, float]]) -> list[Point]:
    """Turn rows of training metrics into points; the step is the epoch."""
    return [
        (f"curve/{name}", value, int(row["epoch"]))
        for row in thin(rows, MAX_CURVE_ROWS)
        for name, value in row.items()
        if name != "epoch"
    ]


def own_points(curves: Sequence[OwnCurve]) -> list[Point]:
    """Turn a model's own curves into points; the step is what the curve counts, from 1 on."""
    return [
        (f"curve/{name.replace(' ', '_')}", value, step)
        for curve in curves
        for name, values in curve.lines.items()
        for step, value in thin([*enumerate(values, 1)], MAX_CURVE_ROWS)
    ]


def learning_points(curve: Mapping[str, Any] | None) -> list[Point]:
    """Turn a learning curve into points: means of the repeats; the step is the train size."""
    if curve is None:
        return []
    rows = {"train": curve["train"]}
    rows |= {s: curve[s]["curve"]["points"] for s in ("train_dev", "dev") if s in curve}
    return [
        (f"learning_curve/{split}_error", fmean(row["errors"]), row["n"])
        for split, split_rows in rows.items()
        for row in split_rows
    ]


def thin(rows: Sequence[T], max_rows: int) -> Sequence[T]:
    """Return every n-th row and the last, so that about `max_rows` remain."""
    step = math.ceil(len(rows) / max_rows)
    if step <= 1:
        return rows
    return [row for n, row in enumerate(rows, start=1) if n % step == 0 or n == len(rows)]


def _params(entry: ExperimentResult, manifest: Mapping[str, Any]) -> dict[str, str]:
    experiment = entry.experiment
    fit = {name: value for name, value in fit_settings(experiment.fit).items() if name != "seeds"}
    return flatten(
        {
            "dataset": experiment.dataset,
            "week": experiment.week,
            "fit": fit,
            **{name: manifest[name] for name in ("task", "model", "model_args", "seed")},
            **{name: manifest[name] for name in ("device", "threads", "instruction_set")},
        }
    )


def flatten(block: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Flatten nested values to dotted names, formatted as in params.yaml."""
    result: dict[str, str] = {}
    for name, value in block.items():
        if isinstance(value, Mapping):
            result |= flatten(value, f"{prefix}{name}.")
        else:
            result[f"{prefix}{name}"] = _text(value)
    return result


def _text(value: Any) -> str:
    if isinstance(value, list | tuple) and value:
        return ", ".join(
            map(_text, value)
        )  # MLflow's page shows a JSON list with one line per item
    return value if isinstance(value, str) else json.dumps(value)


def _metrics(summary: Mapping[str, Any]) -> dict[str, float]:
    """Return all metrics under names that are the same in every run."""
    result: dict[str, float | None] = {}
    for split, error in summary["splits"].items():
        result |= _interval(f"diagnosis/{split}/error", error)
    if "unseen" in summary:
        unseen = summary["unseen"]
        result |= _interval("diagnosis/unseen/error", unseen)
        result |= _interval("diagnosis/unseen/difference", unseen["difference"])
    for gap in summary["ledger"]:
        result |= _interval(f"diagnosis/gap/{gap['gap']}", gap)
        result[f"diagnosis/gap/{gap['gap']}/p_largest"] = gap["p_largest"]
    for split, metrics in summary["metrics"].items():
        result |= {f"{split}/{name}": value for name, value in metrics.items()}
    for split, estimates in summary.get("table_metrics", {}).items():
        for name, estimate in estimates.items():
            result |= _interval(f"{split}/{name}", estimate)
    result["human_error"] = summary["human"]["error"] if summary["human"] else None
    result["diagnosis/baseline/error"] = summary["baseline"]["dev"]["error"]
    result |= _interval("diagnosis/baseline/gain", summary["baseline"]["dev"]["gain"])
    result |= {name: summary["manifest"][name] for name in COSTS}
    return {name: float(value) for name, value in result.items() if value is not None}


def _diagnosis_metrics(diagnosis: Mapping[str, Any]) -> dict[str, float]:
    """Return the metrics of the diagnosis, which cover all seeds of the experiment."""
    result: dict[str, float | None] = {
        f"diagnosis/tag/{metric_name(tag['tag'])}/{name}": tag[name]
        for tag in diagnosis["tags"]["tags"][:MAX_FINDINGS]
        for name in ("share", "ceiling")
    }
    confirmed = [s for s in diagnosis["slices"]["slices"] if s["confirmed"]][:MAX_FINDINGS]
    for number, found_slice in enumerate(confirmed, start=1):
        result[f"diagnosis/slice/{number}/error"] = found_slice["blackbox"]["value"]
        result[f"diagnosis/slice/{number}/recoverable"] = found_slice["recoverable"]
    result["diagnosis/slices_confirmed"] = len(confirmed)
    result["diagnosis/leaked"] = sum(row["n"] for row in diagnosis["leakage"]["overlaps"])
    decision = diagnosis["labels"].get("decision")
    result["diagnosis/label_noise"] = decision["noise"] if decision else None
    return {name: float(value) for name, value in result.items() if value is not None}


def metric_name(text: str) -> str:
    """Replace characters that MLflow does not allow in names by underscores."""
    return re.sub(r"[^\w\-. ]", "_", text)


def _interval(name: str, estimate: Mapping[str, Any]) -> dict[str, float | None]:
    return {name: estimate["value"], f"{name}_lo": estimate["lo"], f"{name}_hi": estimate["hi"]}


def _tags(entry: ExperimentResult, seed: int) -> dict[str, str]:
    diagnosis, steps = entry.diagnosis, entry.diagnosis["next"]
    slices = [s for s in diagnosis["slices"]["slices"] if s["confirmed"]]
    return {
        "diagnosis.schema": diagnosis["schema"],
        "diagnosis.primary": ", ".join(diagnosis["verdict"]["primary"]) or "none",
        "diagnosis.short_verdict": short_verdict(diagnosis),
        "diagnosis.verdict": diagnosis["verdict"]["sentence"],
        "diagnosis.next": steps[0]["action"] if steps else "nothing",
        "diagnosis.findings": ", ".join(finding["code"] for finding in diagnosis["findings"]),
        "diagnosis.worst_slice": describe_slice(slices[0]["where"]) if slices else "none confirmed",
        **_more_data(entry.learning_curve),
        "foursplit.winner": _bool_text(entry.winner),
        "foursplit.beats_baseline": _bool_text(entry.beats_baseline),
        "foursplit.meets_bounds": _bool_text(entry.meets_bounds),
        "foursplit.course": entry.course,
        "foursplit.week": entry.experiment.week,
        "foursplit.experiment": entry.key,
        MODEL_HASH: entry.summaries[seed]["manifest"]["model_hash"],
        "mlflow.source.name": "foursplit track",
        "mlflow.source.type": "LOCAL",
        "mlflow.note.content": _note(entry, seed),
    }


def _more_data(curve: Mapping[str, Any] | None) -> dict[str, str]:
    return {"diagnosis.more_data": curve["dev"]["verdict"]["sentence"]} if curve else {}


def _bool_text(value: bool) -> str:
    return "true" if value else "false"


def _note(entry: ExperimentResult, seed: int) -> str:
    summary, diagnosis = entry.summaries[seed], entry.diagnosis
    lines = [f"**{diagnosis['verdict']['sentence']}**", ""]
    if not summary["baseline"]["dev"]["beaten"]:
        lines.append("Not better than the baseline on dev.\n")
    lines += [f"Bound not met: {bound}.\n" for bound in entry.broken_bounds]
    lines += [
        f"{step['rank']}. {step['action']} – until {step['stop_rule']}"
        for step in diagnosis["next"]
    ]
    lines += ["", "| split | error | interval | examples |", "|---|---|---|---|"]
    for split, error in _ordered_splits(summary["splits"]):
        between = f"{error['lo']:.2%} to {error['hi']:.2%}"
        lines.append(f"| {TITLES[split]} | {error['value']:.2%} | {between} | {error['n']} |")
    page = paths.reports(entry.pipeline) / "experiments" / f"{entry.key}.html"
    lines += ["", f"Report: `{page.relative_to(paths.root())}`"]
    return "\n".join(lines)


def _ordered_splits(splits: Mapping[str, Any]) -> list[tuple[Split, Any]]:
    """Return the splits in their standard order; JSON sorts them by name."""
    return [(split, splits[split]) for split in SPLITS if split in splits]


def _inputs(
    entry: ExperimentResult, summary: Mapping[str, Any], digests: Mapping[str, str]
) -> list[SplitInput]:
    """List the splits; MLflow identifies a dataset by name and digest, so each has its own name."""
    dataset = entry.experiment.dataset
    inputs = []
    for split, error in _ordered_splits(summary["splits"]):
        folder_name = "sealed" if split == "test" else "seen"
        folder = (paths.split(dataset) / folder_name).relative_to(paths.root())
        inputs.append(
            SplitInput(
                split=split,
                name=f"{dataset}/{split}",
                digest=digests[folder_name],
                folder=str(folder),
                n=error["n"],
            )
        )
    return inputs
