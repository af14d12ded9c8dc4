"""The tables of docs/iterations.md, from what the pipeline and `foursplit history --json` wrote."""

import json
from pathlib import Path
from typing import Any

GROUP, COURSE = "c3w2_phone", "structuring"

TRIED = {
    "c3w2_phone_first": "a first system, fast",
    "c3w2_phone_turned": "1. pictures turned by up to 25 degrees while training",
    "c3w2_phone_lit": "2. and shaded from a side",
    "c3w2_phone_blurred": "3. in place of shade, blurred",
    "c3w2_phone_larger": "not advised: a larger network, turned",
}
"""The experiments in their order, with what each tries."""


def iterations(root: Path) -> str:
    """Give errors, the gap worked on, and how far each change moved what."""
    measured, moved = _metrics(root), _steps(root)
    lines = [
        "| experiment | what it tries | train | train-dev | dev | mismatch | change of dev error |",
        "|---|---|---:|---:|---:|---:|---|",
    ]
    for key, what in TRIED.items():
        row, step = measured[key], moved[key]
        errors = " | ".join(f"{row[split]:.1%}" for split in ("train", "train_dev", "dev"))
        gap = f"{row['gaps']['mismatch']:+.1%}"
        lines.append(f"| `{key}` | {what} | {errors} | {gap} | {_change(step)} |")
    return "\n".join(lines)


def _change(step: dict[str, Any]) -> str:
    if step["parent"] is None:
        return "–"
    (dev,) = [one for one in step["moved"] if one["name"] == "dev"]
    sure = "significant" if dev["significant"] else "perhaps by chance"
    against = step["parent"]["key"]
    interval = f"{dev['lo']:+.1%} to {dev['hi']:+.1%}"
    return f"{dev['change']:+.1%} ({interval}) against `{against}`, {sure}"


def tags(root: Path) -> str:
    """Give what was read on the errors of the first system and of the one that came of it."""
    measured = _metrics(root)
    lines = [
        "| errors of | tag | share of the errors | ceiling | lift | interval of the lift |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for key in ("c3w2_phone_first", "c3w2_phone_turned"):
        found = sorted(measured[key]["tags"].items(), key=lambda item: -item[1]["share"])
        lines += [
            f"| `{key}` | {tag} | {row['share']:.0%} | {row['ceiling']:.1%} | {row['lift']:.1f} "
            f"| {row['lift_lo']:.1f} to {row['lift_hi']:.1f} |"
            for tag, row in found
        ]
    return "\n".join(lines)


def moved(root: Path) -> str:
    """Say of each change whether it moved the gap that it was meant for."""
    steps = _steps(root)
    return "\n".join(f"- `{key}`: {steps[key]['sentence']}" for key in list(TRIED)[1:])


def _metrics(root: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((root / "metrics.json").read_text(encoding="utf-8"))[COURSE]
    return found


def _steps(root: Path) -> dict[str, dict[str, Any]]:
    """Give the present run of each experiment; the file has earlier trials too."""
    result = json.loads((root / "docs" / "iterations" / "phone.json").read_text(encoding="utf-8"))
    return {step["key"]: step for step in result["groups"][GROUP] if step["place"] == "present"}
