"""The samplers of a search, which the command line names before it imports the schema."""

from typing import Literal

Sampler = Literal["random", "random_linear", "grid", "tpe", "successive_halving"]
