"""The questions of a decision file: what each asks for, and who answers it.

A file has any of the sections below; null says that something is not known.  Errors are fractions.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, ClassVar, Literal

from foursplit.core.errors import FoursplitError
from foursplit.core.seeds import generator
from foursplit.diagnosis.decomposition.ledger import Gap, fixed
from foursplit.diagnosis.decomposition.verdict import Rule
from foursplit.diagnosis.planning import answers
from foursplit.diagnosis.planning.answers import Answer
from foursplit.diagnosis.planning.split_allocation import deal
from foursplit.diagnosis.stats.bootstrap import Estimate, interval, posterior
from foursplit.diagnosis.stats.power import advise, examples_needed

CONFIDENCE, DRAWS = 0.95, 4000
POWER = 0.8


@dataclass(frozen=True, kw_only=True)
class Context:
    """What the whole file knows."""

    dev_error: float | None
    rule: Rule


@dataclass(frozen=True, kw_only=True)
class Difference:
    """An error less another, with its interval where there is one."""

    value: float
    lo: float | None = None
    hi: float | None = None

    def __post_init__(self) -> None:
        if not -1 <= self.value <= 1:
            raise FoursplitError(f"value {self.value:g}: a difference of errors lies from -1 to 1")
        if (self.lo is None) != (self.hi is None):
            raise FoursplitError("an interval has both ends, lo and hi, or none")
        if self.lo is not None and self.hi is not None and not self.lo <= self.value <= self.hi:
            raise FoursplitError(
                f"lo {self.lo:g}, value {self.value:g}, hi {self.hi:g}: not in order"
            )

    def gap(self) -> Gap:
        return Gap(gap="difference", value=self.value, lo=self.lo, hi=self.hi, draws=None)


@dataclass(frozen=True, kw_only=True)
class Factor:
    """How much was made of one thing, from how many distinct sources (in one unit)."""

    made: float
    sources: float

    def __post_init__(self) -> None:
        if not (isfinite(self.made) and isfinite(self.sources) and self.made >= 0 < self.sources):
            raise FoursplitError(f"{self.made:g} made from {self.sources:g} sources: both above 0")


@dataclass(frozen=True, kw_only=True)
class Part:
    """An error and people's at the same task; `n` examples each, or known exactly."""

    error: float
    human: float | None = None
    n: int | None = None

    def __post_init__(self) -> None:
        _fraction("error", self.error)
        _fraction("human", self.human)
        if self.n is not None:
            _whole("n", self.n)

    def pair(self, name: str) -> tuple[Estimate, Estimate | None]:
        human = None if self.human is None else self._of(self.human, f"{name} human")
        return self._of(self.error, name), human

    def _of(self, error: float, name: str) -> Estimate:
        if self.n is None:
            return fixed(error)
        draws = posterior(error * self.n, self.n, generator("decide", 1, name), DRAWS)
        lo, hi = interval(draws, CONFIDENCE)
        return Estimate(value=error, lo=min(lo, error), hi=max(hi, error), n=self.n,
                        n_groups=self.n, draws=draws)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Synthesis:
    """Artificial data: `left_out` is the error with sources left out less that with those used."""

    asks: ClassVar[str] = "Train on the synthesised data?"
    factors: Mapping[str, Factor] = field(default_factory=dict)
    left_out: Difference | None = None

    def answer(self, known: Context) -> Answer:
        factors = {name: (f.made, f.sources) for name, f in self.factors.items()}
        return answers.synthesis(factors, _gap(self.left_out), _dev(known), known.rule)


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """How much data both tasks have, and what they share."""

    asks: ClassVar[str] = "Start from a network trained on another task?"
    n_source: int
    n_target: int
    same_input: bool | None = None
    shared_features: bool | None = None

    def __post_init__(self) -> None:
        _whole("n_source", self.n_source)
        _whole("n_target", self.n_target)

    def answer(self, _known: Context) -> Answer:
        return answers.transfer(self.n_source, self.n_target, self.same_input, self.shared_features)


