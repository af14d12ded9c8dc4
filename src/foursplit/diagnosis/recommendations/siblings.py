"""What other candidates of the group have shown already: steps that were tried, and a better model.

A step that a sibling tried without effect is not advised again, and says what the trial measured.
Where no human level is known, the best sibling shows an error that can be reached.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from foursplit.diagnosis.recommendations.actions import ACTIONS

BIGGER = ("model_args.hidden", "model_args.channels", "model_args.degree", "model_args.rank")
LONGER = ("fit.max_epochs", "fit.max_steps")
PENALTY = ("fit.weight_decay", "model_args.dropout", "model_args.l2", "fit.label_smoothing")

TRIALS: Mapping[str, Mapping[str, str]] = {
    "avoidable_bias": {"a bigger model": "longer training", "longer training": "a bigger model"},
    "variance": {"regularisation": "more training data"},
}
"""For each gap: the part of its action that settings can try, and what is left of the action."""

OF_CHANGE = {"epochs": "longer training", "model_size": "a bigger model"}
"""What a step on the fit of train tries, where it asks for one thing only."""

FIT_TRAIN = ("avoidable_bias", "training")  # links of steps that are to fit train


@dataclass(frozen=True, slots=True, kw_only=True)
class Sibling:
    """Another candidate: what it changed, and its dev error minus this model's, paired."""

    key: str
    changed: Mapping[str, tuple[Any, Any]]  # this model's value and the sibling's
    dev_error: float
    change: float
    lo: float
    hi: float

    @property
    def is_better(self) -> bool:
        return self.hi < 0

    def effect(self) -> str:
        return f"dev error {self.change:+.1%} ({self.lo:+.1%} to {self.hi:+.1%}) in {self.key}"


def tried(changed: Mapping[str, tuple[Any, Any]]) -> tuple[str, str] | None:
    """Return the gap and the action that a sibling tried; None if it changed something else too.

    Only larger values of a single kind of setting are a trial: two changes at once show nothing of
    either.
    """
    kinds = {_kind(name, *values) for name, values in changed.items()}
    return kinds.pop() if len(kinds) == 1 else None


def gaps_of(gap: str) -> tuple[str, ...]:
    """Return the links of the steps that a trial on a gap says something of."""
    return FIT_TRAIN if gap in FIT_TRAIN else (gap,)


def _kind(name: str, before: Any, after: Any) -> tuple[str, str] | None:
    if not _is_more(before, after):
        return None
    if name.startswith(BIGGER):
        return "avoidable_bias", "a bigger model"
    if name.startswith(LONGER):
        return "avoidable_bias", "longer training"
    return ("variance", "regularisation") if name.startswith(PENALTY) else None


def _is_more(before: Any, after: Any) -> bool:
    """Check whether a size or a penalty grew; a list of sizes by none smaller and no layer less."""
    one, other = (
        [*value] if isinstance(value, list | tuple) else [value or 0] for value in (before, after)
    )
    numbers = all(isinstance(value, int | float) for value in (*one, *other))
    if not numbers or len(other) < len(one):
        return False
    pairs = list(zip(one, other, strict=False))
    return all(b >= a for a, b in pairs) and one != other


def remember(
    steps: Sequence[Mapping[str, Any]], siblings: Sequence[Sibling], *, has_level: bool
) -> list[dict[str, Any]]:
    """Return the steps with what siblings tried: crossed off if without effect, and then last.

    `has_level`: a human, best known or desired error is known.  Without one the best sibling that
    is significantly better is a step: its error can be reached.
    """
    found = [_with_trials(step, siblings) for step in steps]
    better = [sibling for sibling in siblings if sibling.is_better]
    if better and not has_level:
        found.insert(0, _reach(min(better, key=lambda sibling: sibling.dev_error)))
    found.sort(key=lambda step: step.get("crossed_off", False))  # stable
    return [{**step, "rank": rank} for rank, step in enumerate(found, start=1)]


def _with_trials(step: Mapping[str, Any], siblings: Sequence[Sibling]) -> dict[str, Any]:
    part = OF_CHANGE.get(step.get("changes", ""))
    plain = ACTIONS["avoidable_bias"].action
    if step["link"] in FIT_TRAIN and part is not None and step["action"] != plain:
        return _with_trials_of_one(step, [s for s in siblings if _tried_part(s) == part], part)
    parts = TRIALS.get(step["link"], {})
    trials = [
        (found[1], s) for s in siblings if (found := tried(s.changed)) and found[0] == step["link"]
    ]
    if not trials:
        return dict(step)
    notes = "; ".join(f"{part} was tried: {sibling.effect()}" for part, sibling in trials)
    failed = {part for part, _ in trials} - {part for part, s in trials if s.is_better}
    action = step["action"]
    is_plain = action == ACTIONS[step["link"]].action
    left = [part for part in parts if part not in failed]
    if is_plain and failed and step["link"] == "variance":
        action = parts["regularisation"]
    elif is_plain and failed and left:
        action = " or ".join(left)
    return {
        **step,
        "action": f"{action} ({notes})",
        "crossed_off": bool(is_plain and failed and not left and step["link"] != "variance"),
    }


def _tried_part(sibling: Sibling) -> str | None:
    found = tried(sibling.changed)
    return found and found[1]


def _with_trials_of_one(
    step: Mapping[str, Any], trials: Sequence[Sibling], part: str
) -> dict[str, Any]:
    """Note the trials of the one thing that a step asks for; cross it off if none helped."""
    if not trials:
        return dict(step)
    notes = "; ".join(f"{part} was tried: {sibling.effect()}" for sibling in trials)
    return {
        **step,
        "action": f"{step['action']} ({notes})",
        "crossed_off": not any(sibling.is_better for sibling in trials),
    }


def _reach(best: Sibling) -> dict[str, Any]:
    return {
        "action": f"start from {best.key}: it shows that {best.dev_error:.1%} can be reached, so "
        f"at least {-best.hi:.1%} of this error is avoidable",
        "link": f"sibling:{best.key}",
        "gain": -best.change,
        "evidence": "siblings",
        "confirm_by": "take over its model and settings one by one",
        "stop_rule": f"dev error reaches {best.dev_error:.1%}",
    }
