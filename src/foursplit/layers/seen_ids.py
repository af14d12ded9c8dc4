"""Which ids of users, films or words occur in train, and which are unknown."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

MAX_ID = 2**24
"""Ids from here on are not exact in float32, the type of inputs."""


class SeenIds(nn.Module):
    """Map ids to rows of an embedding, and to a mask: 1 if the id occurs in train, else 0.

    A row that was never trained holds its random initial values, which the mask must zero.
    """

    seen: Tensor

    def __init__(self, n: int) -> None:
        super().__init__()
        self.register_buffer("seen", torch.zeros(n))
        self.adapting, self.is_fitted = False, False  # fitted: measured where the weights are from
        self.n_adapted = 0  # examples seen since `adapting` was set

    def forward(
        self, numbers: Float[Tensor, " batch"]
    ) -> tuple[Int[Tensor, " batch"], Float[Tensor, "batch 1"]]:
        whole = numbers.round().long()
        inside = (whole >= 0) & (whole < len(self.seen))
        rows = torch.where(inside, whole, torch.zeros_like(whole))
        if self.adapting:
            if not self.n_adapted:
                self.seen.zero_()
            self.seen[rows[inside]] = 1.0
            self.n_adapted += len(numbers)
        return rows, (inside * self.seen[rows])[:, None]
