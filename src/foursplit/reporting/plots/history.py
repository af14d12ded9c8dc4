"""Plot of gaps over runs: one line per gap, with its interval at each run."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from foursplit.diagnosis.decomposition.ledger import Gap
from foursplit.reporting.plots.axis import Axis, axis, y_grid
from foursplit.reporting.plots.svg import across, element, figure, joined

HEIGHT = 220  # pixels
OFFSET = 0.012  # horizontal distance between the gaps of a run, as a share of the width

COLORS = {
    "avoidable_bias": "train",
    "variance": "train_dev",
    "mismatch": "dev",
    "dev_overfit": "test",
}
"""Each gap has the color of the split it ends at."""


def history(lines: Mapping[str, Sequence[tuple[int, Gap]]], n_runs: int, label: str) -> Markup:
    """Plot gaps over run numbers."""
    ends = [
        end for line in lines.values() for _, gap in line for end in (gap.value, gap.lo, gap.hi)
    ]
    y_axis = axis([end for end in ends if end is not None])
    elements = [
        mark
        for index, (gap, line) in enumerate(lines.items())
        for mark in _line(line, COLORS.get(gap, "human"), index - len(lines) / 2, n_runs, y_axis)
    ]
    return figure(
        [*y_grid(y_axis, HEIGHT, y_axis.percent), *_run_numbers(n_runs), *elements],
        HEIGHT + 22,
        label,
        "history",
    )


def _share(number: int, n_runs: int) -> float:
    return (number - 0.5) / n_runs


def _run_numbers(n_runs: int) -> list[Markup]:
    step = -(-n_runs // 20)
    return [
        element(
            "text",
            str(number),
            x=across(_share(number, n_runs)),
            y=HEIGHT + 16,
            class_="tick middle",
        )
        for number in range(1, n_runs + 1, step)
    ]


def _line(
    line: Sequence[tuple[int, Gap]], color: str, offset: float, n_runs: int, y: Axis
) -> list[Markup]:
    """Draw the line of a gap, and its interval at each run."""
    positions = [
        (_share(number, n_runs) + OFFSET * offset, 1 - y.share(gap.value), gap)
        for number, gap in line
    ]
    points = " ".join(f"{1000 * x:.1f},{1000 * up:.1f}" for x, up, _ in positions)
    elements = [
        element(
            "svg",
            joined([element("polyline", points=points, class_=f"curve {color}")]),
            viewBox="0 0 1000 1000",
            preserveAspectRatio="none",
            width="100%",
            height=HEIGHT,
        )
    ]
    for x, up, gap in positions:
        if gap.lo is not None and gap.hi is not None:
            elements.append(
                element(
                    "line",
                    x1=across(x),
                    x2=across(x),
                    class_=f"whisker {color}",
                    y1=f"{HEIGHT * (1 - y.share(gap.lo)):.1f}",
                    y2=f"{HEIGHT * (1 - y.share(gap.hi)):.1f}",
                )
            )
        dot = element("circle", cx=across(x), cy=f"{HEIGHT * up:.1f}", r=3.5, class_=f"dot {color}")
        elements.append(dot)
    return elements
