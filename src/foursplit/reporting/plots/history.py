"""Figure of gaps over runs: a line a gap, with its interval at each run."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from foursplit.diagnosis.decomposition.ledger import Gap
from foursplit.reporting.plots.axis import Axis, axis
from foursplit.reporting.plots.svg import across, element, figure, joined

HEIGHT = 220  # pixels
ASIDE = 0.012  # share of the width by which the gaps of a run stand apart

HUES = {
    "avoidable_bias": "train",
    "variance": "train_dev",
    "mismatch": "dev",
    "dev_overfit": "test",
}
"""Each gap bears the colour of the split that it leads to."""


def history(lines: Mapping[str, Sequence[tuple[int, Gap]]], n_runs: int, label: str) -> Markup:
    """Draw gaps over the numbers of the runs."""
    ends = [
        end for line in lines.values() for _, gap in line for end in (gap.value, gap.lo, gap.hi)
    ]
    upwards = axis([end for end in ends if end is not None])
    drawn = [
        mark
        for place, (gap, line) in enumerate(lines.items())
        for mark in _line(line, HUES.get(gap, "human"), place - len(lines) / 2, n_runs, upwards)
    ]
    return figure([*_grid(upwards, n_runs), *drawn], HEIGHT + 22, label, "history")


def _share(number: int, n_runs: int) -> float:
    return (number - 0.5) / n_runs


def _grid(scale: Axis, n_runs: int) -> list[Markup]:
    parts = []
    for tick in scale.ticks:
        y = f"{HEIGHT * (1 - scale.share(tick)):.1f}"
        zero = " zero" if tick == 0 else ""
        parts.append(element("line", x1=0, x2="100%", y1=y, y2=y, class_=f"grid{zero}"))
        parts.append(
            element("text", scale.percent(tick), x=0, y=y, dx=-8, dy=4, class_="tick label")
        )
    every = -(-n_runs // 20)
    parts += [
        element("text", str(number), x=across(_share(number, n_runs)), y=HEIGHT + 16,
                class_="tick middle")
        for number in range(1, n_runs + 1, every)
    ]  # fmt: skip
    return parts


def _line(
    line: Sequence[tuple[int, Gap]], hue: str, aside: float, n_runs: int, y: Axis
) -> list[Markup]:
    """Join a gap's values, and draw its interval at each."""
    at = [
        (_share(number, n_runs) + ASIDE * aside, 1 - y.share(gap.value), gap)
        for number, gap in line
    ]
    points = " ".join(f"{1000 * x:.1f},{1000 * up:.1f}" for x, up, _ in at)
    found = [
        element(
            "svg", joined([element("polyline", points=points, class_=f"curve {hue}")]),
            viewBox="0 0 1000 1000", preserveAspectRatio="none", width="100%", height=HEIGHT,
        )
    ]  # fmt: skip
    for x, up, gap in at:
        if gap.lo is not None and gap.hi is not None:
            found.append(
                element(
                    "line", x1=across(x), x2=across(x), class_=f"whisker {hue}",
                    y1=f"{HEIGHT * (1 - y.share(gap.lo)):.1f}",
                    y2=f"{HEIGHT * (1 - y.share(gap.hi)):.1f}",
                )
            )  # fmt: skip
        dot = element("circle", cx=across(x), cy=f"{HEIGHT * up:.1f}", r=3.5, class_=f"dot {hue}")
        found.append(dot)
    return found
