"""Linear regression on polynomial features.

Source: Ng, MLS C1 W1-W2.
"""

from dataclasses import dataclass

from torch import nn

from foursplit.core.examples import DataSpec
from foursplit.layers.polynomial import Polynomial, count_terms
from foursplit.layers.standardize import Standardize


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    degree: int = 1  # of the polynomial features; 1: only the inputs

    def __post_init__(self) -> None:
        if self.degree < 1:
            raise ValueError(f"degree: {self.degree} must be at least 1")


def build(args: Args, shape: DataSpec) -> nn.Module:
    """Map (batch, input) to (batch, 1), in standard deviations of the target."""
    n_terms = count_terms(shape.n_inputs, args.degree)
    head = nn.Linear(n_terms, 1)
    nn.init.zeros_(head.weight)  # the course's start; one layer has no symmetry to break
    nn.init.zeros_(head.bias)
    # Standardized twice: before the products, to keep them small, and after, as inputs of `head`.
    return nn.Sequential(
        Standardize((shape.n_inputs,)),
        Polynomial(shape.n_inputs, args.degree),
        Standardize((n_terms,)),
        head,
    )
