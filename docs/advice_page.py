"""The tables and the picture of docs/advice.md, from the advice benchmark."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from foursplit.reporting.plots.axis import Axis, axis, x_ticks, y_grid
from foursplit.reporting.plots.svg import Drawing, across, element

RESULT = "benchmarks/results/advice.json"
PICTURE = "docs/pictures/advice.svg"
GOAL = 0.8  # of first steps that are right, and of promises that are kept

POLICIES = {
    "advice": "the engine's first step",
    "more_data": "always more data",
    "target_data": "always data like the target's",
    "bigger": "always a bigger model",
    "naive_ledger": "the larger of two gaps (train, dev), without intervals",
    "random": "a random action",
}
LINKS = {
    "avoidable_bias": "avoidable bias",
    "variance": "variance",
    "mismatch": "data mismatch",
    "slice": "a slice",
    "data": "a value that train lacks",
    "labels": "wrong labels",
    "training": "training that has not converged",
}
ACTIONS = {
    "bigger": "bigger model", "longer": "longer training", "less_penalty": "less regularisation",
    "more_penalty": "more regularisation", "more_data": "more data",
    "target_data": "data like the target's", "augment": "augmentation", "relabel": "relabelling",
    "measure": "stop or measure",
}  # fmt: skip
PLOT_HEIGHT, PLOT_WIDTH, PLOT_MARGIN = 320, 580, (70, 20)  # pixels


def read(root: Path) -> dict[str, Any]:
    """Return the benchmark's result."""
    result: dict[str, Any] = json.loads((root / RESULT).read_text(encoding="utf-8"))
    return result


def _percent(block: Mapping[str, float], digits: int = 0) -> str:
    value, lo, hi = (f"{100 * block[key]:.{digits}f}" for key in ("value", "lo", "hi"))
    return f"{value} % ({lo} to {hi})"


def _points(block: Mapping[str, float]) -> str:
    value, lo, hi = (f"{100 * block[key]:+.1f}" for key in ("value", "lo", "hi"))
    return f"{value} ({lo} to {hi})"


def not_converged(root: Path) -> str:
    """Say how many of the starts with a wrong first step needed longer training."""
    wrong = [r for r in read(root)["rows"] if r["half"] == "report" and not r["right"]]
    longer = [
        r for r in wrong if max(r["outcomes"], key=lambda a: r["outcomes"][a]["gain"]) == "longer"
    ]
    labels = [r for r in wrong if "relabel" in r["outcomes"]]
    text = (
        f"Of {len(wrong)} such starts, {len(longer)} needed longer training, though the engine "
        "reads the curve of train loss."
    )
    if not labels:
        return text
    promised, gained, relabelled = (
        100 * sum(values) / len(labels)
        for values in (
            [row["steps"][0]["gain"] or 0.0 for row in labels],
            [_outcome(row)["gain"] for row in labels],
            [row["outcomes"]["relabel"]["gain"] for row in labels],
        )
    )
    return (
        f"{text} {len(labels)} are in the world of wrong labels: steps are ranked by what they can "
        f"give at most, and there the first promised up to {promised:.1f} points and gave "
        f"{gained:.1f}, where correcting labels would have given {relabelled:.1f}."
    )


def summary(root: Path) -> str:
    """Return the scores of every policy on the half that the engine was not tuned on."""
    half = read(root)["halves"]["report"]
    lines = [
        f"{half['starts']} starts from {half['problems']} data sets and worlds:",
        "",
        "| policy | best, or within noise of it | gain, points of error | advice gains more by |",
        "|---|---:|---:|---:|",
    ]
    for name, title in POLICIES.items():
        of, lead = half["policies"][name], half["lead"].get(name)
        lines.append(
            f"| {title} | {_percent(of['right'])} | {_points(of['gain'])} "
            f"| {_points(lead) if lead else '–'} |"
        )
    return "\n".join(lines)


def goals(root: Path) -> str:
    """Say which goals are met, and the figures where they are missed."""
    halves = read(root)["halves"]
    half, tuning = halves["report"], halves["tuning"]
    right, kept = half["policies"]["advice"]["right"], half["promises"]["kept"]
    lines = [
        f"- First step best or within noise in at least {GOAL:.0%} of starts: "
        f"**{_is_met(right['value'] >= GOAL)}**, {_percent(right)}.",
        f"- Real gain within the promised interval in at least {GOAL:.0%} of steps: "
        f"**{_is_met(kept['value'] >= GOAL)}**, {_percent(kept)} of {half['promises']['steps']}.",
    ]
    lines += [
        f"- Ahead of {POLICIES[name]}, with an interval above zero: "
        f"**{_is_met(lead['lo'] > 0)}**, {_points(lead)} points."
        for name, lead in half["lead"].items()
    ]
    lines += [
        "",
        f"On the half that it was tuned on the first step is right in "
        f"{_percent(tuning['policies']['advice']['right'])} of {tuning['starts']} starts.",
    ]
    return "\n".join(lines)


