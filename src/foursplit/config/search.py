"""The schema of a hyperparameter search: where it starts, its space, and its samplers."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator
from pydantic.dataclasses import dataclass
from pydantic_core import PydanticCustomError

from foursplit.config.fit import FORBID_UNKNOWN
from foursplit.config.samplers import Sampler

Scale = Literal["linear", "log", "one_minus"]


def _require(holds: bool, rule: str) -> None:
    if not holds:
        raise PydanticCustomError("search", "{rule}", {"rule": rule})


@dataclass(frozen=True, slots=True, kw_only=True, config=FORBID_UNKNOWN)
class SearchRange:
    """The values that one hyperparameter may take: a range with its scale, or choices.

    On scale `log` the exponent is uniform; on `one_minus` that of 1 minus the value, as for the
    decay of a moving average, which remembers about 1 / (1 - beta) values.

    Source: Ng, DLS C2 W3 (appropriate scale).
    """

    low: float | None = None
    high: float | None = None
    scale: Scale = "linear"
    type: Literal["float", "int"] = "float"
    choices: tuple[Any, ...] = ()

    @model_validator(mode="after")
    def _check_range(self) -> Self:
        if self.choices:
            _require(
                self.low is self.high is None and self.scale == "linear" and self.type == "float",
                "give either `choices`, or `low` and `high` with their scale and type",
            )
            texts = [repr(choice) for choice in self.choices]
            _require(
                len({*texts}) == len(texts) > 1, "`choices` must be two or more, all different"
            )
            return self
        low, high = self.low, self.high
        if low is None or high is None:
            raise PydanticCustomError("search", "give `low` and `high`, or `choices`")
        _require(low < high, f"`low` {low:g} must be below `high` {high:g}")
        _require(self.scale != "log" or low > 0, f"scale log needs a `low` above 0, not {low:g}")
        if self.scale == "one_minus":
            _require(high < 1, f"scale one_minus needs a `high` below 1, not {high:g}")
            _require(self.type == "float", "scale one_minus is for fractions, not for type int")
        whole = low == int(low) and high == int(high)
        _require(self.type != "int" or whole, "type int needs whole numbers as `low` and `high`")
        return self

    @property
    def ends(self) -> tuple[Any, ...]:
        """Return the values to try against the rules of what is searched: ends or choices."""
        if self.choices:
            return self.choices
        assert self.low is not None
        assert self.high is not None
        ends = (self.low, self.high)
        return tuple(map(int, ends)) if self.type == "int" else ends


@dataclass(frozen=True, slots=True, kw_only=True, config=FORBID_UNKNOWN)
class SearchConfig:
    """A search for the hyperparameters of an experiment, by one sampler or several compared.

    `group`, `dataset`, `task` and `model` repeat those of the experiment.
    """

    week: str
    experiment: str  # its other settings stay as they are
    group: str
    dataset: str
    task: str
    model: str
    space: Annotated[Mapping[str, SearchRange], Field(min_length=1)]  # by `fit.…`, `model_args.…`
    samplers: Annotated[tuple[Sampler, ...], Field(min_length=1)] = ("tpe",)
    n_trials: Annotated[PositiveInt, Field(ge=2)] = 20  # whole trainings that each sampler may use
    n_repeats: PositiveInt = 1  # of each sampler, with other draws and first weights
    seed: NonNegativeInt = 1
    metric: str | None = None  # on dev; null: the group's
    max_epochs: PositiveInt | None = None  # of a trial; null: the experiment's
    reduction_factor: Annotated[int, Field(ge=2)] = 3  # of successive_halving

    @model_validator(mode="after")
    def _check_samplers(self) -> Self:
        _require(
            len({*self.samplers}) == len(self.samplers),
            f"samplers {', '.join(self.samplers)} must be all different",
        )
        return self

    @property
    def looks(self) -> int:
        """Return how many whole trainings look at dev, from which the best is chosen."""
        return self.n_trials * self.n_repeats * len(self.samplers)
