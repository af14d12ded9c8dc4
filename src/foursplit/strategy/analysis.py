"""Everything the engine can say of one model's tables, each part where its evidence is there."""

from collections.abc import Mapping, Sequence
from typing import Any

from foursplit.core.seeds import generator
from foursplit.strategy import (
    blame,
    dev_size,
    diagnosis,
    drivers,
    eyeball,
    labels,
    leakage,
    people_win,
    perfected,
    slices,
    table2d,
    tags,
)
from foursplit.strategy.ceiling import Sampling
from foursplit.strategy.diagnosis import Finding, Settings
from foursplit.strategy.ledger import MERGED
from foursplit.strategy.proposals import proposals
from foursplit.strategy.tables import HUMAN, Model, Table

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
    told = diagnosis.base(models, settings, alike=alike)
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
    told["drift"] = drift
    told["drivers"] = _drivers(tables, settings, told)
    if len(models) > 1:
        for block in OF_ONE_SEED:
            told[block]["of_seed"] = models[0].name or "the first"
    told["findings"] += [finding.as_json() for finding in _findings(tables, told)]
    told["next"] = diagnosis.steps(told, proposals(told))
    del told["gains"]
    return told


def _with_people(
    tables: Mapping[str, Table], human: Mapping[str, Any] | None
) -> Mapping[str, Table]:
    """Let the annotator whose level was taken stand for people, where no column does yet."""
    column = "" if human is None else human["where"].partition(" ")[0]
    if not column.startswith(HUMAN):
        return tables
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
        return slices.SliceReport(not_applicable="No dev table.").as_json()
    rng = generator("slices", settings.seed)
    return slices.find(dev, rng, confidence=settings.confidence).as_json()


def _labels(dev: Table | None) -> dict[str, Any]:
    if dev is None or not dev.has("label_audit"):
        return {"not_applicable": "No label was audited: fill in label_audit on a sheet."}
    return labels.audit(dev).as_json()


def _ceilings(dev: Table | None, settings: Settings) -> dict[str, Any]:
    if dev is None:
        return {"parts": [], "types": [], "attribution": None, "not_applicable": "No dev table."}
    return perfected.of_table(dev, generator("ceilings", settings.seed), _sampling(settings))


def _search(dev: Table | None, settings: Settings) -> dict[str, Any]:
    if dev is None:
        return {"not_applicable": "No dev table."}
    return blame.of_table(dev, generator("search", settings.seed), _sampling(settings))


def _sizes(models: Sequence[Model], settings: Settings) -> dict[str, Any]:
    if not all("dev" in model.tables for model in models):
        return {"not_applicable": "No dev table."}
    return dev_size.of_tables([model.tables["dev"] for model in models], settings.rule)


def _people_win(dev: Table | None, settings: Settings, told: Mapping[str, Any]) -> dict[str, Any]:
    """Look for people's strongholds once the model has passed them on the whole."""
    if not told["verdict"]["surpasses_human"]:
        return {"subsets": [], "not_applicable": "The model is not better than people."}
    if dev is None or not dev.has("human_loss"):
        why = "Give dev a column human_loss, to find where people are still better."
        return {"subsets": [], "not_applicable": why}
    found = people_win.people_win(dev, generator("people", settings.seed), _sampling(settings))
    return {"subsets": [subset.as_json() for subset in found], "not_applicable": None}


def _table2d(tables: Mapping[str, Table], settings: Settings) -> dict[str, Any]:
    domains = {d for t in tables.values() if t.has("domain") for d in t.frame["domain"].unique()}
    if len(domains) < 2:
        return {"not_applicable": "All examples are of one domain."}
    rng = generator("table2d", settings.seed)
    table = table2d.table2d(tables, rng, settings.human_on, confidence=settings.confidence)
    parted = [
        table2d.adjusted_mismatch(
            table, general, target, confidence=settings.confidence, rule=settings.rule
        ).as_json()
        for general, target in table2d.pairs(tables)
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
    found = drivers.drivers(tables["train"], tables["dev"], rng)
    return {"drivers": [driver.as_json() for driver in found], "not_applicable": None}


def _findings(tables: Mapping[str, Table], told: Mapping[str, Any]) -> list[Finding]:
    found = [*_difficult(told), *_small_dev(told["sizes"])]
    leaked = [o for o in told["leakage"]["overlaps"] if o["n"]]
    for place, overlap in enumerate(leaked):
        found.append(
            Finding(
                code="ST030", severity="issue", evidence=(f"leakage.overlaps.{place}",),
                title=f"{overlap['n']:,} examples of {overlap['second']} share their "
                f"{overlap['by']} with {overlap['first']}: they judge nothing",
            )
        )  # fmt: skip
    if "dev" in tables and "test" in tables:
        one_sided = labels.same_treatment(tables["dev"], tables["test"])
        found += [one_sided] if one_sided else []
    if "dev" in tables and tables["dev"].has("read"):
        parted = eyeball.part(tables["dev"])
        stale = eyeball.stale(parted, generator("stale", 1))
        if stale.material:
            found.append(
                Finding(
                    code="ST020", severity="issue",
                    title="what was read no longer stands for the rest of dev: read afresh",
                )
            )  # fmt: skip
    return found


def _difficult(told: Mapping[str, Any]) -> list[Finding]:
    """Say so where a mismatch that counts is no larger than what people find harder too."""
    if "mismatch" not in told["verdict"]["primary"]:
        return []
    return [
        Finding(
            code="ST006", severity="tip", evidence=(f"table2d.adjusted.{place}",),
            title=f"of {one['mismatch']:+.2%} from {one['general']} to {one['target']}, "
            f"{one['intrinsic_difficulty']:+.2%} is harder for people too, and "
            f"{one['model_specific']:+.2%} is the model's own",
        )
        for place, one in enumerate(told["table2d"].get("adjusted", []))
        if one["model_specific"] is not None
    ]  # fmt: skip


def _small_dev(sizes: Mapping[str, Any]) -> list[Finding]:
    if sizes.get("enough") is not False:
        return []
    return [
        Finding(
            code="ST011", severity="tip", evidence=("sizes",),
            missing=f"{sizes['dev']:,} dev examples",
            title=f"{sizes['n']:,} dev examples show a gain of {sizes['delta']:.2%} in "
            f"{sizes['power']:.0%} of cases, and put the better model first in "
            f"{sizes['p_right_order']:.0%}",
        )
    ]  # fmt: skip
