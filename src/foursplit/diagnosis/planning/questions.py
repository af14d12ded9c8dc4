"""The questions of a decision file: their fields, and their answers.

A file has any of the sections below; null means unknown.  Errors are fractions.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, ClassVar, Literal

from foursplit.core.errors import FoursplitError
from foursplit.core.seeds import generator
from foursplit.diagnosis.decomposition.ledger import Gap, fixed
from foursplit.diagnosis.decomposition.verdict import VerdictThresholds
from foursplit.diagnosis.planning import answers
from foursplit.diagnosis.planning.answers import Answer
from foursplit.diagnosis.planning.split_allocation import allocate_splits
from foursplit.diagnosis.stats.bootstrap import Estimate, percentile_interval
from foursplit.diagnosis.stats.error_posterior import jeffreys_posterior
from foursplit.diagnosis.stats.power import recommend_sizes, required_examples

CONFIDENCE, N_REPLICATES = 0.95, 4000
POWER = 0.8


@dataclass(frozen=True, kw_only=True)
class Context:
    """Values that all sections of a file share."""

    dev_error: float | None
    rule: VerdictThresholds


@dataclass(frozen=True, kw_only=True)
class Difference:
    """The difference of two errors, with its interval if there is one."""

    value: float
    lo: float | None = None
    hi: float | None = None

    def __post_init__(self) -> None:
        if not -1 <= self.value <= 1:
            raise FoursplitError(
                f"value {self.value:g}: a difference of errors must be from -1 to 1"
            )
        if (self.lo is None) != (self.hi is None):
            raise FoursplitError("give both ends of an interval, lo and hi, or neither")
        if self.lo is not None and self.hi is not None and not self.lo <= self.value <= self.hi:
            raise FoursplitError(
                f"lo {self.lo:g}, value {self.value:g}, hi {self.hi:g}: must be in this order"
            )

    def gap(self) -> Gap:
        return Gap(gap="difference", value=self.value, lo=self.lo, hi=self.hi, replicates=None)


@dataclass(frozen=True, kw_only=True)
class SynthesisFactor:
    """The amount synthesised of one factor, and its distinct sources (in one unit)."""

    made: float
    sources: float

    def __post_init__(self) -> None:
        if not (isfinite(self.made) and isfinite(self.sources) and self.made >= 0 < self.sources):
            raise FoursplitError(
                f"{self.made:g} made from {self.sources:g} sources: must be 0 or more, and above 0"
            )


@dataclass(frozen=True, kw_only=True)
class ComponentErrors:
    """A component's error and that of humans at its task, on `n` examples each or exact."""

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
        replicates = jeffreys_posterior(
            error * self.n, self.n, generator("decide", 1, name), N_REPLICATES
        )
        lo, hi = percentile_interval(replicates, CONFIDENCE)
        return Estimate(
            value=error,
            lo=min(lo, error),
            hi=max(hi, error),
            n=self.n,
            n_groups=self.n,
            replicates=replicates,
        )


@dataclass(frozen=True, kw_only=True)
class Synthesis:
    """Synthetic data: `left_out` is the error on held-out sources less that on used ones."""

    question: ClassVar[str] = "Train on the synthesised data?"
    factors: Mapping[str, SynthesisFactor] = field(default_factory=dict)
    left_out: Difference | None = None

    def answer(self, context: Context) -> Answer:
        factors = {name: (f.made, f.sources) for name, f in self.factors.items()}
        return answers.synthesis(factors, _gap(self.left_out), _dev(context), context.rule)


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """The amounts of data of both tasks, and what the tasks share."""

    question: ClassVar[str] = "Start from a network trained on another task?"
    n_source: int
    n_target: int
    same_input: bool | None = None
    shared_features: bool | None = None

    def __post_init__(self) -> None:
        _whole("n_source", self.n_source)
        _whole("n_target", self.n_target)

    def answer(self, _context: Context) -> Answer:
        return answers.transfer(self.n_source, self.n_target, self.same_input, self.shared_features)


@dataclass(frozen=True, kw_only=True)
class MultiTask:
    """Several tasks on one input: their data, and the output layer."""

    question: ClassVar[str] = "Train one network for several tasks?"
    n_per_task: Mapping[str, int]
    output: Literal["softmax", "sigmoid"]
    shared_input: bool | None = None
    exclusive: bool | None = None  # at most one label is true
    missing_masked: bool | None = None  # missing labels are masked in the loss
    big_enough: bool | None = None

    def answer(self, _context: Context) -> Answer:
        return answers.multi_task(
            self.n_per_task,
            shared_input=self.shared_input,
            exclusive=self.exclusive,
            output=self.output,
            missing_masked=self.missing_masked,
            big_enough=self.big_enough,
        )


@dataclass(frozen=True, kw_only=True)
class EndToEnd:
    """The error of one network less the pipeline's, trained on the same pairs."""

    question: ClassVar[str] = "Replace the pipeline by one network from input to answer?"
    direct_less_pipeline: Difference | None = None
    crossing: float | None = None  # pairs at which the learning curves cross
    n_obtainable: float | None = None  # pairs that can be obtained
    component_sizes: Mapping[str, int] = field(default_factory=dict)

    def answer(self, context: Context) -> Answer:
        return answers.end_to_end(
            _gap(self.direct_less_pipeline),
            _dev(context),
            crossing=self.crossing,
            n_obtainable=self.n_obtainable,
            component_sizes=self.component_sizes,
            rule=context.rule,
        )


