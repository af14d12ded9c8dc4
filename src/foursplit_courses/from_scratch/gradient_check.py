"""Check gradients by two-sided differences, and say which array is wrong.

Source: Ng, DLS C2 W1.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

Arrays = Mapping[str, np.ndarray]

WIDTH = 1e-7
THRESHOLD = 1e-6  # rounding alone reaches some 1e-7 at this width; a wrong gradient 1e-3 and more
N_ROUNDINGS = 10  # of a cost's last digit that differences may be off


@dataclass(frozen=True, slots=True)
class GradientCheck:
    """Relative difference of all gradients together and of each array's."""

    difference: float
    by_array: dict[str, float]
    threshold: float
    worst: dict[str, str] = field(default_factory=dict)  # the entry of each array that is most off

    @property
    def passed(self) -> bool:
        return self.difference <= self.threshold

    @property
    def wrong(self) -> list[str]:
        """The arrays whose own gradient differs, the worst first."""
        ranked = sorted(self.by_array.items(), key=lambda item: -item[1])
        return [name for name, difference in ranked if difference > self.threshold]

    def __str__(self) -> str:
        if self.passed:
            return f"gradients are right: relative difference {self.difference:.1e}"
        names = ", ".join(
            f"{self.worst.get(name, name)} ({self.by_array[name]:.1e})" for name in self.wrong
        )
        return f"gradients are wrong: relative difference {self.difference:.1e}; look at {names}"


def relative_difference(one: np.ndarray, other: np.ndarray) -> float:
    """Compute |one - other| / (|one| + |other|): 0 for equal ones, 1 for opposite ones."""
    size = float(np.linalg.norm(one) + np.linalg.norm(other))
    return float(np.linalg.norm(one - other)) / size if size else 0.0


def numerical_gradient(
    cost: Callable[[Arrays], float], parameters: Arrays, width: float = WIDTH
) -> dict[str, np.ndarray]:
    """Compute (cost(p + width) - cost(p - width)) / (2 width) for every single parameter.

    Parameters are float64 and finite; they are not changed. Raises ValueError otherwise, and where
    a cost is not finite.
    """
    for name, array in parameters.items():
        if array.dtype != np.float64:
            raise ValueError(f"{name}: {array.dtype} must be float64; float32 rounds too much")
        if not np.isfinite(array).all():
            place = tuple(map(int, np.argwhere(~np.isfinite(array))[0]))
            raise ValueError(f"{name}{list(place)}: {array[place]} is not finite")
    moved = {name: array.copy() for name, array in parameters.items()}
    gradients = {}
    for name, array in moved.items():
        gradient = np.empty_like(array)
        for place in np.ndindex(array.shape):
            value = array[place]
            array[place] = value + width
            above = cost(moved)
            array[place] = value - width
            below = cost(moved)
            array[place] = value
            if not np.isfinite(above - below):
                raise ValueError(f"cost: not finite beside {name}{list(place)} = {value}")
            gradient[place] = (above - below) / (2 * width)
        gradients[name] = gradient
    return gradients


def check_gradients(
    cost: Callable[[Arrays], float],
    parameters: Arrays,
    gradients: Arrays,
    *,
    width: float = WIDTH,
    threshold: float = THRESHOLD,
) -> GradientCheck:
    """Compare gradients with two-sided differences of the cost.

    Dropout must be off, or its mask fixed: the cost must be the same function at each call. Raises
    ValueError where names or shapes of gradients and parameters differ.
    """
    if list(parameters) != list(gradients):
        raise ValueError(f"gradients: {list(gradients)} must be named {list(parameters)}")
    for name, array in parameters.items():
        if gradients[name].shape != array.shape:
            raise ValueError(f"{name}: gradient {gradients[name].shape}, parameter {array.shape}")
    numerical = numerical_gradient(cost, parameters, width)
    # What rounding of the cost alone makes of a parameter without effect.
    noise = N_ROUNDINGS * float(np.finfo(np.float64).eps) * max(1.0, abs(cost(parameters))) / width
    flat = [
        np.concatenate([g[name].ravel() for name in parameters]) for g in (gradients, numerical)
    ]
    return GradientCheck(
        relative_difference(*flat),
        {
            name: 0.0
            if np.abs(gradients[name] - numerical[name]).max(initial=0.0) <= noise
            else relative_difference(gradients[name], numerical[name])
            for name in parameters
        },
        threshold,
        {name: _worst_entry(name, gradients[name], numerical[name]) for name in parameters},
    )


def _worst_entry(name: str, gradient: np.ndarray, numerical: np.ndarray) -> str:
    """Return the name with the index that is most off, and both values there."""
    if not gradient.size:
        return name
    off = np.nan_to_num(np.abs(gradient - numerical), nan=np.inf)
    place = np.unravel_index(int(off.argmax()), gradient.shape)
    index = "".join(f"[{i}]" for i in place)
    return f"{name}{index}: {gradient[place]:.6g} given, {numerical[place]:.6g} by differences"
