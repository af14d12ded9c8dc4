"""Cart-pole environment with optional wind.

Source: Barto, Sutton and Anderson (1983), "Neuronlike adaptive elements that can solve difficult
learning control problems"; constants and Euler integration as in Gymnasium's CartPole-v1. The wind
is our addition.
"""

from math import cos, pi, sin, tanh

import numpy as np

GRAVITY = 9.8  # m/s2
CART_MASS, POLE_MASS, HALF_LENGTH = 1.0, 0.1, 0.5  # kg, kg, m: half the length of the pole
FORCE, TIME_STEP = 10.0, 0.02  # N, s
MAX_POSITION, MAX_ANGLE = 2.4, 12 * pi / 180  # m, radians: beyond these the episode ends
INITIAL_RANGE = 0.05  # initial state: uniform in ±0.05
STATE_SCALE = np.array([MAX_POSITION, 2.0, MAX_ANGLE, 2.0])  # observation = state / scale

State = tuple[float, float, float, float]
"""Position in m, velocity in m/s, angle in radians, angular velocity in radians/s."""


def euler_step(state: State, force: float) -> State:
    """Return the state one time step later, under a horizontal force in N on the cart."""
    position, velocity, angle, angular_velocity = state
    mass, pole_moment = CART_MASS + POLE_MASS, POLE_MASS * HALF_LENGTH
    sin_angle, cos_angle = sin(angle), cos(angle)
    push = (force + pole_moment * angular_velocity * angular_velocity * sin_angle) / mass
    angular_acceleration = (GRAVITY * sin_angle - cos_angle * push) / (
        HALF_LENGTH * (4 / 3 - POLE_MASS * cos_angle * cos_angle / mass)
    )
    acceleration = push - pole_moment * angular_acceleration * cos_angle / mass
    return (
        position + TIME_STEP * velocity,
        velocity + TIME_STEP * acceleration,
        angle + TIME_STEP * angular_velocity,
        angular_velocity + TIME_STEP * angular_acceleration,
    )


def wind_force(step: float, wind: float, turbulence: float) -> float:
    """Return the wind force in N at a time step: a constant wind plus turbulence.

    The sum of two sines with incommensurable periods is not periodic.
    """
    return wind + turbulence * tanh(sin(0.2 * step) + sin(0.1 * pi * step))


class CartPole:
    """Actions: push left (0) or right (1); reward 1 per step until the pole falls."""

    n_state = 4
    n_actions = 2
    max_steps = 200  # as in CartPole-v0, whose 195 counts as solved

    def __init__(self) -> None:
        self.state: State = (0.0, 0.0, 0.0, 0.0)
        self.n_steps, self.wind, self.turbulence = 0.0, 0.0, 0.0

    def reset(self, level: np.ndarray) -> np.ndarray:
        """Start an episode on a level (seed, wind in N, turbulence in N).

        The seed also decides the wind's direction.  Returns the (4,) scaled observation.
        """
        seed, wind, turbulence = level.tolist()
        rng = np.random.default_rng(int(seed))
        position, velocity, angle, spin = rng.uniform(-INITIAL_RANGE, INITIAL_RANGE, 4).tolist()
        self.state = (position, velocity, angle, spin)
        self.n_steps = float(rng.integers(10_000))  # a random phase of the turbulence
        self.wind = wind if rng.random() < 0.5 else -wind
        self.turbulence = turbulence
        return self.observation()

    def step(self, action: int) -> tuple[np.ndarray, float, bool]:
        """Push for one time step; return observation, reward and done."""
        wind = wind_force(self.n_steps, self.wind, self.turbulence)
        self.state = euler_step(self.state, wind + (FORCE if action == 1 else -FORCE))
        self.n_steps += 1
        done = abs(self.state[0]) > MAX_POSITION or abs(self.state[2]) > MAX_ANGLE
        return self.observation(), 1.0, done

    def observation(self) -> np.ndarray:
        return (np.array(self.state) / STATE_SCALE).astype(np.float32)