@dataclass(frozen=True, kw_only=True)
class UseSourceDomain:
    """More data from another source: `gain` is the reduction in error on target dev."""

    question: ClassVar[str] = "Add the source of data?"
    gain: Difference | None = None

    def answer(self, context: Context) -> Answer:
        return answers.use_source(_gap(self.gain), _dev(context), context.rule)


@dataclass(frozen=True, kw_only=True)
class Consistent:
    """Two sources: the reduction in error from a feature that names the source."""

    question: ClassVar[str] = "Pool the sources as they are?"
    gain_of_feature: Difference | None = None

    def answer(self, context: Context) -> Answer:
        return answers.consistent(_gap(self.gain_of_feature), _dev(context), context.rule)


@dataclass(frozen=True, kw_only=True)
class SourceWeight:
    """Many source examples and few target examples."""

    question: ClassVar[str] = "Start with a lower weight for source examples?"
    n_target: int
    n_source: int

    def answer(self, _context: Context) -> Answer:
        return answers.start_weight(self.n_target, self.n_source)


@dataclass(frozen=True, kw_only=True)
class SplitPlan:
    """Target and source examples, and the sizes of dev and test."""

    question: ClassVar[str] = "Shuffle all data together before the split?"
    n_target: int
    dev: int
    test: int
    n_source: int = 0

    def answer(self, _context: Context) -> Answer:
        allocation = allocate_splits(self.n_target, self.n_source, self.dev, self.test)
        plan = (
            f"Train {allocation.train:,} (target: {allocation.train_target:,}), "
            f"dev {allocation.dev:,}, test {allocation.test:,}."
        )
        if not self.n_source:
            return Answer(
                code="ST065", recommended=True, why=f"All data are from one distribution. {plan}"
            )
        n_source_in_dev = allocation.shuffled_dev["source"]
        why = (
            f"Shuffled, {n_source_in_dev:,} of {allocation.dev:,} dev examples would be from the "
            f"source. Evaluate on the target only. {plan}"
        )
        return Answer(
            code="ST065", recommended=False, why=why, value=n_source_in_dev / allocation.dev
        )


@dataclass(frozen=True, kw_only=True)
class FlawedPipeline:
    """Errors of components and of the system, each with that of humans at its task."""

    question: ClassVar[str] = "Redesign the pipeline?"
    parts: Mapping[str, ComponentErrors]
    system: ComponentErrors | None

    def answer(self, context: Context) -> Answer:
        if self.system is None:
            why = "The error of the system was not measured."
            return Answer(
                code="ST050",
                recommended=None,
                why=why,
                missing=("error and human error of the system",),
            )
        pairs = {name: part.pair(name) for name, part in self.parts.items()}
        return answers.flawed_pipeline(pairs, self.system.pair("the system"), context.rule)


@dataclass(frozen=True, kw_only=True)
class DevSize:
    """`discordance`: the share of examples that exactly one of two candidates answers correctly."""

    question: ClassVar[str] = "Is dev large enough to detect the gain?"
    error: float
    n: int
    gain: float
    discordance: float | None = None

    def __post_init__(self) -> None:
        for name in ("error", "gain", "discordance"):
            _fraction(name, getattr(self, name))
        _whole("n", self.n)
        if self.gain == 0:
            raise FoursplitError("gain 0: no number of examples shows a gain of zero")
        if self.discordance is not None and self.discordance < self.gain:
            raise FoursplitError(
                f"discordance {self.discordance:g} below gain {self.gain:g}: models differ on at "
                "least as many examples as their errors differ by"
            )

    def answer(self, _context: Context) -> Answer:
        # Default: as if the two shared half their errors.
        is_assumed = self.discordance is None
        discordance = max(self.error, self.gain) if self.discordance is None else self.discordance
        sizes = recommend_sizes(self.error, self.n, self.gain, discordance)
        n_needed = required_examples(self.gain, discordance, power=POWER)
        why = (
            f"With {self.n:,} dev examples a gain of {self.gain:.2%} is detected with power "
            f"{sizes.power:.0%}; the better model ranks first with probability "
            f"{sizes.p_right_order:.0%}. {n_needed:,} examples give a power of {POWER:.0%}. Read "
            f"{sizes.eyeball:,} for a hundred errors; {sizes.train_dev:,} of train-dev are enough."
        )
        if is_assumed:
            why += f" Assumed: the two models differ on {discordance:.1%} of the examples."
        return Answer(code="ST011", value=sizes.power, why=why, recommended=sizes.power >= POWER)


SECTIONS: Mapping[str, Any] = {
    "synthesis": Synthesis,
    "transfer": Transfer,
    "multi_task": MultiTask,
    "end_to_end": EndToEnd,
    "use_source": UseSourceDomain,
    "consistent": Consistent,
    "start_weight": SourceWeight,
    "split": SplitPlan,
    "flawed_pipeline": FlawedPipeline,
    "dev_size": DevSize,
}


def _gap(difference: Difference | None) -> Gap | None:
    return None if difference is None else difference.gap()


def _dev(context: Context) -> float:
    if context.dev_error is None:
        raise FoursplitError(
            "needs dev_error at the top of the file, which sets the smallest relevant difference"
        )
    return context.dev_error


def _fraction(name: str, value: float | None) -> None:
    if value is not None and not 0 <= value <= 1:
        raise FoursplitError(f"{name} {value:g}: must be a fraction from 0 to 1")


def _whole(name: str, value: int) -> None:
    if value < 1:
        raise FoursplitError(f"{name} {value}: must be 1 or more")
