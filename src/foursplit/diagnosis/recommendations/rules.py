"""Steps that other findings than the gaps suggest: tags, slices, labels, parts, search, data."""

from collections.abc import Mapping, Sequence
from typing import Any

from foursplit.diagnosis.decomposition.ledger import MERGED
from foursplit.diagnosis.error_analysis import unseen_classes
from foursplit.diagnosis.recommendations.actions import Found
from foursplit.diagnosis.slices import slice_report

PROPOSED = 3  # tags, slices, parts and types that become a step each; the file has all


def proposals(told: Mapping[str, Any], *, people: bool = True) -> list[Found]:
    """Turn what a diagnosis found into steps; ranking them is another's work.

    `people`: whether people's level is a thing that such answers have.
    """
    found = [
        *_tags(told["tags"]), *_slices(told["slices"]), *_labels(told["labels"]),
        *_parts(told), *_search(told["search"]), *_drivers(told), *unseen_classes.proposals(told),
    ]  # fmt: skip
    return found + ([*_people(told), *_people_win(told)] if people else [])


def _tags(told: Mapping[str, Any]) -> list[Found]:
    """Propose the largest tags, but for those that correct answers bear as often.

    A ceiling says what would go if all with the tag were right; that mending what the tag names
    makes them right, it does not say.
    """
    largest = list(enumerate(told["tags"][:PROPOSED]))
    found = [
        Found(
            action=f"work on the errors tagged {tag['tag']!r}",
            link=f"tag:{tag['tag']}",
            gain=tag["ceiling"],
            evidence=f"tags.{place}",
            confirm_by="mend or add examples of this kind alone, and score dev again",
            stop_rule=f"dev error falls towards {tag['dev_after']:.2%}; if it stays, revert",
        )
        for place, tag in largest
        if tag["stands_out"] is not False
    ]
    doubtful = [tag["tag"] for _, tag in largest if tag["stands_out"] is False]
    if doubtful:
        named = ", ".join(map(repr, doubtful))
        found.append(
            Found(
                action=f"read more before working on what is tagged {named}: correct answers may "
                "bear it as often",
                link="tags",
                gain=None,
                evidence="tags",
                confirm_by="read and tag as many correct answers as errors, or more of both",
                stop_rule="the interval of the lift lies above 1, or the tag is given up",
            )
        )
    return found


def _slices(told: Mapping[str, Any]) -> list[Found]:
    confirmed = [(n, s) for n, s in enumerate(told["slices"]) if s["confirmed"]]
    return [
        Found(
            action=f"collect or make data like {slice_report.describe(found['where'])}",
            link=f"slice:{slice_report.describe(found['where'])}",
            gain=found["recoverable"],
            evidence=f"slices.{place}",
            confirm_by="add such examples to train, and score the slice and the rest again",
            stop_rule=f"its error falls towards the rest's {found['rest']:.2%}; else revert",
        )
        for place, found in confirmed[:PROPOSED]
    ]


def _labels(told: Mapping[str, Any]) -> list[Found]:
    decision = told.get("decision")
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


def _parts(told: Mapping[str, Any]) -> list[Found]:
    """Propose the parts and types whose ceilings are surely above nothing, the largest first."""
    ceilings = told["ceilings"]
    named = [(f"component:{p['component']}", f"ceilings.parts.{k}", p["cumulative"] or p["alone"])
             for k, p in enumerate(ceilings["parts"])]  # fmt: skip
    types = [(f"type:{t['type']}", f"ceilings.types.{k}", t)
             for k, t in enumerate(ceilings["types"])]  # fmt: skip
    return [
        *_ceilings(named, "improve {name}", told),
        *_ceilings(types, "mend {name} errors", told),
    ]


def _ceilings(
    named: Sequence[tuple[str, str, Mapping[str, Any] | None]], action: str, told: Mapping[str, Any]
) -> list[Found]:
    sure = [
        (link, where, c) for link, where, c in named if c and c["lo"] is not None and c["lo"] > 0
    ]
    sure.sort(key=lambda one: -one[2]["value"])
    return [
        Found(
            action=action.format(name=link.partition(":")[2]),
            link=link,
            gain=ceiling["value"],
            evidence=where,
            confirm_by="change this part alone, run what follows it, and score dev again",
            stop_rule="dev error falls towards "
            f"{max(0.0, told['splits']['dev']['value'] - ceiling['value']):.2%}; else revert",
        )
        for link, where, ceiling in sure[:PROPOSED]
    ]


