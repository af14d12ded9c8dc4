"""A lesson with a figure of every kind, as its stage writes it."""

import json

import numpy as np

from foursplit.core.lesson_figures import (
    Contour,
    Lesson,
    Lines,
    Picture,
    Regions,
    Section,
    Series,
    Slider,
    Surface,
    Table,
)

X, Y = np.linspace(-2, 2, 21), np.linspace(-1, 1, 11)
HEIGHT = X[None, :] ** 2 + Y[:, None] ** 2
POINTS = Series(name="<b>seen</b>", x=[0.0, 1.0], y=[0.0, 0.5], mark="points")


def lines(*series, **changes):
    named = {"title": "Lines", "x_label": "x", "y_label": "y"}
    return Lines(**named, series=series or (POINTS,), **changes)


def surface(z=HEIGHT, **changes):
    named = {"title": "Surface", "x_label": "a", "y_label": "b", "z_label": "</script>"}
    return Surface(**named, x=X, y=Y, z=z, **changes)


def contour(levels=(1.0,), series=(), z=HEIGHT):
    named = {"title": "Contour", "x_label": "a", "y_label": "b"}
    return Contour(**named, x=X, y=Y, z=z, levels=levels, series=series)


def regions(z, classes=("in", "out"), series=(POINTS,)):
    named = {"title": "Regions", "x_label": "a", "y_label": "b"}
    return Regions(**named, x=X, y=Y, z=z, classes=classes, series=series)


PICTURE = Picture(
    title="Picture", pixels=np.arange(24, dtype=np.uint8).reshape(2, 4, 3), zoom=3, caption="`p`"
)
TABLE = Table(
    title="Table", columns=("name", "n", "value"), rows=(("a", 1000, 0.5), ("b", 2, np.nan))
)
SLIDER = Slider(
    title="Slider", label="degree", values=("1", "2"), figures=(lines(), TABLE), start=1
)
FIGURES = (
    lines(),
    surface(),
    contour(),
    regions((HEIGHT > 1).astype(float)),
    PICTURE,
    TABLE,
    SLIDER,
)
LESSON = Lesson(
    title="All <kinds>",
    lead="What `came` out.",
    sections=(Section(heading="Section", text=("A & b.",), figures=FIGURES),),
    numbers={"error": 0.25, "lost": float("nan")},
    source="Ng, MLS C1 W1",
)


def read(thing, **more):
    """Give what a reader of the file gets."""
    block = thing.as_json() if isinstance(thing, Lesson) else _figure(thing)
    return {**json.loads(json.dumps(block, allow_nan=False)), **more}


def _figure(figure):
    lesson = Lesson(title="", lead="", sections=(Section(heading="", figures=(figure,)),))
    return lesson.as_json()["sections"][0]["figures"][0]
