"""Convolution over one and three axes: a beat in a noisy signal, and a moving spot in a film.

Source: Ng, DLS C4 W4 (one-dimensional and three-dimensional generalizations).
"""

from dataclasses import dataclass

import numpy as np

from foursplit.core.lesson_figures import Lesson, Lines, Section, Series, Table
from foursplit.core.seeds import generator
from foursplit_courses.argument_checks import check_at_least
from foursplit_courses.from_scratch.convolution import convolve

SHAPES = (
    ("signal", (1, 14), (16, 1, 5)), ("signal, second layer", (16, 10), (32, 16, 5)),
    ("picture", (3, 14, 14), (16, 3, 5, 5)),
    ("picture, second layer", (16, 10, 10), (32, 16, 5, 5)),
    ("volume", (1, 14, 14, 14), (16, 1, 5, 5, 5)),
    ("volume, second layer", (16, 10, 10, 10), (32, 16, 5, 5, 5)),
)  # fmt: skip
"""Inputs (channel, axes) and kernels (output, input, axes): those of the course."""

BEAT = np.array([0.0, 0.2, -0.3, 1.0, 2.5, -1.2, -0.4, 0.1, 0.3, 0.1])  # as of a heart
LEFT, RIGHT = -1, 1  # pixels a frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    n_samples: int = 400  # of the signal
    n_beats: int = 8
    noise: float = 0.8  # standard deviation, where a beat's peak is 2.5
    n_films: int = 200
    n_frames: int = 5
    side: int = 12  # pixels of a frame

    def __post_init__(self) -> None:
        check_at_least(self, n_beats=1, noise=0, n_films=2, n_frames=2, side=self.n_frames + 2)
        if self.n_samples < 2 * len(BEAT) * self.n_beats:
            raise ValueError(
                f"n_samples: {self.n_samples} must be at least {2 * len(BEAT) * self.n_beats}, "
                f"twice the length of {self.n_beats} beats"
            )


def run(args: Args) -> Lesson:
    """Measure and draw all of it."""
    signal, signal_numbers = _signal(args)
    film, film_numbers = _film(args)
    return Lesson(
        title="Convolution over one and three axes",
        lead=(
            f"The same code finds {signal_numbers['found_by_convolution']:.0f} of {args.n_beats} "
            "beats in a noisy signal, where the highest samples are "
            f"{signal_numbers['found_by_height']:.0f}, and tells films of a spot that moves left "
            f"from right with {film_numbers['error_3d']:.1%} errors, where a kernel over single "
            f"frames has {film_numbers['error_2d']:.1%}."
        ),
        sections=(_shapes(), signal, film),
        numbers={**signal_numbers, **film_numbers},
        source="Ng, DLS C4 W4",
    )


def _shapes() -> Section:
    rows: list[tuple[str | float | int, ...]] = []
    for name, inputs, kernels in SHAPES:
        zeros = np.zeros((1, *inputs)), np.zeros(kernels), np.zeros(kernels[0])
        read, moved, left = (
            " x ".join(map(str, sizes)) for sizes in (inputs, kernels, convolve(*zeros).shape[1:])
        )
        rows.append((name, read, moved, left, int(np.prod(kernels)) + kernels[0]))
    return Section(
        heading="One rule for any number of axes",
        text=(
            "A kernel moves along every axis but the channels, and reads all channels at each "
            "place. 14 numbers along an axis and a kernel of 5 leave 10, whether the axis is time, "
            "a row or a slice of a scan.",
        ),
        figures=(
            Table(
                title="Shapes and parameters",
                columns=("input", "channels x axes", "kernels", "outputs", "parameters"),
                rows=tuple(rows),
            ),
        ),
    )


