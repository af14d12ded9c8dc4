"""Texts as arrays: stored as UTF-8, given to a model as the numbers of their tokens."""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from foursplit.core.arrays import Ragged

PADDING, UNKNOWN, START, END = range(4)
"""Tokens that every vocabulary begins with."""

SPECIAL = ("<pad>", "<unk>", "<s>", "</s>")

MIN_WORD_COUNT = 2  # in train: what occurs once says nothing of dev


def from_texts(texts: Iterable[str]) -> Ragged:
    """Return texts as their bytes in UTF-8."""
    return Ragged.of([np.frombuffer(text.encode(), np.uint8) for text in texts])


def to_texts(stored: Ragged) -> list[str]:
    """Return the texts that `from_texts` was given."""
    return [stored.row(number).tobytes().decode() for number in range(len(stored))]


def tokens_of(text: str, tokenizer: str) -> Sequence[str]:
    """Divide a text into characters, or into words at white space."""
    return text.split() if tokenizer == "words" else text


def vocabulary(texts: Iterable[str], tokenizer: str) -> tuple[str, ...]:
    """Return the tokens of `texts`, which are train's, by their numbers: `SPECIAL` come first.

    Characters in the order of their code points; words that occur at least twice, the most frequent
    first.
    """
    counts = Counter(token for text in texts for token in tokens_of(text, tokenizer))
    if tokenizer == "words":
        frequent = [word for word, count in counts.items() if count >= MIN_WORD_COUNT]
        return (*SPECIAL, *sorted(frequent, key=lambda word: (-counts[word], word)))
    return (*SPECIAL, *sorted(counts))


def n_outcomes(vocabulary: Sequence[str]) -> int:
    """Count what may stand at a place of a text: all but padding and `START`."""
    return len(vocabulary) - 2


def token_shares(texts: Iterable[str], vocabulary: Sequence[str], tokenizer: str) -> list[float]:
    """Return the share of each token of a vocabulary in `texts`, with a `END` for each text.

    Every outcome is counted once more than it occurs, so that none is impossible (Laplace).
    """
    counts = Counter(dict.fromkeys(vocabulary, 1))
    counts[vocabulary[PADDING]] = counts[vocabulary[START]] = 0
    for text in texts:
        counts.update(tokens_of(text, tokenizer))
        counts[vocabulary[END]] += 1
    total = sum(counts[token] for token in vocabulary)
    return [counts[token] / total for token in vocabulary]


def to_ids(stored: Ragged, tokens: Sequence[str], tokenizer: str) -> Ragged:
    """Return each text's token numbers, int32; a token that train lacks is `UNKNOWN`."""
    number = {token: position for position, token in enumerate(tokens)}
    rows = [
        np.array([number.get(token, UNKNOWN) for token in tokens_of(text, tokenizer)], np.int32)
        for text in to_texts(stored)
    ]
    return Ragged.of(rows)


def from_ids(ids: np.ndarray, tokens: Sequence[str], tokenizer: str) -> str:
    """Return the text of token numbers, up to the first `END`; padding and `START` are left out."""
    ends = np.flatnonzero(ids == END)
    body = ids[: ends[0]] if len(ends) else ids
    words = [tokens[number] for number in body.tolist() if number not in (PADDING, START)]
    return (" " if tokenizer == "words" else "").join(words)
