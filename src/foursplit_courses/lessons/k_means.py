"""K-means worked through: its steps, its restarts, its starts, and the number of clusters."""

from dataclasses import dataclass

import numpy as np

from foursplit.core.lesson_figures import Lesson, Lines, Section, Series, Slider, Table
from foursplit.core.seeds import generator
from foursplit_courses.argument_checks import check_at_least
from foursplit_courses.from_scratch import kmeans

N_SHOWN = 8  # steps of the slider at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    n_init: int  # of each kind of start
    max_clusters: int  # at the right end of the elbow

    def __post_init__(self) -> None:
        check_at_least(self, n_init=2, max_clusters=3)


def run(args: Args) -> Lesson:
    """Show one run step by step, many runs from two kinds of start, and inertia over clusters."""
    steps, step_numbers = _steps()
    restarts, restart_numbers = _restarts(args.n_init)
    elbow, elbow_numbers = _elbow(args.max_clusters)
    return Lesson(
        title="K-means",
        lead=(
            f"Inertia falls with every step, from {step_numbers['inertia_first']:.0f} to "
            f"{step_numbers['inertia_last']:.0f} in {step_numbers['steps']:.0f}; where it ends "
            "depends on the "
            f"start: of {args.n_init} random ones {restart_numbers['share_random']:.0%} find the "
            "best "
            f"end, of as many by k-means++ {restart_numbers['share_spread']:.0%}."
        ),
        sections=(steps, restarts, elbow),
        numbers={**step_numbers, **restart_numbers, **elbow_numbers},
        source="Ng, MLS C3 W1; Lloyd (1982); Arthur and Vassilvitskii (2007), k-means++",
    )


def blobs(
    centers: np.ndarray, n_per_blob: int, width: float, rng: np.random.Generator
) -> np.ndarray:
    """Draw `n_each` points around each of (blob, input) centres, shuffled."""
    x = np.repeat(centers, n_per_blob, axis=0)
    return rng.permutation(x + width * rng.normal(size=x.shape))


def _steps() -> tuple[Section, dict[str, float]]:
    """Follow three centroids from a poor start until nothing moves."""
    rng = generator("study k_means: steps")
    x = blobs(np.array([[0.0, 0.0], [4.0, 0.5], [2.0, 3.5]]), 100, 0.9, rng)
    initial = x[np.argsort(x[:, 0])[:3]]  # three neighbours at the left edge
    path, inertias = [initial], []
    while True:
        updated, inertia = kmeans.step(x, path[-1])
        inertias.append(inertia)
        if np.array_equal(updated, path[-1]):
            break
        path.append(updated)
    shown_steps = np.unique(np.linspace(0, len(path) - 1, N_SHOWN).round().astype(int))
    slider = Slider(
        title="Three centroids on their way",
        label="steps done",
        values=tuple(str(step) for step in shown_steps),
        figures=tuple(_picture(x, path[: step + 1], inertias[step]) for step in shown_steps),
        caption=(
            "Points bear the colour of the nearest centroid; lines are the ways the centroids came."
        ),
    )
    inertia_lines = Lines(
        title="Inertia falls with every step",
        x_label="steps done",
        y_label="inertia",
        series=(Series(name="inertia", x=np.arange(len(inertias)), y=np.array(inertias)),),
    )
    section = Section(
        heading="Assign, average, again",
        text=(
            "Each step gives every point to the nearest centroid, then moves every centroid to the "
            "mean of its points. Neither can raise the inertia, the sum of squared distances, so "
            "it must come to an end: a good one or a poor one.",
        ),
        figures=(slider, inertia_lines),
    )
    numbers = {"steps": len(path) - 1, "inertia_first": inertias[0], "inertia_last": inertias[-1]}
    return section, {name: float(value) for name, value in numbers.items()}


def _picture(x: np.ndarray, path: list[np.ndarray], inertia: float) -> Lines:
    labels, trajectories = kmeans.assign(x, path[-1]), np.stack(path)  # (step, cluster, input)
    points = [
        Series(
            name=f"cluster {j + 1}",
            x=x[labels == j, 0],
            y=x[labels == j, 1],
            mark="points",
            group=j,
        )
        for j in range(len(path[-1]))
    ]
    lines = [
        Series(name=f"way {j + 1}", x=trajectories[:, j, 0], y=trajectories[:, j, 1], group=j)
        for j in range(trajectories.shape[1])
    ]
    ends = Series(name="centroids", x=path[-1][:, 0], y=path[-1][:, 1], mark="crosses", group=3)
    return Lines(
        title=f"{len(path) - 1} steps, inertia {inertia:.1f}",
        x_label="first input",
        y_label="second input",
        series=(*points, *lines, ends),
        x_range=(-3.0, 7.0),
        y_range=(-3.0, 6.5),
    )


