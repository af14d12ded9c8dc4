"""Stage select: the winner of a comparison group, on dev."""

from pathlib import Path
from typing import Any

from foursplit import plugins
from foursplit.config import paths
from foursplit.config.load import load
from foursplit.config.schema import ComparisonGroup
from foursplit.core.errors import FoursplitError
from foursplit.diagnosis.selection.model_selection import Candidate, select_model
from foursplit.evaluation import dev_scores
from foursplit.evaluation.group_choices import check_group
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
    chosen = select_model(
        candidates, group.bounds, group.direction, dev_scores.tie_rule(group, config)
    )
    artifacts.write_json(paths.selected(name), {"group": name, "metric": group.metric, **chosen})
    if chosen["winner"] is None:
        lines = [f"  - {row['key']}: {'; '.join(row['broken'])}" for row in chosen["ranking"]]
        raise FoursplitError(
            f"group {name!r}: no experiment meets every bound:\n" + "\n".join(lines)
        )
    return sentence(chosen, group)


def candidate(folder: Path, group: ComparisonGroup) -> Candidate:
    """Collect a model's metric on dev (mean over seeds), its costs, and the seeds that failed."""
    seeds = seed_folders(folder)
    agreement = artifacts.read_json(paths.diagnosis(folder)).get("seed_agreement", {})
    found = [artifacts.read_json(seed / "summary.json") for seed in seeds]
    column = plugins.metrics(group.task).METRICS[group.metric]
    return Candidate(
        key=folder.name,
        metric=dev_scores.metric(found, group.metric),
        costs=dev_scores.costs(found),
        table=dev_scores.dev_table([seed / "dev.parquet" for seed in seeds], column),
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
