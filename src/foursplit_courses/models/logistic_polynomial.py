"""Logistic regression on products of the inputs: a curved boundary from a linear model.

Source: Ng, MLS C1 W3 (regularised logistic regression on polynomial features).
"""

from dataclasses import dataclass

from torch import nn

from foursplit.core.examples import DataSpec
from foursplit.layers.polynomial import Polynomial, count_terms
from foursplit.layers.standardize import Standardize
from foursplit_courses.argument_checks import check_at_least


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set; the penalty is `fit.weight_decay`, lambda over m."""

    degree: int = 6  # of the highest products; the course's choice

    def __post_init__(self) -> None:
        check_at_least(self, degree=1)


def build(args: Args, shape: DataSpec) -> nn.Module:
    """Map (batch, input) to (batch, 1) logits."""
    n_terms = count_terms(shape.n_inputs, args.degree)
    head = nn.Linear(n_terms, 1)
    nn.init.zeros_(head.weight)  # the cost is convex: any start reaches the same minimum
    nn.init.zeros_(head.bias)
    # Standardized before the products, to keep them small, and after, so that one learning rate
    # suits all; the course does neither, and penalizes the weights of unscaled products.
    return nn.Sequential(
        Standardize((shape.n_inputs,)),
        Polynomial(shape.n_inputs, args.degree),
        Standardize((n_terms,)),
        head,
    )
