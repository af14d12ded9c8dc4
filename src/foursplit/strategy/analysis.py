"""Everything the engine can say of one model's tables, each part where its evidence is there."""

from collections.abc import Mapping, Sequence
from typing import Any

from foursplit.core.seeds import generator
from foursplit.strategy import diagnosis, eyeball, labels, leakage, slices, table2d, tags
from foursplit.strategy.actions import Found
from foursplit.strategy.diagnosis import Finding, Settings
from foursplit.strategy.tables import Model, Table

PROPOSED = 3  # tags and slices that become a step each; the file has all


def analyse(
    models: Sequence[Model], settings: Settings, drift: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Give the diagnosis as its file has it.

    `drift` is what was measured between train and dev, where anybody did: it may say that the two
    are alike, and then their gap is variance.
    """
    alike = settings.same_distribution or bool(drift and drift["alike"])
    told = diagnosis.base(models, settings, alike=alike)
    # From here on the first seed's: tags, slices and labels speak of single answers.
    tables = models[0].tables
    dev = tables.get("dev")
    told["table2d"] = _table2d(tables, settings)
    told["tags"] = _tags(dev, settings)
    told["slices"] = _slices(dev, settings)
    told["labels"] = _labels(dev)
    told["leakage"] = leakage.leaks(
        tables, generator("leakage", settings.seed), confidence=settings.confidence
    ).as_json()
    told["drift"] = drift
    told["findings"] += [finding.as_json() for finding in _findings(tables, told)]
    found = [*_tag_steps(told["tags"]), *_slice_steps(told["slices"]), *_label_steps(told)]
    told["next"] = diagnosis.steps(told, found)
    del told["gains"]
    return told


def _tags(dev: Table | None, settings: Settings) -> dict[str, Any]:
    if dev is None:
        return {"tags": [], "not_applicable": "No dev table."}
    return tags.analyse(dev, confidence=settings.confidence).as_json()


def _slices(dev: Table | None, settings: Settings) -> dict[str, Any]:
    if dev is None:
        return slices.SliceReport(not_applicable="No dev table.").as_json()
    rng = generator("slices", settings.seed)
    return slices.find(dev, rng, confidence=settings.confidence).as_json()


def _labels(dev: Table | None) -> dict[str, Any]:
    if dev is None or not dev.has("label_audit"):
        return {"not_applicable": "No label was audited: fill in label_audit on a sheet."}
    return labels.audit(dev).as_json()


def _table2d(tables: Mapping[str, Table], settings: Settings) -> dict[str, Any]:
    domains = {d for t in tables.values() if t.has("domain") for d in t.frame["domain"].unique()}
    if len(domains) < 2:
        return {"not_applicable": "All examples are of one domain."}
    rng = generator("table2d", settings.seed)
    return table2d.table2d(tables, rng, confidence=settings.confidence).as_json()


def _findings(tables: Mapping[str, Table], told: Mapping[str, Any]) -> list[Finding]:
    found = []
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


def _tag_steps(told: Mapping[str, Any]) -> list[Found]:
    return [
        Found(
            action=f"work on the errors tagged {tag['tag']!r}",
            link=f"tag:{tag['tag']}",
            gain=tag["ceiling"],
            evidence=f"tags.{place}",
            confirm_by="mend or add examples of this kind alone, and score dev again",
            stop_rule=f"dev error falls towards {tag['dev_after']:.2%}; if it stays, revert",
        )
        for place, tag in enumerate(told["tags"][:PROPOSED])
    ]


def _slice_steps(told: Mapping[str, Any]) -> list[Found]:
    confirmed = [(n, s) for n, s in enumerate(told["slices"]) if s["confirmed"]]
    return [
        Found(
            action=f"collect or make data like {slices.describe(found['where'])}",
            link=f"slice:{slices.describe(found['where'])}",
            gain=found["recoverable"],
            evidence=f"slices.{place}",
            confirm_by="add such examples to train, and score the slice and the rest again",
            stop_rule=f"its error falls towards the rest's {found['rest']:.2%}; else revert",
        )
        for place, found in confirmed[:PROPOSED]
    ]


def _label_steps(told: Mapping[str, Any]) -> list[Found]:
    decision = told["labels"].get("decision")
    if not decision or not decision["fix"]:
        return []
    return [
        Found(
            action="put wrong labels right, on dev and test alike",
            link="labels",
            gain=decision["noise"],
            evidence="labels.decision",
            confirm_by="audit as many correct answers as errors, and correct the error both ways",
            stop_rule="wrong labels are less than a quarter of the dev error",
        )
    ]
