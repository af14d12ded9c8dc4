"""The schema of an experiment's `fit` block: how its model is trained."""

from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    model_validator,
)
from pydantic.dataclasses import dataclass
from pydantic_core import PydanticCustomError

from foursplit.config.preprocess import PreprocessConfig

FORBID_UNKNOWN = ConfigDict(extra="forbid")

Fraction = Annotated[float, Field(ge=0, lt=1)]

PositiveFraction = Annotated[float, Field(gt=0, lt=1)]


def _all_different(seeds: tuple[int, ...]) -> tuple[int, ...]:
    if len(set(seeds)) < len(seeds):
        raise PydanticCustomError("seeds", "must be all different")
    return seeds


Seeds = Annotated[tuple[NonNegativeInt, ...], Field(min_length=1), AfterValidator(_all_different)]


def _require(holds: bool, rule: str) -> None:
    if not holds:
        raise PydanticCustomError("fit", "{rule}", {"rule": rule})


@dataclass(frozen=True, slots=True, kw_only=True, config=FORBID_UNKNOWN)
class Augment:
    """The largest change of each picture, drawn again each time it is seen in training."""

    turn: NonNegativeFloat = 0.0  # degrees to either side
    shift: NonNegativeFloat = 0.0  # pixels to any side
    scale: Fraction = 0.0  # share of its size, larger or smaller
    blur: NonNegativeFloat = 0.0  # standard deviation in pixels
    shade: Fraction = 0.0  # share of the distance to the highest value, rising from one side on
    noise: NonNegativeFloat = 0.0  # standard deviation as a share of the range of values

    def named(self) -> str:
        return ", ".join(f"{name} {value:g}" for name, value in asdict(self).items() if value)


SCHEDULE_SETTINGS = {
    "ConstantLR": (),
    "StepLR": ("gamma", "step_size"),
    "ExponentialLR": ("gamma",),
    "InverseTimeDecay": ("decay_rate", "step_size"),
    "CosineAnnealingLR": ("min_fraction",),
}
"""The settings that each schedule has besides `interval` and `warmup`."""


@dataclass(frozen=True, slots=True, kw_only=True, config=FORBID_UNKNOWN)
class LRScheduler:
    """How the learning rate changes in training, as a factor of `fit.learning_rate`."""

    name: Literal["ConstantLR", "StepLR", "ExponentialLR", "InverseTimeDecay", "CosineAnnealingLR"]
    interval: Literal["epoch", "step"] = "epoch"  # what is counted
    warmup: NonNegativeInt = 0  # so many intervals rise in a line to the whole rate
    gamma: PositiveFraction | None = None  # factor of each interval or each `step_size` of them
    step_size: PositiveInt = 1  # intervals between two changes
    decay_rate: PositiveFloat | None = None  # the rate is divided by 1 + decay_rate * intervals
    min_fraction: Fraction = 0.0  # of the rate, at the end of the cosine

    @model_validator(mode="after")
    def _check_settings(self) -> Self:
        own = SCHEDULE_SETTINGS[self.name]
        for name in ("gamma", "decay_rate"):
            value = getattr(self, name)
            _require(value is not None or name not in own, f"{self.name} needs {name}")
            _require(value is None or name in own, f"{self.name} has no {name}")
        _require(self.step_size == 1 or "step_size" in own, f"{self.name} has no step_size")
        _require(not self.min_fraction or "min_fraction" in own, f"{self.name} has no min_fraction")
        return self


@dataclass(frozen=True, slots=True, kw_only=True, config=FORBID_UNKNOWN)
class EarlyStopping:
    """When training ends before `max_epochs`: dev_loss has not improved for so many validations.

    It acts on the fit to train and on the fit to dev at once, which orthogonalization advises
    against (Ng, DLS C3 W1).
    """

    patience: PositiveInt  # validations
    min_delta: NonNegativeFloat = 0.0  # an improvement smaller than this is none


Layers = tuple[Annotated[str, Field(min_length=1)], ...]
"""Names of layers, as `net.named_modules()` has them; a name stands for all below it."""


