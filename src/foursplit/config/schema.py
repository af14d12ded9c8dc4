"""The schema of params.yaml, field by field."""

from collections.abc import Mapping
from dataclasses import field, fields
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    Tag,
    model_validator,
)
from pydantic.dataclasses import dataclass
from pydantic_core import PydanticCustomError

from foursplit.config.fit import (
    FORBID_UNKNOWN,
    EstimatorConfig,
    Fraction,
    PositiveFraction,
    TrainerConfig,
    fit_class,
)
from foursplit.config.names import check_name
from foursplit.config.pipelines import Pipeline, home
from foursplit.core.errors import FoursplitError, unknown_name
from foursplit.core.splits import SPLITS

Name = Annotated[str, BeforeValidator(check_name)]


def _require(holds: bool, name: str, value: object, rule: str) -> None:
    if not holds:
        raise FoursplitError(f"{name}: {value!r} must be {rule}")


def _known_split(name: str) -> str:
    if name not in SPLITS:
        raise unknown_name("split", name, SPLITS)
    return name


def _sum_to_1(shares: Mapping[str, float]) -> Mapping[str, float]:
    if shares and abs(sum(shares.values()) - 1) >= 1e-9:
        raise PydanticCustomError("shares", "must be shares adding to 1")
    return shares


Shares = Annotated[
    Mapping[Annotated[str, AfterValidator(_known_split)], Annotated[float, Field(ge=0, le=1)]],
    AfterValidator(_sum_to_1),
]
"""The share of each split; empty where a domain has no rows."""


@dataclass(frozen=True, slots=True, kw_only=True, config=FORBID_UNKNOWN)
class RuntimeConfig:
    """How the machine is used."""

    accelerator: Literal["auto", "cpu", "gpu"]  # auto: a GPU where it is faster
    threads: PositiveInt  # of each stage; bytes depend on it
    instruction_set: Literal["portable", "native"]  # portable: equal bytes on all x86-64
    accept_licences: tuple[str, ...] = ()  # catalogue data sets whose terms the user accepts


@dataclass(frozen=True, slots=True, kw_only=True, config=FORBID_UNKNOWN)
class DiagnosisConfig:
    """The thresholds of the diagnosis: which gaps count, and at what confidence."""

    n_resamples: Annotated[int, Field(ge=100)]  # bootstrap replicates
    confidence: PositiveFraction  # of every interval
    min_gap: NonNegativeFloat  # smaller gaps are ignored
    min_gap_fraction: Fraction  # gaps below this share of the dev error are ignored
    co_primary_fraction: Annotated[
        float, Field(gt=0, le=1)
    ]  # a gap of this share of the largest is listed
    seed: int
    tie_probability: Annotated[float, Field(ge=0, lt=0.5)] = (
        0.05  # of a tie with the best for a candidate that is worse by min_gain; 0: no ties
    )


@dataclass(frozen=True, slots=True, kw_only=True, config=FORBID_UNKNOWN)
class SplitDomains:
    """The share of each split among the groups of the source and the target domain."""

    source: Shares
    target: Shares = field(default_factory=dict)  # empty: no target domain


@dataclass(frozen=True, slots=True, kw_only=True, config=FORBID_UNKNOWN)
class SplitConfig:
    """How rows are allocated to the four splits."""

    seed: int  # another seed, another split
    domains: SplitDomains  # the shares of the splits in each domain
    near_duplicate_distance: NonNegativeFloat = 0.01  # distance below it, in deviations per input
    # official: the publisher's test is test; time: train is before train-dev, dev and test
    protocol: Literal["hash", "official", "time"] = "hash"
    gap: NonNegativeFloat = 0.0  # of `time`: days (or the unit of a number) between two splits

    @model_validator(mode="after")
    def _check_splits(self) -> Self:
        source, target = self.domains.source, self.domains.target
        present = {split for shares in (source, target) for split in shares}
        required = SPLITS[:2] if self.official else SPLITS
        missing = [split for split in required if split not in present]
        _require(not missing, "split", sorted(present), f"all four splits; missing: {missing}")
        _require(
            not self.official or not (target or "test" in present),
            "split",
            sorted(present),
            "shares of the published train split under `source`, without test and `target`: the "
            "official protocol brings its test",
        )
        _require(
            self.protocol != "time" or not target,
            "split.domains.target",
            dict(target),
            "empty: protocol time has one domain, whose later rows are dev and test",
        )
        _require(
            self.protocol == "time" or not self.gap,
            "split.gap",
            self.gap,
            "0, but for protocol time",
        )
        evaluated = [split for split in ("dev", "test") if target and split in source]
        _require(
            not evaluated,
            "split.domains.source",
            dict(source),
            f"without {evaluated}: with a target domain, dev and test come from it alone",
        )
        return self

    @property
    def official(self) -> bool:
        return self.protocol == "official"


