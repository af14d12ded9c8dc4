"""Everything the engine can say of one model's tables, each part where its evidence is there."""

from collections.abc import Mapping, Sequence
from typing import Any

from foursplit.core.seeds import generator
from foursplit.diagnosis import steps
from foursplit.diagnosis.ceiling import optimization_verification, oracle_components
from foursplit.diagnosis.ceiling.bootstrap import Sampling
from foursplit.diagnosis.decomposition import dev_size, error_matrix
from foursplit.diagnosis.decomposition.human_level import ON_DEV
from foursplit.diagnosis.decomposition.ledger import MERGED
from foursplit.diagnosis.decomposition.verdict import SLACK
from foursplit.diagnosis.error_analysis import (
    human_advantage,
    label_audit,
    leakage,
    tags,
    unseen_classes,
)
from foursplit.diagnosis.prediction_table import HUMAN, Model, Table
from foursplit.diagnosis.recommendations.findings import findings
from foursplit.diagnosis.recommendations.rules import proposals
from foursplit.diagnosis.slices import mismatch_drivers, slice_report
from foursplit.diagnosis.steps import Settings

OF_ONE_SEED = (
    "table2d",
    "tags",
    "slices",
    "labels",
    "ceilings",
    "search",
    "people_win",
    "leakage",
    "drivers",
)
"""Blocks that speak of single answers, and so of one seed's."""


