"""Plot of attention: how much each token that was read weighs in each token that was written."""

from collections.abc import Iterator, Sequence

import numpy as np
from markupsafe import Markup

from foursplit.reporting.plots.svg import element, joined

CELL = 18  # pixels
LETTER = 8  # pixels, of a letter at 12 px
MIN_SHOWN = 0.01  # a smaller weight is left white
KEY_STEPS = 5
SHOWN_SPACE = "␣"


def attention(weights: np.ndarray, read: Sequence[str], written: Sequence[str]) -> Markup:
    """Plot (written, read) weights: a row for each written token, a column for each one read.

    A cell's colour is the stronger the larger its weight; a row's weights add up to 1.
    """
    left, head = _room(written), _room(read)
    width, height = CELL * len(read), CELL * len(written)
    total = left + width + 2, head + height + CELL + 26
    frame = element("rect", width=width, height=height, class_="frame")
    body = joined([frame, *_cells(weights), *_names(read, written)])
    return element(
        "svg",
        joined(
            [
                element("g", body, transform=f"translate({left} {head})"),
                element("g", joined(_key()), transform=f"translate({left} {head + height + 12})"),
            ]
        ),
        width=max(total[0], left + 150),
        height=total[1],
        role="img",
        aria_label=_label(weights, read, written),
    )


def _room(tokens: Sequence[str]) -> int:
    """Return the pixels that the longest name takes beside the cells."""
    return 10 + LETTER * max((len(token) for token in tokens), default=1)


def _cells(weights: np.ndarray) -> Iterator[Markup]:
    for row, column in np.argwhere(weights >= MIN_SHOWN).tolist():
        yield element(
            "rect",
            x=column * CELL,
            y=row * CELL,
            width=CELL,
            height=CELL,
            class_="weight",
            fill_opacity=f"{weights[row, column]:.2f}",
        )


def _names(read: Sequence[str], written: Sequence[str]) -> Iterator[Markup]:
    for column, token in enumerate(read):
        x = (column + 0.5) * CELL
        if len(token) == 1:
            yield element("text", _shown(token), x=x, y=-5, class_="middle")
        else:
            place = f"translate({x + 4} -5) rotate(-90)"
            yield element("text", _shown(token), transform=place, class_="start")
    for row, token in enumerate(written):
        yield element("text", _shown(token), x=-6, y=(row + 0.5) * CELL + 4, class_="label")


def _key() -> Iterator[Markup]:
    """Draw the scale of the weights from 0 to 1."""
    yield element("text", "weight 0", x=0, y=13, class_="start")
    start = 56
    for step in range(KEY_STEPS):
        share = step / (KEY_STEPS - 1)
        yield element(
            "rect",
            x=start + step * CELL,
            y=0,
            width=CELL,
            height=CELL,
            class_="weight edged",
            fill_opacity=f"{share:g}",
        )
    yield element("text", "1", x=start + KEY_STEPS * CELL + 6, y=13, class_="start")


def _shown(token: str) -> str:
    return SHOWN_SPACE if token == " " else token


def _label(weights: np.ndarray, read: Sequence[str], written: Sequence[str]) -> str:
    """Say for screen readers which token weighs most in each written one."""
    most = weights.argmax(axis=1)
    pairs = [f"{token} from {read[best]}" for token, best in zip(written, most, strict=True)]
    return "Attention, largest weight of each row: " + ", ".join(pairs)
