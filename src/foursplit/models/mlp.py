"""Multilayer perceptron with dropout; without hidden layers it is softmax regression.

Source: Ng, MLS C2 W1 and W2 (units by sigmoid and ReLU), DLS C1 W4 (deep networks), C2 W1 (He
initialisation, inverted dropout), C2 W3 (softmax); He, Zhang, Ren and Sun (2015), section 2.2;
LeCun, Bottou, Orr and Müller (1998), Efficient BackProp, section 4.6; Srivastava et al. (2014),
Dropout.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Literal

from torch import Tensor, nn

from foursplit.core.examples import DataSpec
from foursplit.layers.standardize import Standardize

ACTIVATIONS = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh}

SAME_IN_ALL_LAYERS: dict[str, Callable[[Tensor], Tensor]] = {
    "glorot": nn.init.xavier_normal_,
    "orthogonal": nn.init.orthogonal_,
    "small": partial(nn.init.normal_, std=0.01),
    "large": partial(nn.init.normal_, std=10.0),
    "zeros": nn.init.zeros_,
}
"""First weights to compare, of every layer and the last; biases are 0 with all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    hidden: tuple[int, ...] = (64, 32)  # units of each hidden layer
    dropout: float = 0.0  # fraction of hidden units dropped in training: 1 - keep_prob
    single_logit: bool = False  # one output for two classes, as task classify_binary needs
    standardize: bool = True  # false: raw inputs, as in DLS course 1
    activation: Literal["relu", "sigmoid", "tanh"] = "relu"  # of the hidden units
    # lecun: variance 1 / inputs; all but he are of the last layer too
    weight_init: Literal["he", "lecun", "glorot", "orthogonal", "small", "large", "zeros"] = "he"

    def __post_init__(self) -> None:
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout: {self.dropout} must be from 0 to below 1")
        if min(self.hidden, default=1) < 1:
            raise ValueError(f"hidden: {self.hidden} must be counts of at least 1")


def build(args: Args, shape: DataSpec) -> nn.Module:
    """Map a batch of examples to (batch, class) logits, or (batch, 1).

    The single output is the logit of the second class, or a quantity in standard deviations.
    """
    layers: list[nn.Module] = [Standardize(shape.inputs)] if args.standardize else []
    layers += [nn.Flatten()]
    for n_in, n_out in pairwise((shape.n_inputs, *args.hidden)):
        linear = nn.Linear(n_in, n_out)
        is_he = args.weight_init == "he" and args.activation == "relu"
        _init_linear(linear, "relu" if is_he else "linear")
        layers += [linear, ACTIVATIONS[args.activation]()]
        layers += [nn.Dropout(args.dropout)] if args.dropout else []
    n_outputs = 1 if args.single_logit else shape.n_classes or 1
    head = nn.Linear((shape.n_inputs, *args.hidden)[-1], n_outputs)
    if args.weight_init == "lecun":
        _init_linear(head, "linear")
    else:  # small, so that an untrained network predicts uniformly: loss log(n_classes)
        nn.init.normal_(head.weight, std=0.01)
        nn.init.zeros_(head.bias)
    net = nn.Sequential(*layers, head)
    if same := SAME_IN_ALL_LAYERS.get(args.weight_init):
        for linear in (layer for layer in net if isinstance(layer, nn.Linear)):
            same(linear.weight)
            nn.init.zeros_(linear.bias)
    return net


def _init_linear(linear: nn.Linear, nonlinearity: Literal["relu", "linear"]) -> None:
    """Draw weights of variance 2 / inputs before a ReLU, 1 / inputs otherwise."""
    nn.init.kaiming_normal_(linear.weight, nonlinearity=nonlinearity)
    nn.init.zeros_(linear.bias)