@dataclass(frozen=True, slots=True, kw_only=True, config=FORBID_UNKNOWN)
class DatasetConfig:
    """What the user decides about a data set; its own file declares the rest."""

    origin: str  # DVC fetches the raw data again when this file changes
    split: SplitConfig


@dataclass(frozen=True, slots=True, kw_only=True, config=FORBID_UNKNOWN)
class ComparisonGroup:
    """Experiments that are compared: one metric to optimize, and bounds to satisfy."""

    dataset: str
    task: str
    metric: str
    metric_args: Mapping[str, Any] = field(default_factory=dict)  # positive, precision, k, costs
    threshold: Literal["dev"] | PositiveFraction | None = None  # of two classes; dev: chosen there
    direction: Literal["minimize", "maximize"] | None = None  # None: the metric's own
    bounds: Mapping[str, float] = field(default_factory=dict)  # at most; e.g. n_parameters
    min_gain: NonNegativeFloat = 0.005  # a smaller gain in the metric is not worth a change
    price: Mapping[str, NonNegativeFloat] = field(default_factory=dict)
    """How much worse the metric may be for one unit less of a cost; e.g. n_parameters."""
    desired_error: float | None = None  # used where no human-level error is known


@dataclass(frozen=True, slots=True, kw_only=True, config=FORBID_UNKNOWN)
class GateConfig:
    """What a promotion requires besides the group's metric; no stage reads it."""

    slice_margin: NonNegativeFloat = 0.05  # largest increase of a slice's loss
    min_slice_examples: PositiveInt = 20  # examples that a slice needs to be tested
    latency_ms: Mapping[str, PositiveFloat] = field(default_factory=dict)  # most, by group


@dataclass(frozen=True, slots=True, kw_only=True, config=FORBID_UNKNOWN)
class Experiment:
    """One model on one data set; `dataset`, `task` and `model` are names of files."""

    week: str
    dataset: str
    task: str
    model: str
    model_args: Mapping[str, Any]
    fit: Annotated[
        Annotated[TrainerConfig, Tag(TrainerConfig.__name__)]
        | Annotated[EstimatorConfig, Tag(EstimatorConfig.__name__)],
        Discriminator(fit_class),
    ]
    group: str
    skip_contracts: Mapping[str, str] = field(default_factory=dict)  # contract test: why skipped


@dataclass(frozen=True, slots=True, kw_only=True, config=FORBID_UNKNOWN)
class LearningCurve:
    """How an experiment's learning curve over the number of training examples is measured.

    `group`, `dataset`, `task` and `model` repeat those of the experiment.
    """

    group: str
    dataset: str
    task: str
    model: str
    n_sizes: Annotated[int, Field(ge=3)] = (
        5  # subsets of train, spaced geometrically up to all of it
    )
    n_repeats: PositiveInt = 3  # draws of each subset but the whole
    min_fraction: PositiveFraction = 0.1  # share of train in the smallest subset

    @model_validator(mode="after")
    def _check_repeats(self) -> Self:
        _require(
            self.n_repeats > 1 or self.n_sizes > 3,
            "n_repeats",
            self.n_repeats,
            "at least 2 where there are 3 sizes: a curve fits any three errors",
        )
        return self


