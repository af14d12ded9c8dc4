"""Content-based filtering: a network for what is known of a user, one for that of the film.

Both end in a vector of length one; their product, stretched and shifted, is the answer.  A film's
vector needs no user, so that all can be made beforehand, and films alike are found by it.  The
first two inputs are numbers of user and film, which the towers do not see: a stranger is no
stranger where something is known of them.

Source: Ng, MLS C3 W2 (content-based filtering).  The course scales ratings to -1 … 1, which is all
that a product of unit vectors can say; here the stretch is learnt.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

from foursplit.core.examples import DataShape
from foursplit.layers.standardize import Standardise

N_NUMBERS = 2  # columns before what is known: who and what


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    n_user_inputs: int  # columns of the user, after the two numbers; the rest is the film's
    hidden: tuple[int, ...] = (64, 32)  # units of each tower's hidden layers
    size: int = 16  # of the vectors that meet
    dropout: float = 0.0  # share of hidden units dropped in training

    def __post_init__(self) -> None:
        if self.n_user_inputs < 1:
            raise ValueError(f"n_user_inputs: {self.n_user_inputs} must be at least 1")
        if min(self.size, *self.hidden) < 1:
            raise ValueError(f"hidden, size: {self.hidden}, {self.size} must be at least 1")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout: {self.dropout} must be from 0 to below 1")


class TwoTowers(nn.Module):
    """Stretch and shift the product of the two unit vectors."""

    def __init__(self, args: Args, n_inputs: int) -> None:
        super().__init__()
        self.border = N_NUMBERS + args.n_user_inputs
        self.user_tower = tower(args, args.n_user_inputs)
        self.item_tower = tower(args, n_inputs - self.border)
        self.stretch, self.shift = nn.Parameter(torch.ones(1)), nn.Parameter(torch.zeros(1))

    def forward(self, x: Float[Tensor, "batch n_inputs"]) -> Float[Tensor, "batch 1"]:
        of_user = self.user_vector(x[:, N_NUMBERS : self.border])
        of_item = self.item_vector(x[:, self.border :])
        match = torch.einsum("bs,bs->b", of_user, of_item)[:, None]
        return match * self.stretch + self.shift

    def user_vector(self, known: Float[Tensor, "user known"]) -> Float[Tensor, "user size"]:
        return unit(self.user_tower(known))

    def item_vector(self, known: Float[Tensor, "item known"]) -> Float[Tensor, "item size"]:
        return unit(self.item_tower(known))


def tower(args: Args, n_inputs: int) -> nn.Sequential:
    """Build one side: dense layers with ReLU up to a vector of `size`."""
    layers: list[nn.Module] = [Standardise((n_inputs,))]
    widths = (n_inputs, *args.hidden)
    for n_in, n_out in pairwise(widths):
        layers += [nn.Linear(n_in, n_out), nn.ReLU()]
        layers += [nn.Dropout(args.dropout)] if args.dropout else []
    return nn.Sequential(*layers, nn.Linear(widths[-1], args.size))


def unit(vector: Float[Tensor, "row size"]) -> Float[Tensor, "row size"]:
    """Scale each row to length one; a row of zeros stays."""
    return nn.functional.normalize(vector, dim=1)


def build(args: Args, shape: DataShape) -> nn.Module:
    """Map (batch, input) to (batch, 1), in standard deviations of the target."""
    n_item_inputs = shape.n_inputs - N_NUMBERS - args.n_user_inputs
    if n_item_inputs < 1:
        raise ValueError(
            f"n_user_inputs: {args.n_user_inputs} leaves {n_item_inputs} of {shape.n_inputs} "
            f"inputs for the film, after {N_NUMBERS} numbers; there must be 1 at least"
        )
    return TwoTowers(args, shape.n_inputs)
