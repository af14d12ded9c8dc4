"""A bidirectional LSTM that reads a sequence, and an LSTM that writes another, with attention.

Source: Ng, DLS C5 W3 (encoder-decoder, additive attention, date translation); Sutskever, Vinyals
and Le (2014), Sequence to sequence learning with neural networks; Bahdanau, Cho and Bengio (2015),
Neural machine translation by jointly learning to align and translate, appendix A.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from foursplit.core.examples import DataSpec
from foursplit.data.texts import END, PADDING, START

ANSWER = "answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    embedding_dim: int = 16
    encoder_hidden: int = 32  # units of each direction
    decoder_hidden: int = 64
    attention: bool = True  # false: the decoder sees the last state alone

    def __post_init__(self) -> None:
        for name in ("embedding_dim", "encoder_hidden", "decoder_hidden"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: {getattr(self, name)} must be at least 1")


class AdditiveAttention(nn.Module):
    """Weigh the encoder's outputs by how well each fits the decoder's state."""

    def __init__(self, encoded: int, state: int) -> None:
        super().__init__()
        self.of_encoded = nn.Linear(encoded, state)
        self.of_state = nn.Linear(state, state, bias=False)
        self.score = nn.Linear(state, 1, bias=False)

    def forward(
        self,
        encoded: Float[Tensor, "batch length encoded"],
        keys: Float[Tensor, "batch length state"],
        state: Float[Tensor, "batch state"],
        is_padding: Tensor,
    ) -> tuple[Float[Tensor, "batch encoded"], Float[Tensor, "batch length"]]:
        """Return the weighted sum of `encoded`, and the weights; `keys` is `of_encoded` of it."""
        scores = self.score(torch.tanh(keys + self.of_state(state)[:, None]))[:, :, 0]
        weights = scores.masked_fill(is_padding, -torch.inf).softmax(dim=1)
        return torch.einsum("bl,ble->be", weights, encoded), weights


class EncoderDecoder(nn.Module):
    """Map the tokens of a text to those of its answer."""

    def __init__(self, args: Args, n_tokens: int, n_answer_tokens: int, max_length: int) -> None:
        super().__init__()
        self.max_length = max_length  # of an answer, with its end
        encoded = 2 * args.encoder_hidden
        self.embedding = nn.Embedding(n_tokens, args.embedding_dim, padding_idx=PADDING)
        self.encoder = nn.LSTM(
            args.embedding_dim, args.encoder_hidden, batch_first=True, bidirectional=True
        )
        self.answer_embedding = nn.Embedding(n_answer_tokens, args.embedding_dim)
        self.decoder = nn.LSTMCell(args.embedding_dim + encoded, args.decoder_hidden)
        self.start = nn.Linear(encoded, args.decoder_hidden)
        self.attention = AdditiveAttention(encoded, args.decoder_hidden) if args.attention else None
        self.head = nn.Linear(args.decoder_hidden, n_answer_tokens)
        # Small, so that an untrained network predicts uniformly.
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.zeros_(self.head.bias)

    def forward(
        self,
        x: Int[Tensor, "batch length"],
        x_length: Int[Tensor, " batch"],
        answer_in: Int[Tensor, "batch steps"],
    ) -> Float[Tensor, "batch steps n_tokens"]:
        """Return the logits of each next token, given the answer's tokens before it."""
        memory = self._read(x, x_length)
        state, logits = self._first(memory), []
        for step in range(answer_in.shape[1]):
            state = self._step(answer_in[:, step], state, self._context(state, memory)[0])
            logits.append(self.head(state[0]))
        return torch.stack(logits, dim=1)

    def predict(self, batch: dict[str, Tensor]) -> Int[Tensor, "batch steps"]:
        """Return the most likely token of each step, given those predicted before it."""
        return self._answer(batch)[0]

    def explain(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return the weight of each token that was read for each step of `predict`."""
        if self.attention is None:
            return {}
        return {"attention": torch.stack(self._answer(batch)[1], dim=1)}

    def _answer(
        self, batch: dict[str, Tensor]
    ) -> tuple[Int[Tensor, "batch steps"], list[Float[Tensor, "batch length"]]]:
        """Return each step's token, and each step's attention where there is any."""
        memory = self._read(batch["x"], batch["x_length"])
        state = self._first(memory)
        token = torch.full_like(batch["x_length"], START)
        over, tokens, attended = token == END, [], []
        for _ in range(self.max_length):
            context, weights = self._context(state, memory)
            state = self._step(token, state, context)
            token = self.head(state[0]).argmax(dim=1).masked_fill(over, PADDING)
            over = over | (token == END)
            tokens.append(token)
            if weights is not None:
                attended.append(weights)
        return torch.stack(tokens, dim=1), attended

    def _read(self, x: Tensor, x_length: Tensor) -> tuple[Tensor, Tensor | None, Tensor, Tensor]:
        """Return the encoder's outputs, attention's keys, the padding, and the last outputs."""
        lengths = x_length.clamp(min=1)
        packed = pack_padded_sequence(
            self.embedding(x), lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        outputs, (last, _) = self.encoder(packed)
        encoded, _ = pad_packed_sequence(outputs, batch_first=True, total_length=x.shape[1])
        is_padding = torch.arange(x.shape[1], device=x.device) >= lengths[:, None]
        keys = None if self.attention is None else self.attention.of_encoded(encoded)
        return encoded, keys, is_padding, torch.cat([last[0], last[1]], dim=1)

    def _first(self, memory: tuple[Tensor, Tensor | None, Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        hidden = torch.tanh(self.start(memory[3]))
        return hidden, torch.zeros_like(hidden)

    def _context(
        self,
        state: tuple[Tensor, Tensor],
        memory: tuple[Tensor, Tensor | None, Tensor, Tensor],
    ) -> tuple[Tensor, Tensor | None]:
        """Return what the decoder sees of the text, and the weights of its tokens."""
        encoded, keys, is_padding, last = memory
        if self.attention is None or keys is None:
            return last, None
        found: tuple[Tensor, Tensor] = self.attention(encoded, keys, state[0], is_padding)
        return found

    def _step(
        self, token: Tensor, state: tuple[Tensor, Tensor], context: Tensor
    ) -> tuple[Tensor, Tensor]:
        hidden, cell = self.decoder(torch.cat([self.answer_embedding(token), context], 1), state)
        return hidden, cell


def build(args: Args, shape: DataSpec) -> nn.Module:
    """Map a batch of texts and their answers' tokens to logits of the next tokens."""
    return EncoderDecoder(
        args, shape.n_tokens, len(shape.vocabularies[ANSWER]), shape.max_lengths[ANSWER] + 1
    )