@dataclass(frozen=True, kw_only=True)
class MultiTask:
    """Several tasks on one input: what each has, and how the network answers."""

    asks: ClassVar[str] = "Train one network for several tasks?"
    n_per_task: Mapping[str, int]
    output: Literal["softmax", "sigmoid"]
    shared_input: bool | None = None
    exclusive: bool | None = None  # one label alone can hold
    missing_masked: bool | None = None  # missing labels are left out of the loss
    big_enough: bool | None = None

    def answer(self, _known: Context) -> Answer:
        return answers.multi_task(
            self.n_per_task, shared_input=self.shared_input, exclusive=self.exclusive,
            output=self.output, missing_masked=self.missing_masked, big_enough=self.big_enough,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class EndToEnd:
    """One network's error less the pipeline's, trained on the same pairs."""

    asks: ClassVar[str] = "Replace the pipeline by one network from input to answer?"
    direct_less_pipeline: Difference | None = None
    crossing: float | None = None  # pairs at which the learning curves meet
    n_obtainable: float | None = None  # pairs that can be had
    component_sizes: Mapping[str, int] = field(default_factory=dict)

    def answer(self, known: Context) -> Answer:
        return answers.end_to_end(
            _gap(self.direct_less_pipeline), _dev(known), crossing=self.crossing,
            n_obtainable=self.n_obtainable, component_sizes=self.component_sizes, rule=known.rule,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class UseSource:
    """More data from elsewhere: `gain` is the error without it less that with it, on target dev."""

    asks: ClassVar[str] = "Add the source of data?"
    gain: Difference | None = None

    def answer(self, known: Context) -> Answer:
        return answers.use_source(_gap(self.gain), _dev(known), known.rule)


@dataclass(frozen=True, kw_only=True)
class Consistent:
    """Two sources: the error without less that with a feature that names the source."""

    asks: ClassVar[str] = "Pool the sources as they are?"
    gain_of_feature: Difference | None = None

    def answer(self, known: Context) -> Answer:
        return answers.consistent(_gap(self.gain_of_feature), _dev(known), known.rule)


@dataclass(frozen=True, kw_only=True)
class StartWeight:
    """Many source examples beside few of the target's."""

    asks: ClassVar[str] = "Weigh source examples down to begin with?"
    n_target: int
    n_source: int

    def answer(self, _known: Context) -> Answer:
        return answers.start_weight(self.n_target, self.n_source)


@dataclass(frozen=True, kw_only=True)
class Split:
    """Examples of the target and from elsewhere, and how large dev and test shall be."""

    asks: ClassVar[str] = "Shuffle all data together before the split?"
    n_target: int
    dev: int
    test: int
    n_source: int = 0

    def answer(self, _known: Context) -> Answer:
        found = deal(self.n_target, self.n_source, self.dev, self.test)
        plan = (
            f"Train {found.train:,} (of the target {found.train_target:,}), dev {found.dev:,}, "
            f"test {found.test:,}."
        )
        if not self.n_source:
            return Answer(code="ST065", recommended=True, why=f"All are of one kind. {plan}")
        strange = found.shuffled_dev["source"]
        why = (
            f"Of dev's {found.dev:,}, {strange:,} would be from elsewhere: it would aim at them. "
            f"Judge by the target alone. {plan}"
        )
        return Answer(code="ST065", recommended=False, why=why, value=strange / found.dev)


@dataclass(frozen=True, kw_only=True)
class FlawedPipeline:
    """Each part beside people at its task, and the system beside people at the whole."""

    asks: ClassVar[str] = "Redesign the pipeline?"
    parts: Mapping[str, Part]
    system: Part | None

    def answer(self, known: Context) -> Answer:
        if self.system is None:
            return Answer(code="ST050", recommended=None, why="The whole system was not measured.",
                          missing=("error and human error of the system",))  # fmt: skip
        pairs = {name: part.pair(name) for name, part in self.parts.items()}
        return answers.flawed_pipeline(pairs, self.system.pair("the system"), known.rule)


@dataclass(frozen=True, kw_only=True)
class DevSize:
    """`discordance`: the share of examples on which one of two candidates alone is right."""

    asks: ClassVar[str] = "Is dev large enough to see the gain?"
    error: float
    n: int
    gain: float
    discordance: float | None = None

    def __post_init__(self) -> None:
        for name in ("error", "gain", "discordance"):
            _fraction(name, getattr(self, name))
        _whole("n", self.n)
        if self.gain == 0:
            raise FoursplitError("gain 0: no number of examples shows a gain of nothing")
        if self.discordance is not None and self.discordance < self.gain:
            raise FoursplitError(
                f"discordance {self.discordance:g} below gain {self.gain:g}: models that differ in "
                "error by so much differ on as many examples at least"
            )

    def answer(self, _known: Context) -> Answer:
        # Not known: as if the two shared half their errors.
        assumed = self.discordance is None
        discordance = max(self.error, self.gain) if self.discordance is None else self.discordance
        found = advise(self.error, self.n, self.gain, discordance)
        most = examples_needed(self.gain, discordance, power=POWER)
        why = (
            f"{self.n:,} examples show a gain of {self.gain:.2%} in {found.power:.0%} of cases and "
            f"put the better model first in {found.p_right_order:.0%}; {most:,} would show it in "
            f"{POWER:.0%}. Read {found.eyeball:,} for a hundred errors; of train-dev "
            f"{found.train_dev:,} are enough."
        )
        why += f" Assumed: the two differ on {discordance:.1%} of the examples." if assumed else ""
        return Answer(code="ST011", value=found.power, why=why,
                      recommended=found.power >= POWER)  # fmt: skip


SECTIONS: Mapping[str, Any] = {
    "synthesis": Synthesis,
    "transfer": Transfer,
    "multi_task": MultiTask,
    "end_to_end": EndToEnd,
    "use_source": UseSource,
    "consistent": Consistent,
    "start_weight": StartWeight,
    "split": Split,
    "flawed_pipeline": FlawedPipeline,
    "dev_size": DevSize,
}


def _gap(found: Difference | None) -> Gap | None:
    return None if found is None else found.gap()


def _dev(known: Context) -> float:
    if known.dev_error is None:
        raise FoursplitError(
            "needs dev_error at the top of the file, to say what difference counts"
        )
    return known.dev_error


def _fraction(name: str, value: float | None) -> None:
    if value is not None and not 0 <= value <= 1:
        raise FoursplitError(f"{name} {value:g}: errors are fractions from 0 to 1")


def _whole(name: str, value: int) -> None:
    if value < 1:
        raise FoursplitError(f"{name} {value}: at least one example")
