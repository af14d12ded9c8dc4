"""Gymnasium's LunarLander-v3 as an environment with levels: seed, wind and turbulence.

Source: Gymnasium 1.4 (MIT), envs/box2d/lunar_lander.py; Ng, MLS C3 W3.
"""

import importlib.util
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from foursplit.core.errors import FoursplitError

LUNAR_LANDER_FILE = "envs/box2d/lunar_lander.py"


class Lander:
    """Land a spaceship between two flags; reward -100 for a crash, +100 for a landing."""

    n_state = 8
    n_actions = 4  # nothing, left engine, main engine, right engine
    max_steps = 1000

    def __init__(self) -> None:
        self.game = _game()()

    def reset(self, level: np.ndarray) -> np.ndarray:
        """Start a level (seed, wind power 0-20, turbulence power 0-2); return the state."""
        seed, wind, turbulence = level.tolist()
        self.game.enable_wind = wind > 0 or turbulence > 0
        self.game.wind_power, self.game.turbulence_power = wind, turbulence
        return np.asarray(self.game.reset(seed=int(seed))[0])

    def step(self, action: int) -> tuple[np.ndarray, float, bool]:
        state, reward, ended, _, _ = self.game.step(action)
        return state, float(reward), bool(ended)


@cache
def _game() -> Any:
    """Load the single file: its package imports a rendering library, which is not needed."""
    package = importlib.util.find_spec("gymnasium")
    if package is None or not package.submodule_search_locations:
        raise FoursplitError("package 'gymnasium' is not installed; it contains the lunar lander")
    path = Path(package.submodule_search_locations[0]) / LUNAR_LANDER_FILE
    spec = importlib.util.spec_from_file_location("gymnasium_lunar_lander", path)
    assert spec is not None
    assert spec.loader is not None
    file = importlib.util.module_from_spec(spec)
    with warnings.catch_warnings():
        # SWIG's types, of which Box2D's wrapper is made, have no __module__.
        warnings.filterwarnings("ignore", "builtin type .* has no __module__", DeprecationWarning)
        spec.loader.exec_module(file)
    return file.LunarLander
