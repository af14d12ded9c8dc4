"""Figures as numbers: what a lesson page shows, drawn by the report and as pictures for MLflow.

Arrays may be lists or NumPy's; `as_json` gives plain lists, rounded to what a drawing can show.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal

import numpy as np

Numbers = Sequence[float] | np.ndarray
Grid = Sequence[Sequence[float]] | np.ndarray

DIGITS = 6  # significant ones in the file: more cannot be seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Points (x, y) that belong together; `name` goes into the legend."""

    name: str
    x: Numbers
    y: Numbers
    mark: Literal["line", "dashed", "points", "crosses", "bars"] = "line"
    group: int | None = None  # number of its colour; by place where None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Curves and points over one pair of axes."""

    title: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    log_x: bool = False
    log_y: bool = False
    x_range: tuple[float, float] | None = None  # None: what the points need
    y_range: tuple[float, float] | None = None
    caption: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """A height over a grid, to be rotated; `z[row][column]` is at (x[column], y[row])."""

    title: str
    x_label: str
    y_label: str
    z_label: str
    x: Numbers
    y: Numbers
    z: Grid
    path: tuple[tuple[float, float, float], ...] = ()  # (x, y, z), such as steps of a descent
    log_z: bool = False
    caption: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contour:
    """The same from above, as lines of equal height, with points and paths on it."""

    title: str
    x_label: str
    y_label: str
    x: Numbers
    y: Numbers
    z: Grid
    levels: Numbers
    series: tuple[Series, ...] = ()
    caption: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Regions:
    """What a classifier answers over a plane; `z[row][column]`: class number or probability."""

    title: str
    x_label: str
    y_label: str
    x: Numbers
    y: Numbers
    z: Grid
    classes: tuple[str, ...]  # of two, z may be the probability of the second
    series: tuple[Series, ...] = ()  # the examples, a series a class
    caption: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFit:
    """A line w x + b that the reader moves over its examples, and as a point on its cost.

    `z[row][column]` is the cost, half the mean squared error, at (w[column], b[row]).
    """

    title: str
    x_label: str
    y_label: str
    x: Numbers
    y: Numbers
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    w: Numbers
    b: Numbers
    z: Grid
    levels: Numbers
    start: tuple[float, float]  # w and b
    caption: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Playground:
    """Small networks on a plane, trained beforehand for every combination of choices.

    `weights` are little-endian float32 in base64: of each combination (data, layers, activation and
    `others`, the last one fastest), of each of `steps`, layer by layer: matrix (unit, input) row by
    row, then biases. The last layer is one logit.
    """

    title: str
    data: tuple[str, ...]
    points: tuple[Grid, ...]  # of each data set: (point, 3), x, y and class 0 or 1
    layers: tuple[tuple[int, ...], ...]  # units of the hidden layers, to choose from
    activations: tuple[Literal["relu", "tanh", "sigmoid"], ...]
    others: tuple[tuple[str, tuple[str, ...]], ...]  # name and values of further choices
    steps: tuple[int, ...]
    half_width: float  # of the plane, whose middle is zero
    weights: str
    start: tuple[int, ...]  # a value of each choice
    caption: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPoints:
    """Examples to which the reader adds own ones, and a model of all that the page fits again.

    `logistic` answers the class `label` at (x, y), `linear` the quantity y at x; inputs are all
    products up to the degree, as z-scores.
    """

    title: str
    x_label: str
    y_label: str
    model: Literal["linear", "logistic"]
    x: Numbers
    y: Numbers
    label: Sequence[int]  # 0 or 1; all 0 of a quantity
    classes: tuple[str, ...]  # names of the labels
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    degree: int  # at first
    max_degree: int
    l2: float  # at first: the course's lambda, above 0
    caption: str = ""

    def __post_init__(self) -> None:
        assert 1 <= self.degree <= self.max_degree, (self.degree, self.max_degree)
        assert self.l2 > 0, self.l2


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """A craft's way over the ground, drawn as it happens; a value a step."""

    title: str
    x: Numbers
    y: Numbers
    angle: Numbers  # radians, to the left of upright
    engine: Sequence[int]  # that fires: 0 none, 1 left, 2 main, 3 right
    ground_x: Numbers
    ground_y: Numbers
    pad_x: tuple[float, float]  # its flags
    pad_y: float
    x_range: tuple[float, float]
    y_range: tuple[float, float]
    steps_a_second: float = 50.0
    caption: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphNode:
    """A number on a graph: its place, the step that computes it, its value and derivative."""

    name: str
    operation: str  # none for an input
    column: int
    row: int
    value: float
    derivative: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """A computation graph, drawn from left to right; `edges` are (from, to) by name."""

    title: str
    nodes: tuple[GraphNode, ...]
    edges: tuple[tuple[str, str], ...]
    caption: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture of (row, column, 3) bytes."""

    title: str
    pixels: np.ndarray
    zoom: int = 1  # size of a pixel on the page
    caption: str = ""

    def __post_init__(self) -> None:
        assert self.pixels.dtype == np.uint8, self.pixels.dtype
        assert self.pixels.shape[2:] == (3,), self.pixels.shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of text and numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | int, ...], ...]
    caption: str = ""


Plain = (
    Lines
    | Surface
    | Contour
    | Regions
    | LineFit
    | OwnPoints
    | Flight
    | Graph
    | Picture
    | Table
    | Playground
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slider:
    """One of several figures, chosen by a slider: a degree, a penalty, a step."""

    title: str
    label: str  # of what the slider moves
    values: tuple[str, ...]
    figures: tuple[Plain, ...]
    start: int = 0
    caption: str = ""

    def __post_init__(self) -> None:
        assert len(self.values) == len(self.figures) > 0, (len(self.values), len(self.figures))
        assert 0 <= self.start < len(self.values), self.start


Figure = Plain | Slider


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading with paragraphs, then figures."""

    heading: str
    text: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What one lesson shows, worked through on numbers: a page of the report."""

    title: str
    lead: str  # one or two sentences: what is shown, and what came out
    sections: tuple[Section, ...]
    numbers: dict[str, float] = field(default_factory=dict)  # measured; metrics in MLflow
    source: str = ""  # paper, course and week

    def as_json(self) -> dict[str, Any]:
        content: dict[str, Any] = _plain(self)
        return content


def pixels(content: Mapping[str, Any]) -> np.ndarray:
    """Read the (row, column, 3) bytes of a picture from what `as_json` made of it."""
    data = np.frombuffer(base64.b64decode(content["bytes"]), dtype=np.uint8)
    return data.reshape(content["shape"])


def _plain(value: Any) -> Any:
    """Turn dataclasses into blocks with their `kind`, and arrays into rounded lists."""
    if isinstance(value, Picture):
        shape = list(value.pixels.shape)
        data = base64.b64encode(np.ascontiguousarray(value.pixels).tobytes()).decode("ascii")
        rest = {"title": value.title, "zoom": value.zoom, "caption": value.caption}
        return {"kind": "picture", **rest, "shape": shape, "bytes": data}
    if hasattr(value, "__dataclass_fields__"):
        block = {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
        return {"kind": type(value).__name__.lower(), **block}
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, bool | int | str) or value is None:
        return value
    return _rounded(float(value))


def _rounded(number: float) -> float | None:
    """Return the digits that can be seen; what is no number is nothing."""
    return float(f"{number:.{DIGITS}g}") if np.isfinite(number) else None
