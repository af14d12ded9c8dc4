"""Polynomial features, which make a linear model non-linear in its inputs.

Source: Ng, MLS C1 W2 (feature engineering and polynomial regression).
"""

from itertools import combinations_with_replacement
from math import comb

import torch
from jaxtyping import Float
from torch import Tensor, nn


class Polynomial(nn.Module):
    """Append all products of 2 to `degree` inputs; degree 1 is the identity."""

    is_preprocessing = True  # learns nothing

    def __init__(self, n_inputs: int, degree: int) -> None:
        super().__init__()
        self.degree = degree
        for power in range(2, degree + 1):
            chosen = torch.tensor(list(combinations_with_replacement(range(n_inputs), power)))
            # A buffer, to move with the network; not stored, as n_inputs determines it.
            self.register_buffer(f"inputs_{power}", chosen, persistent=False)

    def forward(self, x: Float[Tensor, "batch n_inputs"]) -> Float[Tensor, "batch n_terms"]:
        products = [
            x[:, self.get_buffer(f"inputs_{power}")].prod(dim=2)  # (batch, n_terms of this power)
            for power in range(2, self.degree + 1)
        ]
        return torch.cat([x, *products], dim=1)


def count_terms(n_inputs: int, degree: int) -> int:
    """Return the number of outputs of Polynomial: multisets of 1 to `degree` inputs."""
    return comb(n_inputs + degree, degree) - 1
