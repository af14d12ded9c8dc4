"""Create reinforcement-learning environments by name."""

from foursplit.core.errors import unknown_name
from foursplit_courses.envs.lander import Lander
from foursplit_courses.from_scratch.cart_pole import CartPole
from foursplit_courses.from_scratch.deep_q import Env

ENVS: dict[str, type[Env]] = {"cart": CartPole, "lander": Lander}

SEED, WIND, TURBULENCE = 0, 1, 2
"""Index of each number of a level, in every environment."""


def make_env(name: str) -> Env:
    """Build the world `name`; the worlds share no state."""
    if name not in ENVS:
        raise unknown_name("environment", name, ENVS)
    return ENVS[name]()