def analyse(
    models: Sequence[Model], settings: Settings, drift: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Give the diagnosis as its file has it.

    `drift` is what was measured between train and dev, where anybody did: it may say that the two
    are alike, and then their gap is variance.
    """
    alike = settings.same_distribution or bool(drift and drift["alike"])
    told = steps.base(models, settings, alike=alike)
    tables = _with_people(models[0].tables, told["human"])
    dev = tables.get("dev")
    told["table2d"] = _table2d(tables, settings)
    told["tags"] = _tags(dev, settings)
    told["slices"] = _slices(dev, settings)
    told["labels"] = _labels(dev)
    told["ceilings"] = _ceilings(dev, settings)
    told["search"] = _search(dev, settings)
    told["sizes"] = _sizes(models, settings)
    told["people_win"] = _people_win(dev, settings, told)
    told["leakage"] = leakage.leaks(
        tables, generator("leakage", settings.seed), confidence=settings.confidence
    ).as_json()
    if settings.learns_labels and (new := unseen_classes.unseen(tables)):
        told["unseen_classes"] = [one.as_json() for one in new]
    told["drift"] = drift
    told["drivers"] = _drivers(tables, settings, told)
    if len(models) > 1:
        for block in OF_ONE_SEED:
            told[block]["of_seed"] = models[0].name or "the first"
    told["findings"] += [finding.as_json() for finding in findings(tables, told)]
    told["next"] = steps.steps(told, proposals(told, people=settings.people))
    del told["gains"]
    return told


def _with_people(
    tables: Mapping[str, Table], human: Mapping[str, Any] | None
) -> Mapping[str, Table]:
    """Let the best annotator stand for people, where no column does yet."""
    levels = [] if human is None else [n for n in human["levels"] if n["where"].startswith(HUMAN)]
    if not levels:
        return tables
    column = min(levels, key=lambda level: level["value"])["where"].removesuffix(ON_DEV)
    return {
        split: Table(split=split, path=t.path, frame=t.frame.assign(human_loss=t.frame[column]))
        if t.has(column) and not t.has("human_loss")
        else t
        for split, t in tables.items()
    }


def _sampling(settings: Settings) -> Sampling:
    return Sampling(resamples=settings.resamples, confidence=settings.confidence)


def _tags(dev: Table | None, settings: Settings) -> dict[str, Any]:
    if dev is None:
        return {"tags": [], "not_applicable": "No dev table."}
    told = tags.analyse(dev, confidence=settings.confidence).as_json()
    # Tags such as kind:pharma and cue:misspelling answer two questions, and are counted apart too.
    told["families"] = {
        family: tags.analyse(dev, confidence=settings.confidence, family=family).as_json()
        for family in tags.families(dev)
    }
    return told


def _slices(dev: Table | None, settings: Settings) -> dict[str, Any]:
    if dev is None:
        return slice_report.SliceReport(not_applicable="No dev table.").as_json()
    rng = generator("slices", settings.seed)
    return slice_report.find(dev, rng, confidence=settings.confidence).as_json()


def _labels(dev: Table | None) -> dict[str, Any]:
    if dev is None or not dev.has("label_audit"):
        return {"not_applicable": "No label was audited: fill in label_audit on a sheet."}
    return label_audit.audit(dev).as_json()


def _ceilings(dev: Table | None, settings: Settings) -> dict[str, Any]:
    if dev is None:
        return {"parts": [], "types": [], "attribution": None, "not_applicable": "No dev table."}
    return oracle_components.of_table(
        dev, generator("ceilings", settings.seed), _sampling(settings)
    )


def _search(dev: Table | None, settings: Settings) -> dict[str, Any]:
    if dev is None:
        return {"not_applicable": "No dev table."}
    return optimization_verification.of_table(
        dev, generator("search", settings.seed), _sampling(settings)
    )


def _sizes(models: Sequence[Model], settings: Settings) -> dict[str, Any]:
    if not all("dev" in model.tables for model in models):
        return {"not_applicable": "No dev table."}
    return dev_size.of_tables([model.tables["dev"] for model in models], settings.rule)


def _people_win(dev: Table | None, settings: Settings, told: Mapping[str, Any]) -> dict[str, Any]:
    """Look for people's strongholds once the model has passed them on dev.

    To pass them on train is no feat: it may be known by heart.
    """
    nothing: dict[str, Any] = {"subsets": [], "missing": None}
    human, system = (told["splits"].get(split) for split in ("human", "dev"))
    if not human or not system or system["hi"] >= human["lo"] - SLACK:
        return {**nothing, "not_applicable": "The model is not known to be better than people."}
    if dev is None or not dev.has("human_loss"):
        why = "Give dev a column human_loss, to find where people are still better."
        return {**nothing, "missing": "human_loss", "not_applicable": why}
    found = human_advantage.people_win(dev, generator("people", settings.seed), _sampling(settings))
    return {**nothing, "subsets": [subset.as_json() for subset in found], "not_applicable": None}


def _table2d(tables: Mapping[str, Table], settings: Settings) -> dict[str, Any]:
    domains = {d for t in tables.values() if t.has("domain") for d in t.frame["domain"].unique()}
    if len(domains) < 2:
        return {"not_applicable": "All examples are of one domain."}
    rng = generator("table2d", settings.seed)
    table = error_matrix.table2d(tables, rng, settings.human_on, confidence=settings.confidence)
    parted = [
        error_matrix.adjusted_mismatch(
            table, general, target, confidence=settings.confidence, rule=settings.rule
        ).as_json()
        for general, target in error_matrix.pairs(tables)
    ]
    return {**table.as_json(), "adjusted": parted}


def _drivers(
    tables: Mapping[str, Table], settings: Settings, told: Mapping[str, Any]
) -> dict[str, Any]:
    """Look for what train lacks where it may differ from dev: by verdict, by domain, if asked."""
    suspected = {"mismatch", MERGED} & {*told["verdict"]["primary"]}
    if not suspected and told["drift"] is None and "cells" not in told["table2d"]:
        return {"drivers": [], "not_applicable": "Nothing says that dev differs from train."}
    if not {"train", "dev"} <= {*tables}:
        return {"drivers": [], "not_applicable": "It takes tables of train and of dev."}
    rng = generator("drivers", settings.seed)
    found = mismatch_drivers.drivers(tables["train"], tables["dev"], rng)
    return {"drivers": [driver.as_json() for driver in found], "not_applicable": None}
