"""A photo in few colours: what a palette found by k-means saves, and what it costs."""

from dataclasses import dataclass
from importlib.util import find_spec
from math import ceil, log2
from pathlib import Path

import numpy as np

from foursplit.core.lesson_figures import Lesson, Lines, Picture, Section, Series, Slider, Table
from foursplit.core.seeds import generator
from foursplit_courses.from_scratch import kmeans

BITS = 24  # of a colour: three bytes
STEPS = 25  # at most: later ones change what nobody sees


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    n_colors: tuple[int, ...]  # sizes of the palettes
    side: int  # pixels of the square photo

    def __post_init__(self) -> None:
        if not self.n_colors or min(self.n_colors) < 2:
            raise ValueError(f"n_colors: {self.n_colors} must each be at least 2")
        if not 8 <= self.side <= 427:
            raise ValueError(f"side: {self.side} must be from 8 to 427, the photo's height")


@dataclass(frozen=True, slots=True, kw_only=True)
class Compressed:
    """The photo under one palette."""

    n_colors: int
    pixels: np.ndarray  # (row, column, 3) bytes
    bits: int
    unexplained: float  # of the variance not explained
    decibels: float  # peak signal to noise


def run(args: Args) -> Lesson:
    """Compress the bundled photo of a flower with palettes of several sizes."""
    photo = flower(args.side)
    results = [compress(photo, k, generator("study image_compression", k)) for k in args.n_colors]
    before = bits_before(photo)
    largest = results[-1]
    return Lesson(
        title="Compressing a photo by its colours",
        lead=(
            f"A photo of {args.side} by {args.side} pixels takes {before:,} bits; with "
            f"{largest.n_colors} colours {largest.bits:,}, a factor of "
            f"{before / largest.bits:.1f}, and "
            f"{1 - largest.unexplained:.1%} of its colours' variance is kept."
        ),
        sections=(_pictures(photo, results), _price(before, results)),
        numbers={
            "bits_before": float(before),
            **{f"bits_{result.n_colors}": float(result.bits) for result in results},
            **{f"unexplained_{result.n_colors}": result.unexplained for result in results},
        },
        source="Ng, MLS C3 W1 (image compression); Gersho and Gray (1992), vector quantisation",
    )


def flower(side: int) -> np.ndarray:
    """Give the middle of scikit-learn's flower as (row, column, 3) bytes, averaged down."""
    from PIL import Image

    # Found, not imported: importing scikit-learn takes longer than all the palettes.
    spec = find_spec("sklearn")
    assert spec is not None
    assert spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0])
    photo = Image.open(folder / "datasets" / "images" / "flower.jpg").convert("RGB")
    edge = (photo.width - photo.height) // 2
    square = photo.crop((edge, 0, edge + photo.height, photo.height))
    return np.asarray(square.resize((side, side), Image.Resampling.BOX))


def compress(photo: np.ndarray, n_colors: int, rng: np.random.Generator) -> Compressed:
    """Replace each pixel of (row, column, 3) bytes by the nearest of `n_colours` found in it."""
    x = photo.reshape(-1, 3).astype(np.float64)
    results = kmeans.fit(x, n_colors, rng=rng, n_init=1, max_iter=STEPS)
    palette = results.centroids.round().astype(np.uint8)  # what is stored
    after = palette[results.labels]
    squared = (after.astype(np.float64) - x) ** 2
    return Compressed(
        n_colors=n_colors,
        pixels=after.reshape(photo.shape),
        bits=bits_after(photo, n_colors),
        unexplained=float(squared.sum() / ((x - x.mean(axis=0)) ** 2).sum()),
        decibels=float(10 * np.log10(255**2 / squared.mean())) if squared.any() else float("inf"),
    )


def bits_before(photo: np.ndarray) -> int:
    """Count three bytes a pixel."""
    return photo.shape[0] * photo.shape[1] * BITS


def bits_after(photo: np.ndarray, n_colors: int) -> int:
    """Count the palette, and a number of a colour a pixel."""
    return n_colors * BITS + photo.shape[0] * photo.shape[1] * ceil(log2(n_colors))


def _pictures(photo: np.ndarray, results: list[Compressed]) -> Section:
    pictures = [
        Picture(title=f"{result.n_colors} colours", pixels=result.pixels, zoom=3)
        for result in results
    ]
    slider = Slider(
        title="The photo under each palette",
        label="colours",
        values=(*(str(result.n_colors) for result in results), "all"),
        figures=(*pictures, Picture(title="As it was", pixels=photo, zoom=3)),
        start=len(results) // 2,
    )
    return Section(
        heading="Fewer colours",
        text=(
            "Every pixel is an example of three inputs. Its cluster's centroid stands in for it, "
            "so the picture is stored as a palette and, for each pixel, a number in it.",
        ),
        figures=(slider,),
    )


def _price(before: int, results: list[Compressed]) -> Section:
    table = Table(
        title="What it saves and what it costs",
        columns=("colours", "bits", "factor", "variance lost", "signal to noise"),
        rows=tuple(
            (
                result.n_colors,
                f"{result.bits:,}",
                f"{before / result.bits:.2f}",
                f"{result.unexplained:.2%}",
                f"{result.decibels:.1f} dB",
            )
            for result in results
        ),
        caption=f"Before: {before:,} bits, 8 for each of three channels of a pixel.",
    )
    figure = Lines(
        title="Each bit a pixel doubles the palette",
        x_label="bits",
        y_label="share of the variance lost",
        series=(
            Series(
                name="palettes",
                x=[result.bits for result in results],
                y=[result.unexplained for result in results],
            ),
        ),
        log_y=True,
    )
    return Section(
        heading="Bits against colours",
        text=(
            "The palette itself costs next to nothing; the numbers cost one bit a pixel for each "
            "doubling. Neighbours' likeness is not used at all, which is what other formats live "
            "on: this is a lesson in clusters, not a way to store photos.",
        ),
        figures=(table, figure),
    )
