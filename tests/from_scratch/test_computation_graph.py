"""Derivatives on a graph are those of the limit, of PyTorch, and of the courses' blackboards."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from foursplit_courses.from_scratch.computation_graph import Node, backward, forward
from foursplit_courses.lessons.computation_graph import LOGISTIC, THREE_TERMS

NUMBER = st.floats(-3, 3)


def test_the_course_prints_33_and_3_6_9():
    # DLS C1 W2: J = 3(a + bc) at a = 5, b = 3, c = 2.
    values = forward(THREE_TERMS, {"a": 5, "b": 3, "c": 2, "3": 3})
    assert (values["u"], values["v"], values["J"]) == (6, 11, 33)
    slopes = backward(THREE_TERMS, values)
    assert [slopes[name] for name in ("v", "u", "a", "b", "c")] == [3, 3, 3, 6, 9]


@given(st.tuples(NUMBER, NUMBER, NUMBER, NUMBER, NUMBER), st.sampled_from([0.0, 1.0]))
def test_derivatives_are_pytorchs_and_the_shortcut_holds(numbers, label):
    names = ("x₁", "w₁", "x₂", "w₂", "b")
    values = forward(LOGISTIC, {**dict(zip(names, numbers, strict=True)), "y": label})
    slopes = backward(LOGISTIC, values)
    x1, w1, x2, w2, b = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in numbers)
    z = x1 * w1 + x2 * w2 + b
    loss = torch.nn.functional.binary_cross_entropy_with_logits(z, torch.tensor(label).double())
    loss.backward()
    assert values["L"] == pytest.approx(loss.item(), rel=1e-6, abs=1e-9)
    for name, tensor in zip(names, (x1, w1, x2, w2, b), strict=True):
        assert slopes[name] == pytest.approx(tensor.grad.item(), rel=1e-6, abs=1e-9)
    assert slopes["z"] == pytest.approx(values["a"] - label, abs=1e-9)


def test_a_number_that_is_used_twice_gets_both_derivatives():
    square = (Node("x"), Node("s", "×", ("x", "x")))
    assert backward(square, forward(square, {"x": 7.0}))["x"] == 14
