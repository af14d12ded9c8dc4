"""What MLflow is told of one trained model: names and values, from the stages' files alone."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any, TypeVar

from foursplit.config import paths
from foursplit.core.splits import SPLITS, TITLES, Split
from foursplit.diagnosis.slices.slice_report import describe
from foursplit.evaluation.results import Entry
from foursplit.tracking.runs import run_key

MAX_CURVE_ROWS = 1000  # of a curve; MLflow's page draws 320 points of it

MAX_FINDINGS = 10  # tags, and slices, that become metrics; the file has all

MODEL_HASH = "foursplit.model_hash"  # tag: sha256 of the weights, by which a run is found again

COSTS = ("n_parameters", "flops", "n_bytes")

T = TypeVar("T")

Point = tuple[str, float, int]
"""A metric's name, its value and its step: the epoch, or the number of training examples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitInput:
    """A split as a data set of the run."""

    split: Split
    name: str
    digest: str
    folder: str
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunData:
    """One run: an experiment with one seed."""

    experiment: str  # MLflow's: the comparison group, with its course
    name: str
    key: str  # equal keys, equal runs
    mark: str  # of the run that may have been followed live
    made_ms: int  # when the model's files were written here
    params: dict[str, str]
    metrics: dict[str, float]
    curves: list[Point]
    tags: dict[str, str]
    inputs: list[SplitInput]


def collect_run_data(
    entry: Entry, seed: int, digests: Mapping[str, str], git: Mapping[str, str]
) -> RunData:
    """Gather what one run shows."""
    summary = entry.summaries[seed]
    manifest = summary["manifest"]
    key = run_key.run_key(entry, seed, digests)
    made = (paths.seed_folder(entry.models, seed) / "manifest.json").stat().st_mtime
    return RunData(
        experiment=f"{entry.home}/{entry.experiment.group}",
        name=run_name(entry.key, seed),
        key=key,
        mark=run_key.live_key(entry.key, entry.experiment, seed, manifest["data"]),
        made_ms=int(made * 1000),
        params=_params(entry, manifest),
        metrics={**_metrics(summary), **_diagnosis_metrics(entry.diagnosis)},
        curves=curve_points(entry.curves(seed)) + learning_points(entry.learning_curve),
        tags={"foursplit.key": key, **_tags(entry, seed), **git},
        inputs=_inputs(entry, summary, digests),
    )


def run_name(key: str, seed: int) -> str:
    return f"{key} seed {seed}"


def curve_points(rows: Sequence[Mapping[str, float]]) -> list[Point]:
    """Turn rows of learning curves into metrics, an epoch a step."""
    return [
        (f"curve/{name}", value, int(row["epoch"]))
        for row in thin(rows, MAX_CURVE_ROWS)
        for name, value in row.items()
        if name != "epoch"
    ]


def learning_points(learnt: Mapping[str, Any] | None) -> list[Point]:
    """Turn a learning curve into metrics: means of the repeats, the number of examples as step."""
    if learnt is None:
        return []
    rows = {"train": learnt["train"]}
    rows |= {s: learnt[s]["curve"]["points"] for s in ("train_dev", "dev") if s in learnt}
    return [
        (f"learning/{split}_error", fmean(row["errors"]), row["n"])
        for split, found in rows.items()
        for row in found
    ]


def thin(rows: Sequence[T], most: int) -> Sequence[T]:
    """Leave every n-th row, and the last, so that no more than about `most` remain."""
    every = math.ceil(len(rows) / most)
    if every <= 1:
        return rows
    return [row for n, row in enumerate(rows, start=1) if n % every == 0 or n == len(rows)]


def _params(entry: Entry, manifest: Mapping[str, Any]) -> dict[str, str]:
    experiment = entry.experiment
    fit = {name: value for name, value in asdict(experiment.fit).items() if name != "seeds"}
    return flatten(
        {
            "source": experiment.source,
            "lesson": experiment.lesson,
            "fit": fit,
            **{name: manifest[name] for name in ("task", "model", "model_args", "seed")},
            **{name: manifest[name] for name in ("device", "threads", "kernels")},
        }
    )


