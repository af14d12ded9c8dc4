"""What params.yaml may say, field by field."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeVar

from foursplit.config.pipelines import Pipeline, home
from foursplit.core.errors import FoursplitError, unknown_name


def _require(holds: bool, name: str, value: object, rule: str) -> None:
    if not holds:
        raise FoursplitError(f"{name}: {value!r} must be {rule}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How the machine is used."""

    accelerator: Literal["auto", "cpu", "gpu"]  # auto: a GPU where it is faster
    threads: int  # of each stage; bytes depend on it
    kernels: Literal["portable", "native"]  # portable: the same bytes on x86-64 of any maker
    accept_licences: tuple[str, ...] = ()  # data sets of the catalogue whose terms must be asked

    def __post_init__(self) -> None:
        _require(self.threads >= 1, "threads", self.threads, "at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """The constants of the verdict: when a gap counts, and how sure we are."""

    resamples: int  # bootstrap draws
    confidence: float  # of every interval
    floor: float  # no gap below this error is worth work
    share_of_dev: float  # nor one below this share of the dev error
    co_primary: float  # a gap of this share of the largest is named beside it
    seed: int
    tie: float = 0.05  # above this chance to be better than the best, tied with it; 0: no ties

    def __post_init__(self) -> None:
        _require(0 <= self.tie < 0.5, "tie", self.tie, "from 0 to below 0.5")
        _require(self.resamples >= 100, "resamples", self.resamples, "at least 100")
        _require(0 < self.confidence < 1, "confidence", self.confidence, "between 0 and 1")
        _require(self.floor >= 0, "floor", self.floor, "0 or more")
        _require(0 <= self.share_of_dev < 1, "share_of_dev", self.share_of_dev, "from 0 to below 1")
        _require(0 < self.co_primary <= 1, "co_primary", self.co_primary, "above 0 and at most 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitRule:
    """How rows are dealt to the four splits."""

    salt: int  # another salt, another split
    source: Mapping[str, float]  # share of each split among source-domain groups
    target: Mapping[str, float] = field(default_factory=dict)  # the same; empty: no target domain
    near_duplicate: float = 0.01  # distance, in standard deviations per input, that is too close
    protocol: Literal["hash", "official"] = "hash"  # official: the source's own test is test

    def __post_init__(self) -> None:
        for name, shares in (("source", self.source), ("target", self.target)):
            self._check(name, shares)
        dealt = {split for shares in (self.source, self.target) for split in shares}
        asked = ["train", "train_dev"] if self.official else ["train", "train_dev", "dev", "test"]
        missing = [split for split in asked if split not in dealt]
        _require(not missing, "split", sorted(dealt), f"all four splits; missing: {missing}")
        published = self.official and (self.target or "test" in dealt)
        _require(
            not published,
            "split",
            sorted(dealt),
            "shares of the source's own train under `source`, without test and `target`: the "
            "official protocol brings its test",
        )
        _require(self.near_duplicate >= 0, "near_duplicate", self.near_duplicate, "0 or more")
        judged = [split for split in ("dev", "test") if self.target and split in self.source]
        _require(
            not judged,
            "split.source",
            dict(self.source),
            f"without {judged}: where there is a target domain, dev and test come from it alone",
        )

    @property
    def official(self) -> bool:
        return self.protocol == "official"

    @staticmethod
    def _check(name: str, shares: Mapping[str, float]) -> None:
        valid = {"train", "train_dev", "dev", "test"}
        _require(set(shares) <= valid, f"split.{name}", sorted(shares), f"among {sorted(valid)}")
        for split, share in shares.items():
            _require(0 <= share <= 1, f"split.{name}.{split}", share, "a share from 0 to 1")
        total = sum(shares.values())
        _require(
            not shares or abs(total - 1) < 1e-9, f"split.{name}", dict(shares), "shares adding to 1"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """What the user decides about a source; the rest stands in its file."""

    origin: str  # file whose change means that the raw data may have changed
    split: SplitRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A comparison: the one metric to optimise, and the bounds to meet besides."""

    source: str
    task: str
    metric: str
    direction: Literal["minimize", "maximize"] = "minimize"
    bounds: Mapping[str, float] = field(default_factory=dict)  # at most; e.g. n_parameters
    min_gain: float = 0.005  # a smaller difference in the metric is not worth a change
    desired_error: float | None = None  # stands in where no human level is known

    def __post_init__(self) -> None:
        _require(self.min_gain >= 0, "min_gain", self.min_gain, "0 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSettings:
    """What the gate asks of a challenger besides its group's metric; no stage reads it."""

    slice_margin: float = 0.05  # a slice whose loss is higher by no more is safe
    least: int = 20  # examples of a slice that is judged
    latency_ms: Mapping[str, float] = field(default_factory=dict)  # group: at most, an example

    def __post_init__(self) -> None:
        _require(self.slice_margin >= 0, "gate.slice_margin", self.slice_margin, "0 or more")
        _require(self.least >= 1, "gate.least", self.least, "at least 1")
        for group, most in self.latency_ms.items():
            _require(most > 0, f"gate.latency_ms.{group}", most, "above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Augment:
    """How far each picture is changed at most, each time it is seen in training."""

    turn: float = 0.0  # degrees to either side
    shift: float = 0.0  # pixels to any side
    scale: float = 0.0  # share of its size, larger or smaller
    blur: float = 0.0  # standard deviation in pixels
    shade: float = 0.0  # share of the way to the highest value, rising from one side on
    noise: float = 0.0  # standard deviation as a share of the range of values

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            _require(value >= 0, f"augment.{name}", value, "0 or more")
        for name in ("scale", "shade"):
            value = getattr(self, name)
            _require(value < 1, f"augment.{name}", value, "below 1")

    def named(self) -> str:
        return ", ".join(f"{name} {value:g}" for name, value in asdict(self).items() if value)


@dataclass(frozen=True, slots=True, kw_only=True)
class GradientFit:
    """How a network is trained."""

    seeds: tuple[int, ...]
    learning_rate: float
    max_epochs: int
    batch_size: int | None  # null: all examples at once
    optimizer: Literal["adam", "sgd"] = "adam"
    momentum: float = 0.0  # of sgd
    weight_decay: float = 0.0  # L2 penalty, lambda over m in the course's cost
    augment: Augment | None = None  # of pictures; null: each is seen as it is

    def __post_init__(self) -> None:
        _check_seeds(self.seeds)
        _require(self.learning_rate > 0, "learning_rate", self.learning_rate, "above 0")
        _require(self.max_epochs >= 1, "max_epochs", self.max_epochs, "at least 1")
        size = self.batch_size
        _require(size is None or size >= 1, "batch_size", size, "at least 1, or null for all")
        _require(0 <= self.momentum < 1, "momentum", self.momentum, "from 0 to below 1")
        _require(self.weight_decay >= 0, "weight_decay", self.weight_decay, "0 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectFit:
    """How a model with a fit() of its own is trained: its settings are its arguments."""

    seeds: tuple[int, ...]

    def __post_init__(self) -> None:
        _check_seeds(self.seeds)


def _check_seeds(seeds: tuple[int, ...]) -> None:
    _require(len(seeds) > 0, "seeds", seeds, "one seed at least")
    _require(len(set(seeds)) == len(seeds), "seeds", seeds, "all different")
    _require(min(seeds) >= 0, "seeds", seeds, "0 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """One model on one source; `source`, `task` and `model` are names of files."""

    lesson: str
    source: str
    task: str
    model: str
    model_args: Mapping[str, Any]
    fit: GradientFit | DirectFit
    group: str
    breaks: Mapping[str, str] = field(default_factory=dict)  # law of the contract tests: why not


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningCurve:
    """How an experiment's learning curve over the number of training examples is measured.

    `group`, `source`, `task` and `model` say again what the experiment says.
    """

    group: str
    source: str
    task: str
    model: str
    sizes: int = 5  # parts of train, the whole among them; their sizes are geometric
    repeats: int = 3  # times that each part but the whole is drawn
    smallest: float = 0.1  # share of train in the smallest part

    def __post_init__(self) -> None:
        _require(self.sizes >= 3, "sizes", self.sizes, "at least 3: fewer tell no curve")
        _require(self.repeats >= 1, "repeats", self.repeats, "at least 1")
        _require(
            self.repeats > 1 or self.sizes > 3,
            "repeats",
            self.repeats,
            "at least 2 where there are 3 sizes: a curve fits any three errors",
        )
        _require(0 < self.smallest < 1, "smallest", self.smallest, "a share between 0 and 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class StudySettings:
    """A lesson worked through on numbers; its key is the name of a file in `lessons/`."""

    lesson: str
    args: Mapping[str, Any] = field(default_factory=dict)  # of the file's `Args`


T = TypeVar("T")


def _find(kind: str, name: str, found: Mapping[str, T]) -> T:
    if name not in found:
        raise unknown_name(kind, name, found)
    return found[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What makes a pipeline: sources, what is compared, and what is trained."""

    sources: Mapping[str, SourceSettings] = field(default_factory=dict)
    groups: Mapping[str, Mapping[str, Group]] = field(default_factory=dict)  # course, group
    experiments: Mapping[str, Mapping[str, Experiment]] = field(default_factory=dict)  # course, key
    curves: Mapping[str, Mapping[str, LearningCurve]] = field(default_factory=dict)  # the same
    studies: Mapping[str, Mapping[str, StudySettings]] = field(default_factory=dict)  # the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Params:
    """The whole of params.yaml; names are found in both pipelines, blocks are the default one's."""

    run: Run
    strategy: Strategy
    sources: Mapping[str, SourceSettings]
    groups: Mapping[str, Mapping[str, Group]]  # course, group
    experiments: Mapping[str, Mapping[str, Experiment]]  # course, key
    curves: Mapping[str, Mapping[str, LearningCurve]] = field(default_factory=dict)  # the same
    studies: Mapping[str, Mapping[str, StudySettings]] = field(default_factory=dict)  # the same
    real: Section = field(default_factory=Section)
    gate: GateSettings = field(default_factory=GateSettings)
    pipeline: Pipeline = ""

    def of(self, pipeline: Pipeline) -> "Params":
        """Give one pipeline as if there were no other."""
        chosen = self.sections()[pipeline]
        return Params(
            run=self.run,
            strategy=self.strategy,
            sources=chosen.sources,
            groups=chosen.groups,
            experiments=chosen.experiments,
            curves=chosen.curves,
            studies=chosen.studies,
            pipeline=pipeline,
        )

    def sections(self) -> dict[Pipeline, Section]:
        mine = Section(
            sources=self.sources, groups=self.groups, experiments=self.experiments,
            curves=self.curves, studies=self.studies,
        )  # fmt: skip
        return {"": mine, "real": self.real}

    def _blocks(self, kind: str) -> list[Any]:
        return [getattr(section, kind) for section in self.sections().values()]

    def _courses(self, kind: str) -> dict[str, Any]:
        blocks = [block for courses in self._blocks(kind) for block in courses.values()]
        return {name: item for block in blocks for name, item in block.items()}

    def source(self, name: str) -> SourceSettings:
        return _find("source", name, {k: v for b in self._blocks("sources") for k, v in b.items()})

    def experiment(self, key: str) -> Experiment:
        return _find("experiment", key, self._courses("experiments"))

    def group(self, name: str) -> Group:
        return _find("group", name, self._courses("groups"))

    def curve(self, key: str) -> LearningCurve:
        return _find("learning curve", key, self._courses("curves"))

    def study(self, key: str) -> StudySettings:
        return _find("study", key, self._courses("studies"))

    def home(self, key_or_group: str) -> str:
        """Name the folder below pipelines/ of an experiment's or a comparison group's stages."""
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
