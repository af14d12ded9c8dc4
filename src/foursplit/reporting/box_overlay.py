"""Draw boxes over a picture: the true ones, and those that a model found."""

import base64
import json
from collections.abc import Iterable, Sequence

import numpy as np

TRUE, FOUND = "#2fbf71", "#ff9f1c"
"""Colours of the true boxes, dashed, and of those that the model found."""


def overlay_uri(image: str, sides: tuple[int, int], true: np.ndarray, found: str) -> str:
    """Return a picture's data URI with boxes over it, as SVG.

    `image` is the picture's own data URI, `sides` are its rows and columns in pixels, `true` are
    (box, 5) boxes, and `found` is the table's column of (box, 6) boxes, as JSON.
    """
    rows, columns = sides
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {columns} {rows}" '
        f'width="{10 * columns}" height="{10 * rows}">'
        f'<image href="{image}" width="{columns}" height="{rows}" '
        'style="image-rendering:pixelated"/>',
        *_boxes(true.tolist(), TRUE, dashes=True, size=columns / 80),
        *_boxes(json.loads(found), FOUND, dashes=False, size=columns / 80),
        "</svg>",
    ]
    text = "".join(parts).encode()
    return f"data:image/svg+xml;base64,{base64.b64encode(text).decode('ascii')}"


def _boxes(
    boxes: Iterable[Sequence[float]], colour: str, *, dashes: bool, size: float
) -> Iterable[str]:
    """Return a rectangle for each box, and its class: inside above for true ones, else below."""
    dash = f' stroke-dasharray="{3 * size:g} {2 * size:g}"' if dashes else ""
    for left, top, right, bottom, label, *_ in boxes:
        yield (
            f'<rect x="{left:g}" y="{top:g}" width="{right - left:g}" height="{bottom - top:g}" '
            f'fill="none" stroke="{colour}" stroke-width="{size:g}"{dash}/>'
        )
        x, y = (left, top - size) if dashes else (right - 4 * size, bottom + 6 * size)
        yield (
            f'<text x="{x:g}" y="{y:g}" font-size="{7 * size:g}" font-family="sans-serif" '
            f'fill="{colour}">{label:g}</text>'
        )
