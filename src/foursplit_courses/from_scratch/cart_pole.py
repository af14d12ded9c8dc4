"""A pole balanced on a cart, which may stand in the wind: a small world to learn control in.

Source: Barto, Sutton and Anderson (1983), "Neuronlike adaptive elements that can solve difficult
learning control problems"; numbers and Euler's steps as in Gymnasium's CartPole-v1. The wind is
ours.
"""

from math import cos, pi, sin, tanh

import numpy as np

GRAVITY, CART, POLE, HALF = 9.8, 1.0, 0.1, 0.5  # m/s2, kg, kg, m: half of the pole's length
PUSH, TICK = 10.0, 0.02  # N to the left or to the right; s
EDGE, FALLEN = 2.4, 12 * pi / 180  # m from the middle, radians from upright: there it ends
START = 0.05  # of each number of the state at most, to either side
UNITS = np.array([EDGE, 2.0, FALLEN, 2.0])  # of place, speed, angle, its speed, as the agent sees

State = tuple[float, float, float, float]
"""Place in m, speed in m/s, angle in radians, and its speed in radians/s."""


def move(state: State, force: float) -> State:
    """Give the state a tick later, under a horizontal force in N on the cart."""
    place, speed, angle, turning = state
    mass, moment = CART + POLE, POLE * HALF
    sine, cosine = sin(angle), cos(angle)
    pulled = (force + moment * turning * turning * sine) / mass
    spin = (GRAVITY * sine - cosine * pulled) / (HALF * (4 / 3 - POLE * cosine * cosine / mass))
    pace = pulled - moment * spin * cosine / mass
    return (
        place + TICK * speed, speed + TICK * pace, angle + TICK * turning, turning + TICK * spin,
    )  # fmt: skip


def gust(tick: float, wind: float, turbulence: float) -> float:
    """Give the wind's force in N at a tick: a steady blow, and one that comes and goes.

    Two sines whose periods have no common multiple never repeat.
    """
    return wind + turbulence * tanh(sin(0.2 * tick) + sin(0.1 * pi * tick))


class CartPole:
    """Push left (0) or right (1); a point for each tick, until it falls or leaves the track."""

    n_state = 4
    n_actions = 2
    max_steps = 200  # as in CartPole-v0, whose 195 counts as solved

    def __init__(self) -> None:
        self.state: State = (0.0, 0.0, 0.0, 0.0)
        self.tick, self.wind, self.turbulence = 0.0, 0.0, 0.0

    def reset(self, level: np.ndarray) -> np.ndarray:
        """Begin on a level (seed, steady wind in N, gusts in N); the seed tells which way it blows.

        Gives the (4,) state, each number in a unit that makes it about 1 where the end is near.
        """
        seed, wind, turbulence = level.tolist()
        rng = np.random.default_rng(int(seed))
        place, speed, angle, turning = rng.uniform(-START, START, 4).tolist()
        self.state = (place, speed, angle, turning)
        self.tick = float(rng.integers(10_000))
        self.wind = wind if rng.random() < 0.5 else -wind
        self.turbulence = turbulence
        return self.seen()

    def step(self, action: int) -> tuple[np.ndarray, float, bool]:
        """Push for one tick; give the state, a point, and whether it is over."""
        force = gust(self.tick, self.wind, self.turbulence) + (PUSH if action == 1 else -PUSH)
        self.state = move(self.state, force)
        self.tick += 1
        ended = abs(self.state[0]) > EDGE or abs(self.state[2]) > FALLEN
        return self.seen(), 1.0, ended

    def seen(self) -> np.ndarray:
        return (np.array(self.state) / UNITS).astype(np.float32)
