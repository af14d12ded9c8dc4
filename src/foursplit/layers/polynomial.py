"""Products of inputs up to a degree, so that a linear model can bend.

Source: Ng, MLS C1 W2 (feature engineering and polynomial regression).
"""

from itertools import combinations_with_replacement
from math import comb

import torch
from jaxtyping import Float
from torch import Tensor, nn


class Polynomial(nn.Module):
    """Append every product of 2 to `degree` inputs; degree 1 leaves the inputs as they are."""

    def __init__(self, n_inputs: int, degree: int) -> None:
        super().__init__()
        self.degree = degree
        for power in range(2, degree + 1):
            chosen = torch.tensor(list(combinations_with_replacement(range(n_inputs), power)))
            # A buffer, to follow the network to its device; not stored, as n_inputs implies it.
            self.register_buffer(f"inputs_{power}", chosen, persistent=False)

    def forward(self, x: Float[Tensor, "batch n_inputs"]) -> Float[Tensor, "batch n_terms"]:
        products = [
            x[:, self.get_buffer(f"inputs_{power}")].prod(dim=2)  # (batch, n_terms of this power)
            for power in range(2, self.degree + 1)
        ]
        return torch.cat([x, *products], dim=1)


def count_terms(n_inputs: int, degree: int) -> int:
    """Count the outputs of Polynomial: multisets of 1 to `degree` inputs."""
    return comb(n_inputs + degree, degree) - 1
