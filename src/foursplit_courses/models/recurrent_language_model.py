"""A recurrent network that predicts each token of a text from those before it.

Source: Ng, DLS C5 W1 (language model, GRU, LSTM); Mikolov et al. (2010), Recurrent neural network
based language model.
"""

from dataclasses import dataclass
from typing import Literal

from jaxtyping import Float, Int
from torch import Tensor, nn

from foursplit.core.examples import DataSpec
from foursplit.data.texts import START
from foursplit_courses.argument_checks import check_at_least

CELLS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    cell: Literal["rnn", "gru", "lstm"] = "gru"
    embedding_dim: int = 16
    hidden: int = 64
    dropout: float = 0.0  # share of the units before the output layer

    def __post_init__(self) -> None:
        check_at_least(self, embedding_dim=1, hidden=1)
        if self.cell not in CELLS:
            raise ValueError(f"cell: {self.cell!r} must be one of {', '.join(CELLS)}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout: {self.dropout} must be from 0 to below 1")


class RecurrentLanguageModel(nn.Module):
    """Map the tokens of a text to logits of the token at each place, the end's included."""

    def __init__(self, args: Args, n_tokens: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(n_tokens, args.embedding_dim)
        self.recurrent = CELLS[args.cell](args.embedding_dim, args.hidden, batch_first=True)
        self.dropout = nn.Dropout(args.dropout)
        self.head = nn.Linear(args.hidden, n_tokens)
        # Small, so that an untrained network predicts uniformly.
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.zeros_(self.head.bias)

    def forward(
        self, x: Int[Tensor, "batch length"]
    ) -> Float[Tensor, "batch length_plus_1 n_tokens"]:
        """Return the logits at each place; padding at the end changes none before it."""
        before = nn.functional.pad(x, (1, 0), value=START)
        outputs, _ = self.recurrent(self.embedding(before))
        logits: Tensor = self.head(self.dropout(outputs))
        return logits


def build(args: Args, shape: DataSpec) -> nn.Module:
    """Map (batch, length) tokens to (batch, length + 1, token) logits."""
    return RecurrentLanguageModel(args, shape.n_tokens)