@dataclass(frozen=True, slots=True, kw_only=True, config=FORBID_UNKNOWN)
class Pretrained:
    """Whose trained weights are the initial weights: another experiment's, or published ones.

    Source: Ng, DLS C3 W2 (transfer learning) and C4 W2 (open-source implementations).
    """

    experiment: str = ""
    weights: str = ""  # an entry of `models/catalogue.yaml`
    exclude: Layers = ()  # these start from random weights, for instance the output layer

    @model_validator(mode="after")
    def _check_source(self) -> Self:
        _require(
            bool(self.experiment) != bool(self.weights),
            "give either `experiment`, a key of params.yaml, or `weights`, an entry of "
            "models/catalogue.yaml",
        )
        return self

    @property
    def source(self) -> str:
        """Name in words what the weights are of."""
        return f"weights {self.weights!r}" if self.weights else f"experiment {self.experiment!r}"

    def named(self) -> str:
        without = f" without layers {', '.join(self.exclude)}" if self.exclude else ""
        published = " (published weights)" if self.weights else ""
        return f"{self.experiment or self.weights}{published}{without}"


@dataclass(frozen=True, slots=True, kw_only=True, config=FORBID_UNKNOWN)
class Phase:
    """A part of training with settings of its own; its optimizer starts without a state."""

    max_epochs: PositiveInt
    learning_rate: PositiveFloat | None = None  # null: that of `fit`
    freeze: Layers = ()  # these keep their weights

    def named(self) -> str:
        rate = f", learning_rate {self.learning_rate:g}" if self.learning_rate else ""
        frozen = f", layers {', '.join(self.freeze)} frozen" if self.freeze else ""
        return f"{self.max_epochs} epochs{rate}{frozen}"


@dataclass(frozen=True, slots=True, kw_only=True, config=FORBID_UNKNOWN)
class ClassBatch:
    """What a batch holds for a loss that compares examples: some classes, some examples of each."""

    n_classes: Annotated[int, Field(ge=2)]
    n_examples: Annotated[int, Field(ge=2)]  # of each class

    def named(self) -> str:
        return f"{self.n_classes} classes, {self.n_examples} examples each"


