"""Content-based filtering: one network for the features of the user, one for those of the film.

Both end in a vector of length one; the rating is their product, scaled and shifted.  The vector of
a film does not depend on the user, so it can be precomputed and used to find similar films.  The
first two inputs are user and film ids, which the towers do not use: they also work for new users
and films with known features.

Source: Ng, MLS C3 W2 (content-based filtering).  The course scales ratings to -1 … 1, which is all
the range of a product of unit vectors; here the scale is learnt.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

from foursplit.core.examples import DataSpec
from foursplit.layers.standardize import Standardize
from foursplit_courses.argument_checks import check_at_least

N_IDS = 2  # columns before the features: user and item


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    n_user_inputs: int  # columns of the user, after the two ids; the rest are the film's
    hidden: tuple[int, ...] = (64, 32)  # units of each tower's hidden layers
    embedding_dim: int = 16
    dropout: float = 0.0  # fraction of hidden units dropped in training

    def __post_init__(self) -> None:
        check_at_least(self, n_user_inputs=1)
        if min(self.embedding_dim, *self.hidden) < 1:
            raise ValueError(
                f"hidden, embedding_dim: {self.hidden}, {self.embedding_dim} must be at least 1"
            )
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout: {self.dropout} must be from 0 to below 1")


class TwoTowers(nn.Module):
    """Scale and shift the product of the two unit vectors."""

    def __init__(self, args: Args, n_inputs: int) -> None:
        super().__init__()
        self.split_column = N_IDS + args.n_user_inputs
        self.user_tower = tower(args, args.n_user_inputs)
        self.item_tower = tower(args, n_inputs - self.split_column)
        self.stretch, self.shift = nn.Parameter(torch.ones(1)), nn.Parameter(torch.zeros(1))

    def forward(self, x: Float[Tensor, "batch n_inputs"]) -> Float[Tensor, "batch 1"]:
        of_user = self.user_vector(x[:, N_IDS : self.split_column])
        of_item = self.item_vector(x[:, self.split_column :])
        match = torch.einsum("bs,bs->b", of_user, of_item)[:, None]
        return match * self.stretch + self.shift

    def user_vector(self, features: Float[Tensor, "user n_features"]) -> Float[Tensor, "user size"]:
        return normalize(self.user_tower(features))

    def item_vector(self, features: Float[Tensor, "item n_features"]) -> Float[Tensor, "item size"]:
        return normalize(self.item_tower(features))


def tower(args: Args, n_inputs: int) -> nn.Sequential:
    """Build one side: dense layers with ReLU, and a last layer of `embedding_dim` units."""
    layers: list[nn.Module] = [Standardize((n_inputs,))]
    widths = (n_inputs, *args.hidden)
    for n_in, n_out in pairwise(widths):
        layers += [nn.Linear(n_in, n_out), nn.ReLU()]
        layers += [nn.Dropout(args.dropout)] if args.dropout else []
    return nn.Sequential(*layers, nn.Linear(widths[-1], args.embedding_dim))


def normalize(vector: Float[Tensor, "row size"]) -> Float[Tensor, "row size"]:
    """Normalize each row to length one; zero rows stay zero."""
    return nn.functional.normalize(vector, dim=1)


def build(args: Args, shape: DataSpec) -> nn.Module:
    """Map (batch, input) to (batch, 1), in standard deviations of the target."""
    n_item_inputs = shape.n_inputs - N_IDS - args.n_user_inputs
    if n_item_inputs < 1:
        raise ValueError(
            f"n_user_inputs: {args.n_user_inputs} leaves {n_item_inputs} of {shape.n_inputs} "
            f"inputs for the film, after {N_IDS} ids; at least 1 is needed"
        )
    return TwoTowers(args, shape.n_inputs)
