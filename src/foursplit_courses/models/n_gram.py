"""An n-gram language model that backs off to shorter contexts: interpolated Kneser-Ney smoothing.

Each count is lowered by a discount, and what is taken off goes to the model of the context that is
one token shorter. Shorter models count in how many contexts a token occurs, not how often.

Source: Kneser and Ney (1995), Improved backing-off for m-gram language modeling; Ney, Essen and
Kneser (1994), On structuring probabilistic dependences (the discount); Chen and Goodman (1999), An
empirical study of smoothing techniques for language modeling.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from foursplit.core.arrays import Ragged
from foursplit.core.examples import DataSpec
from foursplit.data import texts
from foursplit_courses.argument_checks import check_at_least

Gram = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    order: int = 5  # tokens of an n-gram, the predicted one included

    def __post_init__(self) -> None:
        check_at_least(self, order=1)


class NGram:
    """Counts of n-grams, and each next token's probability by them."""

    reads_texts = True

    def __init__(self, args: Args, shape: DataSpec) -> None:
        self.order, self.tokenizer = args.order, shape.tokenizer
        self.vocabulary = shape.vocabularies["x"]
        self.counts: Counter[Gram] = Counter()

    def fit(self, x: Ragged, _y: None) -> None:
        """Count the n-grams of all texts."""
        self.counts = Counter(
            gram for ids in self._padded(x) for gram in zip(*self._shifted(ids), strict=False)
        )
        self._derive()

    def predict(self, x: Ragged) -> list[np.ndarray]:
        """Return each text's (step, token) log-probabilities, its end's included."""
        n = self.order - 1
        with np.errstate(divide="ignore"):  # padding and the start never follow
            return [
                np.log(
                    np.stack(
                        [self._probabilities(tuple(ids[i : i + n])) for i in range(len(ids) - n)]
                    )
                )
                for ids in self._padded(x)
            ]

    def arrays(self) -> dict[str, np.ndarray]:
        grams = sorted(self.counts)
        counts = np.array([self.counts[gram] for gram in grams], dtype=np.int64)
        return {"grams": np.array(grams, dtype=np.int32).reshape(-1, self.order), "counts": counts}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        grams = map(tuple, arrays["grams"].tolist())
        self.counts = Counter(dict(zip(grams, arrays["counts"].tolist(), strict=True)))
        self._derive()

    @property
    def n_parameters(self) -> int:
        """Return how many counts are kept."""
        return len(self.counts)

    def _padded(self, x: Ragged) -> list[list[int]]:
        """Return each text's tokens between starts, as many as a context has, and its end."""
        ids = texts.to_ids(x, self.vocabulary, self.tokenizer)
        start = [texts.START] * (self.order - 1)
        return [[*start, *ids.row(number).tolist(), texts.END] for number in range(len(ids))]

    def _shifted(self, ids: list[int]) -> list[list[int]]:
        return [ids[place:] for place in range(self.order)]

    def _derive(self) -> None:
        """Compute from the longest n-grams' counts those of all shorter ones, and discounts."""
        self._following: list[dict[Gram, dict[int, int]]] = [{} for _ in range(self.order)]
        self._discounts, self._known = [0.0] * self.order, dict[Gram, np.ndarray]()
        counts = self.counts
        for length in range(self.order, 0, -1):
            following: dict[Gram, dict[int, int]] = defaultdict(dict)
            for gram, count in counts.items():
                following[gram[:-1]][gram[-1]] = count
            self._following[length - 1] = dict(following)
            self._discounts[length - 1] = _discount(counts)
            counts = _shorter(counts)

    def _probabilities(self, context: Gram) -> np.ndarray:
        """Return the (token,) probabilities after a context."""
        if context in self._known:
            return self._known[context]
        if context:
            found = self._probabilities(context[1:])
        else:
            found = np.full(len(self.vocabulary), 1 / texts.n_outcomes(self.vocabulary))
            found[[texts.PADDING, texts.START]] = 0
        following = self._following[len(context)].get(context)
        if following:
            discount, total = self._discounts[len(context)], sum(following.values())
            tokens, counts = np.array([*following]), np.array([*following.values()])
            found = found * (discount * len(tokens) / total)
            found[tokens] += (counts - discount) / total
        self._known[context] = found
        return found


def _shorter(counts: Counter[Gram]) -> Counter[Gram]:
    """Count each n-gram's end once for each first token it has; at a text's start, each time."""
    found: Counter[Gram] = Counter()
    for gram, count in counts.items():
        at_start = gram[0] == texts.START and gram[1:2] == (texts.START,)
        found[gram[1:]] += count if at_start else 1
    return found


def _discount(counts: Counter[Gram]) -> float:
    """Estimate what to take off each count, from how many n-grams occur once and twice."""
    once, twice = (sum(count == n for count in counts.values()) for n in (1, 2))
    return once / (once + 2 * twice) if once and twice else 0.5


def build(args: Args, shape: DataSpec, _seed: int) -> NGram:
    """Return a model that predicts each token of a text; it has no chance, so no seed."""
    return NGram(args, shape)