def _restarts(n_init: int) -> tuple[Section, dict[str, float]]:
    """Compare where random starts and spread ones end, on a grid of nine blobs."""
    rng = generator("study k_means: restarts")
    grid = 5.0 * np.stack(np.meshgrid(np.arange(3), np.arange(3)), axis=-1).reshape(-1, 2)
    x = blobs(grid, 60, 0.7, rng)
    starts = {"random examples": kmeans.init_random, "k-means++": kmeans.init_kmeans_plus_plus}
    runs = {
        name: kmeans.fit(x, 9, rng=generator("study k_means", name), n_init=n_init, init=start)
        for name, start in starts.items()
    }
    best = min(run.inertia for run in runs.values())
    fractions = {
        name: float(np.mean([end < 1.01 * best for end in run.inertias]))
        for name, run in runs.items()
    }
    figure = Lines(
        title="Inertia that each restart ends with, lowest first",
        x_label="restart",
        y_label="inertia",
        series=tuple(
            Series(name=name, x=np.arange(1, n_init + 1), y=np.sort(run.inertias), mark="points")
            for name, run in runs.items()
        ),
    )
    table = Table(
        title="Two kinds of start",
        columns=("start", "share that ends within 1 % of the best", "mean inertia", "worst"),
        rows=tuple(
            (
                name,
                f"{fractions[name]:.0%}",
                f"{np.mean(run.inertias):.0f}",
                f"{max(run.inertias):.0f}",
            )
            for name, run in runs.items()
        ),
    )
    section = Section(
        heading="Where it ends depends on where it starts",
        text=(
            "Nine blobs on a grid, nine clusters. Two centroids that start in one blob share it to "
            "the end, and two blobs elsewhere share a centroid: no step crosses the gap. Restarts "
            "help, and so does a start that draws each centroid far from those drawn before.",
        ),
        figures=(figure, table),
    )
    return section, {
        "share_random": fractions["random examples"],
        "share_spread": fractions["k-means++"],
    }


def _elbow(max_clusters: int) -> tuple[Section, dict[str, float]]:
    """Give inertia over the number of clusters, on the points and on others of the same kind."""
    rng = generator("study k_means: elbow")
    centers = np.array([[0.0, 0.0], [5.0, 0.0], [0.0, 5.0], [5.0, 5.0]])
    x, held_out = blobs(centers, 60, 1.0, rng), blobs(centers, 60, 1.0, rng)
    counts = np.arange(1, max_clusters + 1)
    clusterings = [kmeans.fit(x, int(k), rng=rng, n_init=10) for k in counts]
    train_error = np.array([run.inertia / len(x) for run in clusterings])
    held_out_error = np.array(
        [
            ((held_out - run.centroids[kmeans.assign(held_out, run.centroids)]) ** 2).sum()
            / len(held_out)
            for run in clusterings
        ]
    )
    figure = Lines(
        title="More clusters always explain more",
        x_label="clusters",
        y_label="mean squared distance to the centroid",
        series=(
            Series(name="points it was fitted to", x=counts, y=train_error),
            Series(name="other points of the same kind", x=counts, y=held_out_error, mark="dashed"),
        ),
        caption="Four blobs: the curves bend at four, and neither has its minimum there.",
    )
    section = Section(
        heading="How many clusters",
        text=(
            "Inertia falls with every cluster more, on points that were not fitted too: it names "
            "no number. A bend shows where clusters are far apart; most data have none. What the "
            "clusters are for decides, such as how many sizes of shirt can be sewn.",
        ),
        figures=(figure,),
    )
    return section, {
        "explained_to_four": float((train_error[0] - train_error[3]) / train_error[0])
        if max_clusters > 3
        else float("nan"),
        "held_out_over_own_at_most": float(held_out_error[-1] / train_error[-1]),
    }