def _signal(args: Args) -> tuple[Section, dict[str, float]]:
    """Hide beats in noise, and look for them by a kernel of their shape."""
    rng = generator("convolution axes: signal")
    slots = args.n_samples // len(BEAT)
    starts = len(BEAT) * np.sort(rng.permutation(slots // 2)[: args.n_beats] * 2)
    signal = rng.normal(0, args.noise, args.n_samples)
    for start in starts:
        signal[start : start + len(BEAT)] += BEAT
    score = convolve(signal[None, None], BEAT[None, None], np.zeros(1))[0, 0]
    peak = int(BEAT.argmax())
    found = {
        "found_by_convolution": _count_found(score, starts),
        "found_by_height": _count_found(signal, starts + peak),
    }
    section = Section(
        heading="One axis: a beat in a signal",
        text=(
            f"{args.n_beats} beats of {len(BEAT)} samples lie in noise. A kernel of the beat's own "
            "shape adds up all of its samples: of the "
            f"{args.n_beats} highest places of its output {found['found_by_convolution']} are "
            "where a beat begins. Of the highest samples "
            f"{found['found_by_height']} are the peak of one.",
        ),
        figures=(
            Lines(
                title="The signal",
                x_label="sample",
                y_label="height",
                series=(Series(name="signal", x=np.arange(len(signal)), y=signal),),
            ),
            Lines(
                title="What the kernel makes of it",
                x_label="sample",
                y_label="score",
                series=(
                    Series(name="score", x=np.arange(len(score)), y=score),
                    Series(name="beats", x=starts, y=score[starts], mark="points"),
                ),
            ),
        ),
    )
    return section, {name: float(count) for name, count in found.items()}


def _count_found(score: np.ndarray, places: np.ndarray) -> int:
    """Count the places among as many highest scores, each at least half a beat from the others."""
    left, highest = score.copy(), []
    for _ in places:
        best = int(left.argmax())
        highest.append(best)
        left[max(0, best - len(BEAT) // 2) : best + len(BEAT) // 2 + 1] = -np.inf
    return len(set(highest) & set(places.tolist()))


def _film(args: Args) -> tuple[Section, dict[str, float]]:
    """Tell the direction of a spot by kernels over frames, and over single pictures."""
    rng = generator("convolution axes: films")
    direction = rng.choice([LEFT, RIGHT], args.n_films)
    films = np.stack([_draw_film(args, step, rng) for step in direction])[:, None]
    # A kernel over time, row and column: a spot that moves by a pixel a frame.
    kernels = np.zeros((2, 1, args.n_frames, 1, args.n_frames))
    for number in range(args.n_frames):
        kernels[0, 0, number, 0, args.n_frames - 1 - number] = 1  # to the left
        kernels[1, 0, number, 0, number] = 1
    over_time = convolve(films, kernels, np.zeros(2)).max(axis=(2, 3, 4))  # (film, direction)
    # The same kernels without the order of frames: what they see in each picture, added up.
    flat = kernels.sum(axis=2)
    frames = films.transpose(0, 2, 1, 3, 4).reshape(-1, 1, args.side, args.side)
    each = convolve(frames, flat, np.zeros(2)).max(axis=(2, 3))
    by_frame = each.reshape(args.n_films, args.n_frames, 2).sum(axis=1)
    truth = (direction == RIGHT).astype(int)
    numbers = {
        "error_3d": float((over_time.argmax(axis=1) != truth).mean()),
        "error_2d": float((by_frame.argmax(axis=1) != truth).mean()),
    }
    section = Section(
        heading="Three axes: which way a spot moves",
        text=(
            f"{args.n_films} films of {args.n_frames} frames show a spot in noise that moves left "
            "or right. A kernel over frame, row and column is a slanted line in this volume: it "
            f"misjudges {numbers['error_3d']:.1%}. Over single frames the two kernels are one and "
            "the same, since without time a spot that moves left looks like one that moves right: "
            f"{numbers['error_2d']:.1%}.",
        ),
        figures=(
            Table(
                title="Errors by kernel",
                columns=("kernel", "axes", "error"),
                rows=(
                    ("over the film", "frame, row, column", numbers["error_3d"]),
                    ("over single frames", "row, column", numbers["error_2d"]),
                ),
            ),
        ),
    )
    return section, numbers


def _draw_film(args: Args, step: int, rng: np.random.Generator) -> np.ndarray:
    """Draw (frame, row, column) noise with a bright pixel that moves `step` pixels a frame."""
    film = rng.normal(0, 0.3, (args.n_frames, args.side, args.side))
    row = rng.integers(args.side)
    first = rng.integers(args.side - args.n_frames + 1)
    columns = first + np.arange(args.n_frames)
    film[np.arange(args.n_frames), row, columns[::step]] += 1.5
    return film