@dataclass(frozen=True, slots=True, kw_only=True, config=FORBID_UNKNOWN)
class LessonConfig:
    """A lesson with computed figures; its key is the name of a file in `lessons/`.

    A lesson of `full` shows an experiment: it gets the data set's table and the trained models.
    """

    week: str
    args: Mapping[str, Any] = field(default_factory=dict)  # of the file's `Args`
    experiment: Name | None = None


T = TypeVar("T")


def _find(kind: str, name: str, items: Mapping[str, T]) -> T:
    if name not in items:
        raise unknown_name(kind, name, items)
    return items[name]


@dataclass(frozen=True, slots=True, kw_only=True, config=FORBID_UNKNOWN)
class PipelineConfig:
    """One pipeline: its data sets, comparison groups and experiments."""

    datasets: Mapping[Name, DatasetConfig]
    groups: Mapping[Name, Mapping[Name, ComparisonGroup]]  # course, group
    experiments: Mapping[Name, Mapping[Name, Experiment]]  # course, key
    curves: Mapping[Name, Mapping[Name, LearningCurve]] = field(default_factory=dict)
    lessons: Mapping[Name, Mapping[Name, LessonConfig]] = field(default_factory=dict)


BLOCKS = tuple(block.name for block in fields(PipelineConfig))


def _no_full() -> PipelineConfig:
    return PipelineConfig(datasets={}, groups={}, experiments={})


@dataclass(frozen=True, slots=True, kw_only=True, config=FORBID_UNKNOWN)
class Params(PipelineConfig):
    """The whole of params.yaml: the default pipeline's blocks, and `full` with the other's.

    Names are searched in both pipelines.
    """

    run: RuntimeConfig
    diagnosis: DiagnosisConfig
    full: PipelineConfig = field(default_factory=_no_full)
    gate: GateConfig = field(default_factory=GateConfig)
    pipeline: Pipeline = field(default="", init=False)  # set by `of`; no key of the file

    def of(self, pipeline: Pipeline) -> "Params":
        """Return one pipeline as if there were no other."""
        section = self.sections()[pipeline]
        blocks = {name: getattr(section, name) for name in BLOCKS}
        params = Params(run=self.run, diagnosis=self.diagnosis, **blocks)
        object.__setattr__(params, "pipeline", pipeline)
        return params

    def sections(self) -> dict[Pipeline, PipelineConfig]:
        return {"": self, "full": self.full}

    def _blocks(self, kind: str) -> list[Any]:
        return [getattr(section, kind) for section in self.sections().values()]

    def _courses(self, kind: str) -> dict[str, Any]:
        blocks = [block for courses in self._blocks(kind) for block in courses.values()]
        return {name: item for block in blocks for name, item in block.items()}

    def dataset(self, name: str) -> DatasetConfig:
        return _find(
            "dataset", name, {k: v for b in self._blocks("datasets") for k, v in b.items()}
        )

    def experiment(self, key: str) -> Experiment:
        return _find("experiment", key, self._courses("experiments"))

    def group(self, name: str) -> ComparisonGroup:
        return _find("group", name, self._courses("groups"))

    def curve(self, key: str) -> LearningCurve:
        return _find("learning curve", key, self._courses("curves"))

    def lesson(self, key: str) -> LessonConfig:
        return _find("lesson", key, self._courses("lessons"))

    def home(self, key_or_group: str) -> str:
        """Return the folder below pipelines/ of an experiment's or a comparison group's stages."""
        for pipeline, section in self.sections().items():
            for course in (*section.experiments, *section.groups):
                members = (section.experiments.get(course, {}), section.groups.get(course, {}))
                if any(key_or_group in block for block in members):
                    return home(pipeline or self.pipeline, course)
        raise KeyError(key_or_group)

    def homes(self) -> list[str]:
        """List the folders below pipelines/ that courses have."""
        found = self.sections().items()
        return [home(of or self.pipeline, course) for of, s in found for course in s.experiments]

    def members(self, group: str) -> list[str]:
        """List the experiments that a comparison group compares."""
        return sorted(k for k, e in self._courses("experiments").items() if e.group == group)
