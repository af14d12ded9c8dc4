"""Numbers of users, films or words: which of them train has, and which are strangers."""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

MOST = 2**24
"""Numbers from here on are not all exact in single precision, in which inputs come."""


class Known(nn.Module):
    """Turn whole numbers into rows of an embedding, with 1 where train has the number, else 0.

    A row that was never trained holds what it began with: what it would say must count as nothing.
    """

    seen: Tensor

    def __init__(self, n: int) -> None:
        super().__init__()
        self.register_buffer("seen", torch.zeros(n))
        self.learning = False

    def forward(
        self, numbers: Float[Tensor, " batch"]
    ) -> tuple[Int[Tensor, " batch"], Float[Tensor, "batch 1"]]:
        whole = numbers.round().long()
        inside = (whole >= 0) & (whole < len(self.seen))
        rows = torch.where(inside, whole, torch.zeros_like(whole))
        if self.learning:
            self.seen.zero_()
            self.seen[rows[inside]] = 1.0
        return rows, (inside * self.seen[rows])[:, None]