def flatten(block: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Write nested values under dotted names, spelled as params.yaml spells them."""
    found: dict[str, str] = {}
    for name, value in block.items():
        if isinstance(value, Mapping):
            found |= flatten(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = _text(value)
    return found


def _text(value: Any) -> str:
    if isinstance(value, list | tuple) and value:
        return ", ".join(map(_text, value))  # MLflow's page breaks a JSON list into a line an item
    return value if isinstance(value, str) else json.dumps(value)


def _metrics(summary: Mapping[str, Any]) -> dict[str, float]:
    """Name every number once for all runs, so that runs can be laid side by side."""
    found: dict[str, float | None] = {}
    for split, error in summary["splits"].items():
        found |= _interval(f"strategy/{split}/error", error)
    for gap in summary["ledger"]:
        found |= _interval(f"strategy/gap/{gap['gap']}", gap)
        found[f"strategy/gap/{gap['gap']}/p_largest"] = gap["p_largest"]
    for split, metrics in summary["metrics"].items():
        found |= {f"{split}/{name}": value for name, value in metrics.items()}
    found["human_error"] = summary["human"]["error"] if summary["human"] else None
    found["strategy/baseline/error"] = summary["baseline"]["dev"]["error"]
    found |= _interval("strategy/baseline/gain", summary["baseline"]["dev"]["gain"])
    found |= {name: summary["manifest"][name] for name in COSTS}
    return {name: float(value) for name, value in found.items() if value is not None}


def _diagnosis_metrics(told: Mapping[str, Any]) -> dict[str, float]:
    """Give what the engine found beyond the ledger: of the experiment, all its seeds together."""
    found: dict[str, float | None] = {
        f"strategy/tag/{metric_name(tag['tag'])}/{name}": tag[name]
        for tag in told["tags"]["tags"][:MAX_FINDINGS]
        for name in ("share", "ceiling")
    }
    confirmed = [s for s in told["slices"]["slices"] if s["confirmed"]][:MAX_FINDINGS]
    for place, part in enumerate(confirmed, start=1):
        found[f"strategy/slice/{place}/error"] = part["blackbox"]["value"]
        found[f"strategy/slice/{place}/recoverable"] = part["recoverable"]
    found["strategy/slices_confirmed"] = len(confirmed)
    found["strategy/leaked"] = sum(row["n"] for row in told["leakage"]["overlaps"])
    decision = told["labels"].get("decision")
    found["strategy/label_noise"] = decision["noise"] if decision else None
    return {name: float(value) for name, value in found.items() if value is not None}


def metric_name(text: str) -> str:
    """Make a name of the characters that MLflow allows; others become an underscore."""
    return re.sub(r"[^\w\-. ]", "_", text)


def _interval(name: str, estimate: Mapping[str, Any]) -> dict[str, float | None]:
    return {name: estimate["value"], f"{name}_lo": estimate["lo"], f"{name}_hi": estimate["hi"]}


def _tags(entry: Entry, seed: int) -> dict[str, str]:
    told, steps = entry.diagnosis, entry.diagnosis["next"]
    slices = [s for s in told["slices"]["slices"] if s["confirmed"]]
    return {
        "strategy.schema": told["schema"],
        "strategy.primary": ", ".join(told["verdict"]["primary"]) or "none",
        "strategy.verdict": told["verdict"]["sentence"],
        "strategy.next": steps[0]["action"] if steps else "nothing",
        "strategy.findings": ", ".join(finding["code"] for finding in told["findings"]),
        "strategy.worst_slice": describe(slices[0]["where"]) if slices else "none confirmed",
        **_more_data(entry.learning_curve),
        "foursplit.winner": _bool_text(entry.winner),
        "foursplit.beats_baseline": _bool_text(entry.beats_baseline),
        "foursplit.meets_bounds": _bool_text(entry.meets_bounds),
        "foursplit.course": entry.course,
        "foursplit.lesson": entry.experiment.lesson,
        "foursplit.experiment": entry.key,
        MODEL_HASH: entry.summaries[seed]["manifest"]["model_hash"],
        "mlflow.source.name": "foursplit track",
        "mlflow.source.type": "LOCAL",
        "mlflow.note.content": _note(entry, seed),
    }


def _more_data(learnt: Mapping[str, Any] | None) -> dict[str, str]:
    return {"strategy.more_data": learnt["dev"]["verdict"]["sentence"]} if learnt else {}


def _bool_text(value: bool) -> str:
    return "true" if value else "false"


def _note(entry: Entry, seed: int) -> str:
    summary, told = entry.summaries[seed], entry.diagnosis
    lines = [f"**{told['verdict']['sentence']}**", ""]
    if not summary["baseline"]["dev"]["beaten"]:
        lines.append("Not better than the trivial predictor on dev.\n")
    lines += [f"Bound not met: {bound}.\n" for bound in entry.broken_bounds]
    lines += [
        f"{step['rank']}. {step['action']} – until {step['stop_rule']}" for step in told["next"]
    ]
    lines += ["", "| split | error | interval | examples |", "|---|---|---|---|"]
    for split, error in _ordered_splits(summary["splits"]):
        between = f"{error['lo']:.2%} to {error['hi']:.2%}"
        lines.append(f"| {TITLES[split]} | {error['value']:.2%} | {between} | {error['n']} |")
    page = paths.reports(entry.pipeline) / "experiments" / f"{entry.key}.html"
    lines += ["", f"Report: `{page.relative_to(paths.root())}`"]
    return "\n".join(lines)


def _ordered_splits(splits: Mapping[str, Any]) -> list[tuple[Split, Any]]:
    """Give the splits as the data passes through them; JSON sorts them by name."""
    return [(split, splits[split]) for split in SPLITS if split in splits]


def _inputs(
    entry: Entry, summary: Mapping[str, Any], digests: Mapping[str, str]
) -> list[SplitInput]:
    """List the splits; MLflow knows a data set by name and digest, so each has its own name."""
    source = entry.experiment.source
    found = []
    for split, error in _ordered_splits(summary["splits"]):
        part = "sealed" if split == "test" else "seen"
        folder = (paths.split(source) / part).relative_to(paths.root())
        found.append(
            SplitInput(
                split=split,
                name=f"{source}/{split}",
                digest=digests[part],
                folder=str(folder),
                n=error["n"],
            )
        )
    return found