def _is_met(met: bool) -> str:
    return "met" if met else "missed"


def _by(rows: Sequence[Mapping[str, Any]], key: str) -> dict[str, list[Mapping[str, Any]]]:
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row[key], []).append(row)
    return dict(sorted(groups.items()))


def _outcome(row: Mapping[str, Any]) -> Mapping[str, float]:
    outcomes = row["outcomes"]
    found: Mapping[str, float] = outcomes.get(row["steps"][0]["action"], outcomes["measure"])
    return found


def per_problem(root: Path) -> str:
    """Return, for each data set and world, how often the first step was right, and what it gave."""
    lines = [
        "| data set or world | half | starts | first step right | its gain | best action's gain |",
        "|---|---|---:|---:|---:|---:|",
    ]
    for name, rows in _by(read(root)["rows"], "problem").items():
        gains = [_outcome(row)["gain"] for row in rows]
        best = [_outcome(row)["gain"] + _outcome(row)["behind"] for row in rows]
        right = sum(row["right"] for row in rows)
        lines.append(
            f"| {name}{' (simulated)' if rows[0]['kind'] == 'world' else ''} | {rows[0]['half']} "
            f"| {len(rows)} | {right} | {100 * sum(gains) / len(gains):+.1f} "
            f"| {100 * sum(best) / len(best):+.1f} |"
        )
    return "\n".join(lines)


def losses(root: Path) -> str:
    """Return where the first step was wrong on the half that is reported."""
    rows = [r for r in read(root)["rows"] if r["half"] == "report" and not r["right"]]
    lines = [
        "| start | first step | gained | better | would have gained | starts |",
        "|---|---|---:|---|---:|---:|",
    ]
    groups: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        best = max(row["outcomes"], key=lambda a: row["outcomes"][a]["gain"])
        groups.setdefault((row["start"], row["steps"][0]["action"], best), []).append(row)
    for (start, action, best), each in sorted(groups.items(), key=lambda item: -len(item[1])):
        gained = sum(_outcome(row)["gain"] for row in each) / len(each)
        better = sum(row["outcomes"][best]["gain"] for row in each) / len(each)
        lines.append(
            f"| {start.replace('_', ' ')} | {ACTIONS[action]} | {100 * gained:+.1f} "
            f"| {ACTIONS[best]} | {100 * better:+.1f} | {len(each)} |"
        )
    return "\n".join(lines)


def promises(root: Path) -> str:
    """Return what first steps promise and give, by the gap that they are about."""
    half = [r for r in read(root)["rows"] if r["half"] == "report" and r["kept"] is not None]
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in half:
        groups.setdefault(row["steps"][0]["link"].split(":")[0], []).append(row)
    lines = [
        "| the step is about | steps | promised, at most | gained | within the promise |",
        "|---|---:|---:|---:|---:|",
    ]
    for link, rows in sorted(groups.items(), key=lambda item: -len(item[1])):
        promised = sum(row["steps"][0]["gain"] for row in rows) / len(rows)
        gained = sum(_outcome(row)["gain"] for row in rows) / len(rows)
        kept = sum(row["kept"] for row in rows)
        lines.append(
            f"| {LINKS.get(link, link.replace('_', ' '))} | {len(rows)} | {100 * promised:.1f} "
            f"| {100 * gained:+.1f} | {kept} |"
        )
    return "\n".join(lines)


def picture(root: Path) -> str:
    """Draw the real gain of first steps over the promised one, on the half that is reported."""
    rows = [r for r in read(root)["rows"] if r["half"] == "report" and r["kept"] is not None]
    points = [(row["steps"][0]["gain"], _outcome(row)["gain"], row["kept"]) for row in rows]
    x_axis, y_axis = axis([x for x, _, _ in points]), axis([y for _, y, _ in points])
    title = "Real gain (up) over the most that the first step promised (across), of all examples"
    return Drawing(
        content=(
            *y_grid(y_axis, PLOT_HEIGHT, y_axis.percent),
            *x_ticks(x_axis, PLOT_HEIGHT),
            _diagonal(x_axis, y_axis),
            *(
                element(
                    "circle",
                    cx=across(x_axis.share(x)),
                    cy=f"{PLOT_HEIGHT * (1 - y_axis.share(y)):.1f}",
                    r=4,
                    class_=f"point {'train_dev' if kept else 'dev'}",
                )
                for x, y, kept in points
            ),
        ),
        height=PLOT_HEIGHT + 22,
        label=title,
        css_class="promises",
    ).as_file(title, PLOT_WIDTH, PLOT_MARGIN)


def _diagonal(x_axis: Axis, y_axis: Axis) -> Any:
    end = min(x_axis.high, y_axis.high)
    return element(
        "line",
        x1=across(x_axis.share(0.0)),
        y1=f"{PLOT_HEIGHT * (1 - y_axis.share(0.0)):.1f}",
        x2=across(x_axis.share(end)),
        y2=f"{PLOT_HEIGHT * (1 - y_axis.share(end)):.1f}",
        class_="human",
    )
