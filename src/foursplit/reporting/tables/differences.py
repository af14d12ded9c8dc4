"""Where an answer in text differs from the truth, token by token."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal


@dataclass(frozen=True, slots=True)
class Part:
    """A run of tokens: in both texts, in the truth alone (missing) or in the answer alone."""

    kind: Literal["same", "missing", "extra"]
    text: str


def differences(true: Sequence[str], answer: Sequence[str], joint: str) -> tuple[Part, ...]:
    """Return the parts of both texts in reading order; what was replaced is missing, then extra.

    `joint` stands between tokens: a space between words, nothing between characters.
    """
    parts: list[Part] = []
    matcher = SequenceMatcher(None, true, answer, autojunk=False)
    for kind, start, end, start_hat, end_hat in matcher.get_opcodes():
        if kind == "equal":
            parts.append(Part("same", joint.join(true[start:end])))
            continue
        if end > start:
            parts.append(Part("missing", joint.join(true[start:end])))
        if end_hat > start_hat:
            parts.append(Part("extra", joint.join(answer[start_hat:end_hat])))
    return tuple(parts)
