"""Matrix factorization as a network: embeddings and biases of users and films.

The first two inputs are user and film ids; the others are not used.  An unknown user or film has no
features and no bias: its prediction is the bias of the other side, if known, or 0 (the mean).

Source: Ng, MLS C3 W2 (collaborative filtering); Koren, Bell and Volinsky (2009), Matrix
factorization techniques for recommender systems, equation 4.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from foursplit.core.examples import DataSpec
from foursplit.layers.seen_ids import MAX_ID, SeenIds


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    n_users: int  # ids from here on are unknown
    n_items: int
    rank: int = 20  # features per user and item

    def __post_init__(self) -> None:
        for name in ("n_users", "n_items"):
            value = getattr(self, name)
            if not 1 <= value <= MAX_ID:
                raise ValueError(f"{name}: {value} must be from 1 to {MAX_ID}: inputs are float32")
        if self.rank < 1:
            raise ValueError(
                f"rank: {self.rank} must be at least 1; use als_matrix_factorization for rank 0"
            )


class Side(nn.Module):
    """Features and biases of users or of items."""

    def __init__(self, n: int, rank: int) -> None:
        super().__init__()
        self.known = SeenIds(n)
        self.features, self.bias = nn.Embedding(n, rank), nn.Embedding(n, 1)
        nn.init.normal_(self.features.weight, std=0.1)  # zeros on both sides have zero gradients
        nn.init.zeros_(self.bias.weight)

    def forward(
        self, numbers: Float[Tensor, " batch"]
    ) -> tuple[Float[Tensor, "batch rank"], Float[Tensor, "batch 1"]]:
        rows, known = self.known(numbers)
        return self.features(rows) * known, self.bias(rows) * known


class MatrixFactorization(nn.Module):
    """Add both biases and the product of the features."""

    def __init__(self, args: Args) -> None:
        super().__init__()
        self.users = Side(args.n_users, args.rank)
        self.items = Side(args.n_items, args.rank)

    def forward(self, x: Float[Tensor, "batch n_inputs"]) -> Float[Tensor, "batch 1"]:
        user_features, user_bias = self.users(x[:, 0])
        item_features, item_bias = self.items(x[:, 1])
        interaction = torch.einsum("bf,bf->b", user_features, item_features)[:, None]
        return user_bias + item_bias + interaction


def build(args: Args, shape: DataSpec) -> nn.Module:
    """Map (batch, input), ids first, to (batch, 1), in standard deviations of the target."""
    if shape.n_inputs < 2:
        raise ValueError(f"inputs: {shape.n_inputs} must be at least 2, the user and item ids")
    return MatrixFactorization(args)