def _search(told: Mapping[str, Any]) -> list[Found]:
    if "share" not in told:
        return []
    action, confirm, stop = SEARCH[told["work_on"]]
    gains = {"search": told["gain_of_first"], "objective": told["gain_of_second"]}
    return [
        Found(
            action=action,
            link="search",
            gain=gains.get(told["work_on"]),
            evidence="search",
            confirm_by=confirm,
            stop_rule=stop,
        )
    ]


SEARCH = {
    "search": (
        "a better search: it misses answers that the score itself would prefer",
        "widen the search, and score the truth and the output of dev's errors again",
        "dev error falls while the truth scores higher on fewer of its errors; else revert",
    ),
    "objective": (
        "another objective: the score prefers the wrong answers to the right ones",
        "change what is scored, and score the truth and the output of dev's errors again",
        "the truth comes to score higher on more of the errors; else revert",
    ),
    None: (
        "score the truth and the output of more errors: search and objective cannot be told apart",
        "diagnose again with as many scored errors more",
        "the interval of the share leaves one half",
    ),
}


def _drivers(told: Mapping[str, Any]) -> list[Found]:
    """Propose the value that train lacks most of all, where mismatch is the work to do."""
    gaps = {row["gap"]: row["value"] for row in told["ledger"]}
    open_ = [gap for gap in ("mismatch", MERGED) if gap in told["verdict"]["primary"]]
    known = {slice_report.describe(s["where"]) for s in told["slices"]["slices"] if s["confirmed"]}
    sure = [(k, d) for k, d in enumerate(told["drivers"]["drivers"])
            if d["sure"] and d["where"] not in known]  # fmt: skip
    if not open_ or not sure:
        return []
    place, driver = sure[0]
    share = driver["share_of_errors"]
    return [
        Found(
            action=f"get or make data like {driver['where']}: {driver['share_of_train']:.0%} of "
            f"train, {driver['share_of_dev']:.0%} of dev and {share:.0%} of its error",
            link=f"data:{driver['where']}",
            # No more than its own errors, nor than what sets dev apart.
            gain=min(share * told["splits"]["dev"]["value"], gaps[open_[0]]),
            evidence=f"drivers.{place}",
            confirm_by="add such examples to train, and score them and the rest of dev again",
            stop_rule="their error falls and the rest's stays; else revert",
        )
    ]


def _people(told: Mapping[str, Any]) -> list[Found]:
    """Ask for people's error by domain where mismatch is the work to do, and cannot be parted."""
    if "mismatch" not in told["verdict"]["primary"]:
        return []
    lacking = [how for one in told["table2d"].get("adjusted", []) for how in one["insufficient"]]
    wanted = list(dict.fromkeys(how for how in lacking if how.startswith("label ")))
    return [
        Found(
            action=f"{how}, to tell what the model lacks from what is harder for people too",
            link="mismatch",
            gain=None,
            evidence="table2d.adjusted",
            confirm_by="add the column human_loss for them, and diagnose again",
            stop_rule="mismatch parts into difficulty and the model's own share",
        )
        for how in wanted
    ]


def _people_win(told: Mapping[str, Any]) -> list[Found]:
    """Where the model has passed people, work on where it has not; or find out where that is."""
    block = told["people_win"]
    if block["missing"]:
        return [
            Found(
                action="find examples on which people are still right and the model is wrong",
                link="people",
                gain=None,
                evidence="people_win",
                confirm_by="let people answer dev's examples, and add the column human_loss",
                stop_rule="no kind of example is left on which people are better",
            )
        ]
    return [
        Found(
            action=f"learn from people on {subset['where']}: there they err in "
            f"{subset['human']:.1%} and the model in {subset['model']:.1%}",
            link=f"people:{subset['where']}",
            gain=subset["recoverable"],
            evidence=f"people_win.{place}",
            confirm_by="let people label such examples and say how they tell; score them again",
            stop_rule=f"their error falls towards people's {subset['human']:.1%}; else revert",
        )
        for place, subset in enumerate(block["subsets"][:PROPOSED])
        if subset["sure"]
    ]
