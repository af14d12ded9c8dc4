"""Stage select: the winner of a comparison group, on dev."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from foursplit.config import paths
from foursplit.config.load import load
from foursplit.config.schema import ComparisonGroup
from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.selection.model_selection import Candidate, select_model
from foursplit.diagnosis.stats.seed_variance import mean_table
from foursplit.evaluation import dev_scores
from foursplit.evaluation.group_choices import check_group
from foursplit.evaluation.group_metric import group_metric
from foursplit.io import artifacts
from foursplit.io.seed_folders import seed_folders, seed_number
from foursplit.stages import members


def run(name: str) -> str:
    """Write `data/selected/<group>.json`."""
    params = load()
    group, config = params.group(name), params.diagnosis
    check_group(name, group)
    folders = [paths.predictions(name) / key for key in members.read(name)]
    candidates = [candidate(folder, group) for folder in folders]
    direction = group_metric(group).direction
    ties = dev_scores.tie_rule(group, config)
    chosen = select_model(candidates, group.bounds, direction, ties)
    content = {"group": name, "metric": group.metric, **chosen, **_thresholds(name, chosen)}
    artifacts.write_json(paths.selected(name), content)
    if chosen["winner"] is None:
        lines = [f"  - {row['key']}: {'; '.join(row['broken'])}" for row in chosen["ranking"]]
        raise FoursplitError(
            f"group {name!r}: no experiment meets every bound:\n" + "\n".join(lines)
        )
    return sentence(chosen, group)


def _thresholds(name: str, chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Return the winner's thresholds by seed, as dev chose them, for `final` to score test with."""
    if chosen["winner"] is None:
        return {}
    seeds = seed_folders(paths.predictions(name) / chosen["winner"])
    summaries = {seed.name: artifacts.read_json(seed / "summary.json") for seed in seeds}
    found = {seed: each["threshold"] for seed, each in summaries.items() if "threshold" in each}
    return {"thresholds": found} if found else {}


def candidate(folder: Path, group: ComparisonGroup) -> Candidate:
    """Collect a model's metric on dev (mean over seeds), its costs, and the seeds that failed."""
    seeds = seed_folders(folder)
    agreement = artifacts.read_json(paths.diagnosis(folder)).get("seed_agreement", {})
    found = [artifacts.read_json(seed / "summary.json") for seed in seeds]
    metric = group_metric(group)
    tables = dev_scores.dev_tables([seed / "dev.parquet" for seed in seeds], metric)
    return Candidate(
        key=folder.name,
        metric=dev_scores.metric(found, group.metric),
        costs=dev_scores.costs(found),
        table=mean_table(tables),
        tables={seed_number(seed): table for seed, table in zip(seeds, tables, strict=True)},
        seeds={
            seed_number(seed): summary["metrics"]["dev"][group.metric]
            for seed, summary in zip(seeds, found, strict=True)
        },
        failed_seeds=tuple(agreement.get("failed", ())),
    )


def sentence(chosen: dict[str, Any], group: ComparisonGroup) -> str:
    """Return who won and why, and from whom dev does not distinguish the best."""
    rows = {row["key"]: row for row in chosen["ranking"]}
    winner, best = rows[chosen["winner"]], rows[chosen["best"]]
    text = f"{winner['key']} wins on dev with {group.metric} {winner['metric']:.4f}"
    if group.price and winner is not best:
        text += (
            f": with the price of its costs its expected loss is {winner['expected_loss']:.4f}, "
            f"that of {best['key']} {best['expected_loss']:.4f}"
        )
    elif winner is not best:
        cost = next(iter(group.bounds), "n_parameters")
        least, most = winner["costs"][cost], best["costs"][cost]
        text += (
            f": worse than {best['key']} at {best['metric']:.4f} by at most "
            f"{winner['worse_than_best']['at_most']:.4f}, which does not count, and preferred "
            f"for its {cost}, {_cost(least)} against {_cost(most)}"
        )
    others = [key for key in chosen["not_distinguished"] if key != winner["key"]]
    if others:
        text += f"; dev does not distinguish {best['key']} from {', '.join(others)}"
    for row in chosen["ranking"]:
        if row["failed_seeds"]:
            text += f"; {row['key']}: training failed for {', '.join(row['failed_seeds'])}"
    return text


def _cost(value: float | None) -> str:
    return "not known" if value is None else f"{value:,.0f}"