@dataclass(frozen=True, slots=True, kw_only=True, config=FORBID_UNKNOWN)
class TrainerConfig:
    """How a network is trained."""

    seeds: Seeds
    learning_rate: PositiveFloat
    max_epochs: PositiveInt
    batch_size: PositiveInt | None  # null: all examples at once
    optimizer: Literal["adam", "adamw", "sgd", "rmsprop"] = "adam"
    momentum: Fraction = 0.0  # of sgd and rmsprop
    weight_decay: NonNegativeFloat = 0.0  # L2 penalty, lambda over m in the course's cost
    augment: Augment | None = None  # of pictures; null: each is seen as it is
    nesterov: bool = False  # of sgd with momentum
    betas: tuple[Fraction, Fraction] = (0.9, 0.999)  # of adam and adamw
    alpha: Fraction = 0.99  # of rmsprop: smoothing of the squared gradients
    lr_scheduler: LRScheduler | None = None
    gradient_clip_val: PositiveFloat | None = None
    gradient_clip_algorithm: Literal["norm", "value"] = "norm"
    label_smoothing: Fraction = 0.0  # share of the target spread over all classes
    early_stopping: EarlyStopping | None = None
    max_steps: PositiveInt | None = None  # ends training before max_epochs
    accumulate_grad_batches: PositiveInt = 1
    precision: Literal["32-true", "bf16-mixed"] = "32-true"
    loop: Literal["auto", "fast", "lightning"] = "auto"  # auto: by the size of a step
    batch: ClassBatch | None = None  # null: examples as they come
    group_by_length: bool = False  # batches of examples of like length: less padding
    mixup: NonNegativeFloat = (
        0.0  # alpha of Beta(alpha, alpha), from which each batch's share is drawn
    )
    ema_decay: Fraction = 0.0  # of the exponential moving average of the weights; 0: none
    pretrained: Pretrained | None = None  # null: random initial weights
    phases: tuple[Phase, ...] = ()  # one after another; empty: a single one
    batch_seeds: Literal["auto", "always", "never"] = "auto"  # at once; auto: from 8 seeds on
    preprocess: PreprocessConfig | None = None  # of raw columns; null: its defaults

    @model_validator(mode="after")
    def _check_optimizer(self) -> Self:
        of = {
            "momentum": ("sgd", "rmsprop"), "nesterov": ("sgd",),
            "betas": ("adam", "adamw"), "alpha": ("rmsprop",),
        }  # fmt: skip
        for name, optimizers in of.items():
            _require(
                name not in self.changed() or self.optimizer in optimizers,
                f"optimizer {self.optimizer} has no {name}; {' and '.join(optimizers)} "
                f"{'has' if len(optimizers) == 1 else 'have'}",
            )
        _require(not self.nesterov or self.momentum > 0, "nesterov needs momentum")
        epochs = sum(phase.max_epochs for phase in self.phases)
        _require(
            not self.phases or epochs == self.max_epochs,
            f"the phases have {epochs} epochs, and max_epochs is {self.max_epochs}: give the sum",
        )
        if self.batch is not None:
            size = self.batch.n_classes * self.batch.n_examples
            _require(
                self.batch_size == size,
                f"batch has {self.batch.named()}, {size} in all, and batch_size is "
                f"{self.batch_size}: give the product",
            )
            _require(
                not self.group_by_length,
                "batch and group_by_length both say which examples a batch holds: give one",
            )
        for name in ("early_stopping", "max_steps"):
            _require(
                not self.phases or getattr(self, name) is None,
                f"{name} ends training early, and phases say when each ends: give one of the two",
            )
        needs = self.needs_lightning()
        _require(
            self.loop != "fast" or not needs, f"loop fast cannot do {', '.join(needs)}: use auto"
        )
        return self

    def needs_lightning(self) -> list[str]:
        """List the settings that only Lightning's own loop can do."""
        only = ("early_stopping", "max_steps", "accumulate_grad_batches", "precision", "ema_decay")
        return [name for name in only if name in self.changed()]

    def changed(self) -> dict[str, Any]:
        """Return the settings that differ from their defaults."""
        return {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.default is MISSING or getattr(self, field.name) != field.default
        }


BASIC = (
    "seeds", "learning_rate", "max_epochs", "batch_size", "optimizer", "momentum", "weight_decay",
    "augment",
)  # fmt: skip
"""Settings that pages and runs show whatever they are; others are shown where they are set."""


@dataclass(frozen=True, slots=True, kw_only=True, config=FORBID_UNKNOWN)
class EstimatorConfig:
    """How a model with a fit() of its own is trained: its settings are its arguments."""

    seeds: Seeds
    preprocess: PreprocessConfig | None = None  # of raw columns; null: its defaults


ESTIMATOR_SETTINGS = frozenset(field.name for field in fields(EstimatorConfig))


def fit_settings(fit: TrainerConfig | EstimatorConfig) -> dict[str, Any]:
    """Return the settings to show and to compare runs by, nested as in params.yaml."""
    if isinstance(fit, TrainerConfig):
        shown = (*BASIC, *fit.changed())
    else:
        shown = (*BASIC, *(("preprocess",) if fit.preprocess else ()))
    settings = {name: value for name, value in asdict(fit).items() if name in shown}
    if settings.get("pretrained"):  # from one source, and not from the other
        source = settings["pretrained"]
        settings["pretrained"] = {name: value for name, value in source.items() if value != ""}
    return settings


def fit_class(fit: object) -> str:
    """Return the class of a `fit` block: without a learning rate, for models with a fit()."""
    is_estimator = (
        set(fit) <= ESTIMATOR_SETTINGS
        if isinstance(fit, Mapping)
        else isinstance(fit, EstimatorConfig)
    )
    return (EstimatorConfig if is_estimator else TrainerConfig).__name__
