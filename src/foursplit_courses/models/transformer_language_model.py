"""A decoder of Transformer blocks that predicts each token of a text from those before it.

Source: Vaswani et al. (2017), Attention is all you need; Xiong et al. (2020), On layer
normalization in the Transformer architecture (normalization first); Ng, DLS C5 W4.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from foursplit.core.errors import FoursplitError
from foursplit.core.examples import DataSpec
from foursplit.data.texts import START
from foursplit_courses.argument_checks import check_at_least

Hidden = Float[Tensor, "batch step hidden"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    n_layers: int = 2
    n_heads: int = 4
    hidden: int = 32  # numbers of a token between blocks; a block's inner layer has four times more
    dropout: float = 0.0
    max_length: int = 64  # tokens of the longest text that has a position

    def __post_init__(self) -> None:
        check_at_least(self, n_layers=1, n_heads=1, hidden=1, max_length=1)
        if self.hidden % self.n_heads:
            raise ValueError(f"n_heads: {self.n_heads} must divide hidden, {self.hidden}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout: {self.dropout} must be from 0 to below 1")


class CausalSelfAttention(nn.Module):
    """Several heads of scaled dot-product attention; no step looks at a later one."""

    def __init__(self, args: Args) -> None:
        super().__init__()
        self.n_heads = args.n_heads
        self.of_inputs = nn.Linear(args.hidden, 3 * args.hidden)
        self.of_heads = nn.Linear(args.hidden, args.hidden)
        self.dropout = nn.Dropout(args.dropout)

    def forward(self, x: Hidden) -> Hidden:
        batch, steps, hidden = x.shape
        parts = self.of_inputs(x).view(batch, steps, 3, self.n_heads, hidden // self.n_heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4)  # (batch, head, step, size) each
        scores = q @ k.mT / (hidden // self.n_heads) ** 0.5
        later = torch.ones(steps, steps, dtype=torch.bool, device=x.device).triu(1)
        weights = self.dropout(scores.masked_fill(later, -torch.inf).softmax(dim=-1))
        joined = (weights @ v).transpose(1, 2).reshape(batch, steps, hidden)
        outputs: Tensor = self.of_heads(joined)
        return outputs


class Block(nn.Module):
    """Attention and a layer for each step by itself, each added to what it reads."""

    def __init__(self, args: Args) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(args.hidden) for _ in range(2))
        self.attention = CausalSelfAttention(args)
        self.by_step = nn.Sequential(
            nn.Linear(args.hidden, 4 * args.hidden),
            nn.GELU(),
            nn.Linear(4 * args.hidden, args.hidden),
        )
        self.dropout = nn.Dropout(args.dropout)

    def forward(self, x: Hidden) -> Hidden:
        x = x + self.dropout(self.attention(self.norms[0](x)))
        outputs: Tensor = x + self.dropout(self.by_step(self.norms[1](x)))
        return outputs


class TransformerLanguageModel(nn.Module):
    """Map the tokens of a text to logits of the token at each place, the end's included."""

    def __init__(self, args: Args, n_tokens: int) -> None:
        super().__init__()
        self.max_length = args.max_length
        self.embedding = nn.Embedding(n_tokens, args.hidden)
        self.positions = nn.Parameter(0.02 * torch.randn(args.max_length + 1, args.hidden))
        self.dropout = nn.Dropout(args.dropout)
        self.blocks = nn.Sequential(*(Block(args) for _ in range(args.n_layers)))
        self.norm = nn.LayerNorm(args.hidden)
        self.head = nn.Linear(args.hidden, n_tokens)
        # Small, so that an untrained network predicts uniformly.
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.zeros_(self.head.bias)

    def forward(
        self, x: Int[Tensor, "batch length"]
    ) -> Float[Tensor, "batch length_plus_1 n_tokens"]:
        """Return the logits at each place; padding at the end changes none before it."""
        if x.shape[1] > self.max_length:
            raise FoursplitError(
                f"transformer_language_model: a text of {x.shape[1]} tokens is longer than "
                f"max_length, {self.max_length}: set model_args.max_length"
            )
        before = nn.functional.pad(x, (1, 0), value=START)
        hidden = self.dropout(self.embedding(before) + self.positions[: before.shape[1]])
        logits: Tensor = self.head(self.norm(self.blocks(hidden)))
        return logits


def build(args: Args, shape: DataSpec) -> nn.Module:
    """Map (batch, length) tokens to (batch, length + 1, token) logits."""
    return TransformerLanguageModel(args, shape.n_tokens)
