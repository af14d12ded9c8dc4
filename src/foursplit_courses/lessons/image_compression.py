"""A photo in few colours: what a palette found by k-means saves, and what it costs."""

from dataclasses import dataclass
from importlib.util import find_spec
from math import ceil, log2
from pathlib import Path

import numpy as np

from foursplit.core.lesson_figures import Lines, Picture, Section, Series, Slider, Study, Table
from foursplit.core.seeds import generator
from foursplit_courses.from_scratch import kmeans

BITS = 24  # of a colour: three bytes
STEPS = 25  # at most: later ones change what nobody sees


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    colours: tuple[int, ...]  # sizes of the palettes
    side: int  # pixels of the square photo

    def __post_init__(self) -> None:
        if not self.colours or min(self.colours) < 2:
            raise ValueError(f"colours: {self.colours} must each be at least 2")
        if not 8 <= self.side <= 427:
            raise ValueError(f"side: {self.side} must be from 8 to 427, the photo's height")


@dataclass(frozen=True, slots=True, kw_only=True)
class Compressed:
    """The photo under one palette."""

    n_colours: int
    pixels: np.ndarray  # (row, column, 3) bytes
    bits: int
    share: float  # of the variance not explained
    decibels: float  # peak signal to noise


def run(args: Args) -> Study:
    """Compress the bundled photo of a flower with palettes of several sizes."""
    photo = flower(args.side)
    found = [compress(photo, k, generator("study image_compression", k)) for k in args.colours]
    before = bits_before(photo)
    most = found[-1]
    return Study(
        title="Compressing a photo by its colours",
        lead=(
            f"A photo of {args.side} by {args.side} pixels takes {before:,} bits; with "
            f"{most.n_colours} colours {most.bits:,}, a factor of {before / most.bits:.1f}, and "
            f"{1 - most.share:.1%} of its colours' variance is kept."
        ),
        sections=(_pictures(photo, found), _price(before, found)),
        numbers={
            "bits_before": float(before),
            **{f"bits_{one.n_colours}": float(one.bits) for one in found},
            **{f"unexplained_{one.n_colours}": one.share for one in found},
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


def compress(photo: np.ndarray, n_colours: int, rng: np.random.Generator) -> Compressed:
    """Replace each pixel of (row, column, 3) bytes by the nearest of `n_colours` found in it."""
    x = photo.reshape(-1, 3).astype(np.float64)
    found = kmeans.fit(x, n_colours, rng=rng, n_init=1, max_iter=STEPS)
    palette = found.centroids.round().astype(np.uint8)  # what is stored
    after = palette[found.labels]
    squared = (after.astype(np.float64) - x) ** 2
    return Compressed(
        n_colours=n_colours,
        pixels=after.reshape(photo.shape),
        bits=bits_after(photo, n_colours),
        share=float(squared.sum() / ((x - x.mean(axis=0)) ** 2).sum()),
        decibels=float(10 * np.log10(255**2 / squared.mean())) if squared.any() else float("inf"),
    )


def bits_before(photo: np.ndarray) -> int:
    """Count three bytes a pixel."""
    return photo.shape[0] * photo.shape[1] * BITS


def bits_after(photo: np.ndarray, n_colours: int) -> int:
    """Count the palette, and a number of a colour a pixel."""
    return n_colours * BITS + photo.shape[0] * photo.shape[1] * ceil(log2(n_colours))


def _pictures(photo: np.ndarray, found: list[Compressed]) -> Section:
    pictures = [
        Picture(title=f"{one.n_colours} colours", pixels=one.pixels, zoom=3) for one in found
    ]
    slider = Slider(
        title="The photo under each palette",
        label="colours",
        values=(*(str(one.n_colours) for one in found), "all"),
        figures=(*pictures, Picture(title="As it was", pixels=photo, zoom=3)),
        start=len(found) // 2,
    )
    return Section(
        heading="Fewer colours",
        text=(
            "Every pixel is an example of three inputs. Its cluster's centroid stands in for it, "
            "so the picture is stored as a palette and, for each pixel, a number in it.",
        ),
        figures=(slider,),
    )


def _price(before: int, found: list[Compressed]) -> Section:
    table = Table(
        title="What it saves and what it costs",
        columns=("colours", "bits", "factor", "variance lost", "signal to noise"),
        rows=tuple(
            (one.n_colours, f"{one.bits:,}", f"{before / one.bits:.2f}", f"{one.share:.2%}",
             f"{one.decibels:.1f} dB")
            for one in found
        ),
        caption=f"Before: {before:,} bits, 8 for each of three channels of a pixel.",
    )  # fmt: skip
    figure = Lines(
        title="Each bit a pixel doubles the palette",
        x_label="bits",
        y_label="share of the variance lost",
        series=(
            Series(name="palettes", x=[one.bits for one in found], y=[one.share for one in found]),
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
