"""Derivatives on a computation graph: values from left to right, derivatives from right to left.

Numbers are single ones, as on a blackboard.

Source: Ng, DLS C1 W2 (computation graph, derivatives of logistic regression) and MLS C2 W2
(optional lab on derivatives and back propagation); Baydin and others (2018), Automatic
Differentiation in Machine Learning, section 3.2.
"""

from collections.abc import Callable, Mapping, Sequence
from math import exp, log
from typing import NamedTuple


class Operation(NamedTuple):
    """A function of one or two numbers, and its derivative by each of them."""

    value: Callable[..., float]
    derivatives: Callable[..., tuple[float, ...]]


def sigmoid(z: float) -> float:
    """Return 1 / (1 + exp(-z)); exp of a negative number alone, which overflows nowhere."""
    return 1 / (1 + exp(-z)) if z >= 0 else exp(z) / (1 + exp(z))


OPERATIONS: Mapping[str, Operation] = {
    "+": Operation(lambda a, b: a + b, lambda _a, _b: (1.0, 1.0)),
    "×": Operation(lambda a, b: a * b, lambda a, b: (b, a)),
    "σ": Operation(sigmoid, lambda z: (sigmoid(z) * (1 - sigmoid(z)),)),
    "log loss": Operation(
        lambda a, y: -y * log(a) - (1 - y) * log(1 - a),
        lambda a, y: (-y / a + (1 - y) / (1 - a), log(1 - a) - log(a)),
    ),
}


class Node(NamedTuple):
    """A number with a name, computed from the nodes of `inputs`; an input has no operation."""

    name: str
    operation: str = ""
    inputs: tuple[str, ...] = ()


Graph = Sequence[Node]
"""Nodes in an order in which each stands after its inputs; the last is the result."""


def forward(graph: Graph, given: Mapping[str, float]) -> dict[str, float]:
    """Compute the value of each node from the given inputs."""
    values: dict[str, float] = {}
    for node in graph:
        if node.operation:
            inputs = [values[name] for name in node.inputs]
            values[node.name] = OPERATIONS[node.operation].value(*inputs)
        else:
            values[node.name] = given[node.name]
    return values


def backward(graph: Graph, values: Mapping[str, float]) -> dict[str, float]:
    """Compute the derivative of the last node by each node, in one pass from right to left."""
    derivatives = dict.fromkeys(values, 0.0)
    derivatives[graph[-1].name] = 1.0
    for node in reversed(graph):
        if not node.operation:
            continue
        local = OPERATIONS[node.operation].derivatives(*(values[name] for name in node.inputs))
        for name, derivative in zip(node.inputs, local, strict=True):
            derivatives[name] += derivatives[node.name] * derivative
    return derivatives
