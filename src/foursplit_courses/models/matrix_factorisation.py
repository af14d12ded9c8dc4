"""Collaborative filtering as a network: features and a bias of each user and each film, learnt.

The first two inputs are the numbers of user and film; the others are left to other models.  A
stranger has no features and no bias: what remains is the other side's bias, or the mean.

Source: Ng, MLS C3 W2 (collaborative filtering); Koren, Bell and Volinsky (2009), Matrix
factorization techniques for recommender systems, equation 4.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from foursplit.core.examples import DataShape
from foursplit.layers.seen_ids import MOST, Known


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    n_users: int  # numbers from this on are strangers
    n_items: int
    rank: int = 20  # features of each

    def __post_init__(self) -> None:
        for name in ("n_users", "n_items"):
            value = getattr(self, name)
            if not 1 <= value <= MOST:
                raise ValueError(f"{name}: {value} must be from 1 to {MOST}: inputs are float32")
        if self.rank < 1:
            raise ValueError(f"rank: {self.rank} must be at least 1; biases alone: rating_factors")


class Side(nn.Module):
    """Users, or films: each known one has features and a bias."""

    def __init__(self, n: int, rank: int) -> None:
        super().__init__()
        self.known = Known(n)
        self.features, self.bias = nn.Embedding(n, rank), nn.Embedding(n, 1)
        nn.init.normal_(self.features.weight, std=0.1)  # not zero, where both sides would stay
        nn.init.zeros_(self.bias.weight)

    def forward(
        self, numbers: Float[Tensor, " batch"]
    ) -> tuple[Float[Tensor, "batch rank"], Float[Tensor, "batch 1"]]:
        rows, known = self.known(numbers)
        return self.features(rows) * known, self.bias(rows) * known


class MatrixFactorisation(nn.Module):
    """Add both biases to the product of the features."""

    def __init__(self, args: Args) -> None:
        super().__init__()
        self.users = Side(args.n_users, args.rank)
        self.items = Side(args.n_items, args.rank)

    def forward(self, x: Float[Tensor, "batch n_inputs"]) -> Float[Tensor, "batch 1"]:
        of_user, user_bias = self.users(x[:, 0])
        of_item, item_bias = self.items(x[:, 1])
        match = torch.einsum("bf,bf->b", of_user, of_item)[:, None]
        return user_bias + item_bias + match


def build(args: Args, shape: DataShape) -> nn.Module:
    """Map (batch, input), numbers first, to (batch, 1), in standard deviations of the target."""
    if shape.n_inputs < 2:
        raise ValueError(f"inputs: {shape.n_inputs} must be 2 at least, the numbers of both sides")
    return MatrixFactorisation(args)
