"""A computation graph drawn: values from left to right, derivatives from right to left.

Source: Ng, DLS C1 W2 (computation graph; derivatives of logistic regression), MLS C2 W2.
"""

from dataclasses import dataclass

from foursplit.core.lesson_figures import Graph, GraphNode, Lesson, Lines, Section, Series, Table
from foursplit_courses.from_scratch.computation_graph import Graph as Nodes
from foursplit_courses.from_scratch.computation_graph import Node, backward, forward

THREE_TERMS: Nodes = (
    Node("b"),
    Node("c"),
    Node("a"),
    Node("3"),
    Node("u", "×", ("b", "c")),
    Node("v", "+", ("a", "u")),
    Node("J", "×", ("3", "v")),
)
LOGISTIC: Nodes = (
    Node("x₁"),
    Node("w₁"),
    Node("x₂"),
    Node("w₂"),
    Node("b"),
    Node("y"),
    Node("p₁", "×", ("w₁", "x₁")),
    Node("p₂", "×", ("w₂", "x₂")),
    Node("s", "+", ("p₁", "p₂")),
    Node("z", "+", ("s", "b")),
    Node("a", "σ", ("z",)),
    Node("L", "log loss", ("a", "y")),
)
NUDGES = (1.0, 0.1, 0.01, 0.001)


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set: an example of two inputs, and the parameters that answer it."""

    x: tuple[float, float] = (1.0, 2.0)
    y: float = 1.0
    w: tuple[float, float] = (0.5, -0.25)
    b: float = 0.1
    learning_rate: float = 0.5

    def __post_init__(self) -> None:
        if self.y not in (0, 1):
            raise ValueError(f"y: {self.y} must be 0 or 1")
        if self.learning_rate <= 0:
            raise ValueError(f"learning_rate: {self.learning_rate} must be above 0")


def run(args: Args) -> Lesson:
    """Compute and draw the courses' two graphs."""
    blackboard, numbers = _blackboard()
    logistic, more = _logistic(args)
    return Lesson(
        title="Derivatives on a computation graph",
        lead=(
            "One pass from right to left gives the derivative of the result by every number on the "
            f"graph. For logistic regression it ends in a − y = {more['dz']:.3f} at z, from which "
            "all others follow by one product each."
        ),
        sections=(blackboard, logistic),
        numbers={**numbers, **more},
        source="Ng, DLS C1 W2 and MLS C2 W2",
    )


def _blackboard() -> tuple[Section, dict[str, float]]:
    given = {"a": 5.0, "b": 3.0, "c": 2.0, "3": 3.0}
    values = forward(THREE_TERMS, given)
    slopes = backward(THREE_TERMS, values)
    rows = []
    for nudge in NUDGES:
        moved = forward(THREE_TERMS, {**given, "b": given["b"] + nudge})["J"]
        rows.append((f"{nudge:g}", moved, (moved - values["J"]) / nudge))
    section = Section(
        heading="J = 3(a + bc)",
        text=(
            "Each node computes one step from the nodes to its left. Its derivative is that of "
            "the node to its right times the derivative of one step, and a node that is used more "
            "than once gets the sum. The values and derivatives are those that the course writes "
            "on its graph: J is 33, and a, b and c move it by 3, 6 and 9.",
            "That the derivative by b is 6 can be tried: J moves six times as far as b does.",
        ),
        figures=(
            draw("Values and derivatives", THREE_TERMS, values, slopes),
            Table(
                title="b moved a little",
                columns=("b moved by", "J", "J moved, times as far"),
                rows=tuple(rows),
            ),
        ),
    )
    return section, {"J": values["J"], **{f"dJ_d{name}": slopes[name] for name in "abc"}}


def _logistic(args: Args) -> tuple[Section, dict[str, float]]:
    given = {
        "x₁": args.x[0],
        "x₂": args.x[1],
        "w₁": args.w[0],
        "w₂": args.w[1],
        "b": args.b,
        "y": args.y,
    }
    losses, steps = [], range(21)
    values = forward(LOGISTIC, given)
    slopes = backward(LOGISTIC, values)
    at = dict(given)
    for _ in steps:
        now = forward(LOGISTIC, at)
        losses.append(now["L"])
        down = backward(LOGISTIC, now)
        at |= {name: at[name] - args.learning_rate * down[name] for name in ("w₁", "w₂", "b")}
    section = Section(
        heading="Logistic regression",
        text=(
            f"An example with inputs {args.x[0]:g} and {args.x[1]:g} and label {args.y:g}: its "
            "weighted sum z becomes the probability a, and the loss L says how bad that is. The "
            "derivative of the loss by a and that of a by z are awkward; their product is not: "
            f"it is a − y = {values['a']:.3f} − {args.y:g} = {slopes['z']:.3f}.",
            "From there the derivative by a weight is its input times a − y, and by the bias a − y "
            "itself. A step against them lowers the loss.",
        ),
        figures=(
            draw("Values and derivatives", LOGISTIC, values, slopes),
            Lines(
                title=f"Loss over steps at a rate of {args.learning_rate:g}",
                x_label="step",
                y_label="loss, nats",
                series=(Series(name="", x=list(steps), y=losses),),
            ),
        ),
    )
    names = {"dz": "z", "dw1": "w₁", "dw2": "w₂", "db": "b"}
    return section, {
        "loss": values["L"],
        **{name: slopes[node] for name, node in names.items()},
        "loss_after_20_steps": losses[-1],
    }


def draw(title: str, graph: Nodes, values: dict[str, float], slopes: dict[str, float]) -> Graph:
    """Place inputs as near to where they are used as can be, and each step right of its inputs."""
    column: dict[str, int] = {}
    for node in graph:
        column[node.name] = 1 + max((column[name] for name in node.inputs), default=-1)
    for node in graph:
        for name in node.inputs:
            if not _find(graph, name).operation:
                column[name] = column[node.name] - 1
    rows: dict[int, int] = {}
    nodes = []
    for node in graph:
        place = column[node.name]
        nodes.append(
            GraphNode(
                name=node.name,
                operation=node.operation,
                column=place,
                row=rows.get(place, 0),
                value=values[node.name],
                derivative=slopes[node.name],
            )
        )
        rows[place] = rows.get(place, 0) + 1
    edges = tuple((name, node.name) for node in graph for name in node.inputs)
    return Graph(
        title=title,
        nodes=tuple(nodes),
        edges=edges,
        caption="Above: the value. Below: the derivative of the last node by this one.",
    )


def _find(graph: Nodes, name: str) -> Node:
    return next(node for node in graph if node.name == name)
