"""The README's tables of results, from the files that pipeline and benchmarks wrote."""

import json
from pathlib import Path
from typing import Any

SPLITS = ("human", "train", "train_dev", "dev", "test")

NAMES = {
    "avoidable_bias": "avoidable bias",
    "variance": "variance",
    "mismatch": "data mismatch",
    "dev_overfit": "overfitting of dev",
}


def experiments(root: Path) -> str:
    """Give errors and largest gap of every experiment in metrics.json."""
    metrics = json.loads((root / "metrics.json").read_text(encoding="utf-8"))
    lines = [
        "| experiment | human | train | train-dev | dev | test | largest gap |",
        "|---|---:|---:|---:|---:|---:|---|",
    ]
    for course in sorted(metrics):
        for key, row in sorted(metrics[course].items()):
            errors = " | ".join(_percent(row.get(split), split) for split in SPLITS)
            gap, value = max(row["gaps"].items(), key=lambda item: item[1])
            lines.append(f"| `{key}` | {errors} | {NAMES[gap]} {value:+.1%} |")
    return "\n".join(lines)


def _percent(value: float | None, split: str) -> str:
    if value is None:
        return "sealed" if split == "test" else "–"
    return f"{value:.1%}"


def pipeline(root: Path) -> str:
    """Say how long the whole pipeline takes, warm and cold."""
    path = root / "benchmarks" / "results" / "repro.json"
    result = json.loads(path.read_text(encoding="utf-8"))
    return (
        f"The default pipeline, {result['stages']} stages from clean on {result['cores']} cores: "
        f"`foursplit repro` {result['foursplit_repro_s']:.0f} s (with MLflow and the table), plain "
        f"`dvc repro` {result['dvc_repro_s']:.0f} s, every lock entry equal; a second `dvc repro` "
        f"runs nothing and takes {result['dvc_repro_again_s']:.1f} s (`benchmarks/repro.py`)."
    )


def benchmark(root: Path) -> str:
    """Give the training benchmark's rows, for each kind of device it was run on."""
    lines = [
        "| hardware | case | threads | loop, ms a step | engine, ms a step | more, ms | ratio |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for path in sorted((root / "benchmarks" / "results").glob("training-*.json")):
        result: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        lines += [_row(result["device"], case) for case in result["cases"]]
    return "\n".join(lines)


def _row(hardware: str, case: dict[str, Any]) -> str:
    return (
        f"| {hardware} | {case['case']} | {case['threads']} | {case['loop_ms_per_step']:.2f} "
        f"| {case['engine_ms_per_step']:.2f} | {case['overhead_ms_per_step']:+.2f} "
        f"| {case['ratio']:.2f} |"
    )
