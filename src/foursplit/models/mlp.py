"""Multilayer perceptron with ReLU and dropout; with no hidden layer it is softmax regression.

Source: Ng, DLS C1 W4 (deep networks), C2 W1 (He initialisation, inverted dropout), C2 W3 (softmax);
He, Zhang, Ren and Sun (2015), section 2.2; Srivastava et al. (2014), Dropout.
"""

from dataclasses import dataclass
from itertools import pairwise

from torch import nn

from foursplit.core.examples import DataShape
from foursplit.layers.inputs.standardise import Standardise


@dataclass(frozen=True, slots=True, kw_only=True)
class Args:
    """What `params.yaml` may set."""

    hidden: tuple[int, ...] = (64, 32)  # units of each hidden layer
    dropout: float = 0.0  # share of hidden units dropped in training: 1 - keep_prob

    def __post_init__(self) -> None:
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout: {self.dropout} must be from 0 to below 1")
        if min(self.hidden, default=1) < 1:
            raise ValueError(f"hidden: {self.hidden} must be counts of at least 1")


def build(args: Args, shape: DataShape) -> nn.Module:
    """Map a batch of examples of any axes to (batch, class) logits, or one quantity each."""
    layers: list[nn.Module] = [Standardise(shape.inputs), nn.Flatten()]
    for n_in, n_out in pairwise((shape.n_inputs, *args.hidden)):
        dense = nn.Linear(n_in, n_out)
        nn.init.kaiming_normal_(dense.weight, nonlinearity="relu")
        nn.init.zeros_(dense.bias)
        layers += [dense, nn.ReLU()]
        layers += [nn.Dropout(args.dropout)] if args.dropout else []
    n_outputs = shape.n_classes or 1  # a quantity is answered in standard deviations of train
    head = nn.Linear((shape.n_inputs, *args.hidden)[-1], n_outputs)
    # Small, so that an untrained network guesses all classes alike: its loss is log(n_classes).
    nn.init.normal_(head.weight, std=0.01)
    nn.init.zeros_(head.bias)
    return nn.Sequential(*layers, head)
