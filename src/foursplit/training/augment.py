"""Pictures changed a little each time they are seen in training; never when a model is judged.

Source: Simard, Steinkraus and Platt (2003), Best Practices for Convolutional Neural Networks;
Ng, DLS C4 W2 (data augmentation) and C3 W2 (artificial data synthesis).
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from foursplit.config.fit import Augment, TrainerConfig
from foursplit.core.arrays import Array, Ragged, example_axes
from foursplit.core.errors import FoursplitError
from foursplit.training.batches import Arrays, Batch, Change

Pictures = Float[Tensor, "example channel row column"]

PICTURE = 3  # axes of a picture


@dataclass(frozen=True, slots=True)
class Movement:
    """How each picture of a batch is turned, scaled and shifted.

    `theta` (example, 2, 3) maps a point of the new picture to that of the old one, in units of half
    the picture, as `torch.nn.functional.affine_grid` has it.
    """

    theta: Tensor
    height: int  # pixels
    width: int

    def sample(self, x: Pictures) -> Pictures:
        """Return the moved pictures; what comes in from outside is 0."""
        grid = F.affine_grid(self.theta, list(x.shape), align_corners=False)
        return F.grid_sample(x, grid, mode="bilinear", padding_mode="zeros", align_corners=False)

    def sample_labels(self, masks: Tensor) -> Tensor:
        """Return the moved (example, …, row, column) masks, whose numbers are names of classes.

        Each pixel takes the nearest one's number, so that no number comes up that was not there;
        what comes in from outside is 0.
        """
        layers = masks.reshape(len(masks), -1, *masks.shape[-2:])
        grid = F.affine_grid(self.theta, [*layers.shape], align_corners=False)
        # Single precision holds whole numbers up to 2 ** 24.
        moved = F.grid_sample(
            layers.float(), grid, mode="nearest", padding_mode="zeros", align_corners=False
        )
        return moved.to(masks.dtype).reshape(masks.shape)

    def move_points(self, points: Tensor) -> Tensor:
        """Return the moved (example, point, 2) points; one may lie outside of the picture then."""
        moved = self.points(points.double().cpu().numpy())
        return torch.from_numpy(moved).to(points.device, points.dtype)

    def points(self, points: np.ndarray) -> np.ndarray:
        """Move (example, point, 2) points, across and down in pixels, with their pictures."""
        theta = self.theta.double().cpu().numpy()
        half = np.array([self.width, self.height]) / 2
        old = points / half - 1
        back = np.linalg.inv(theta[:, :, :2])
        moved: np.ndarray = np.einsum("nij,npj->npi", back, old - theta[:, None, :, 2])
        return (moved + 1) * half


MoveTargets = Callable[[Batch, Movement], Batch]
"""What a task does with targets that have a place in the picture."""


def change_of(
    fit: TrainerConfig, train: Arrays, scale: float, move_targets: MoveTargets | None = None
) -> Change | None:
    """Return what `fit.augment` and `fit.mixup` do to a batch; None if they do nothing."""
    changes: list[Change] = []
    if fit.augment is not None:
        changes.append(Augmenter(fit.augment, train["x"], scale, move_targets))
    if fit.mixup:
        changes.append(Mixup(fit.mixup))
    if not changes:
        return None

    def change(batch: Batch, rng: np.random.Generator) -> Batch:
        for one in changes:
            batch = one(batch, rng)
        return batch

    return change


class Mixup:
    """Mix each example with another of its batch, and so their losses, by one share a batch.

    Source: Zhang, Cisse, Dauphin and Lopez-Paz (2018), mixup: Beyond Empirical Risk Minimization.
    """

    def __init__(self, alpha: float) -> None:
        self.alpha = alpha

    def __call__(self, batch: Batch, rng: np.random.Generator) -> Batch:
        x, y = batch["x"], batch["y"]
        share = float(rng.beta(self.alpha, self.alpha))
        other = torch.from_numpy(rng.permutation(len(x))).to(x.device)
        return {
            **batch,
            "x": share * x + (1 - share) * x[other],
            "mixup_y": y[other],
            "mixup_share": torch.tensor(share, device=x.device),
        }


class Augmenter:
    """Turn, shift, scale, blur, shade and add noise, each by an amount drawn for each picture.

    The draws come from the generator it is given, so that they depend on seed and epoch alone;
    values stay within those of `train`.  `move_targets` moves boxes, masks and points with their
    pictures.
    """

    def __init__(
        self,
        settings: Augment,
        train: Array,
        scale: float = 1.0,
        move_targets: MoveTargets | None = None,
    ) -> None:
        axes = tuple(example_axes(train))
        if isinstance(train, Ragged) or len(axes) != PICTURE:
            raise FoursplitError(
                f"fit.augment: {settings.named()}: is for pictures (channel, row, column); these "
                f"inputs have the shape {axes}"
            )
        self.settings, self.move_targets = settings, move_targets
        self.lowest, self.highest = float(train.min()) * scale, float(train.max()) * scale

    def __call__(self, batch: Batch, rng: np.random.Generator) -> Batch:
        s, x = self.settings, batch["x"]
        if s.turn or s.shift or s.scale:
            movement = _movement(x, s, rng)
            x = movement.sample(x)
            if self.move_targets is not None:
                batch = self.move_targets(batch, movement)
        return {**batch, "x": self._repaint(x, rng)}

    def _repaint(self, x: Pictures, rng: np.random.Generator) -> Pictures:
        """Blur, shade and add noise: what changes no place in the picture."""
        s = self.settings
        if s.blur:
            x = _blurred(x, rng.uniform(0, s.blur, len(x)), s.blur)
        if s.shade:
            x = x + _veil(x, rng.uniform(0, s.shade, len(x)), rng) * (self.highest - x)
        if s.noise:
            spread = s.noise * (self.highest - self.lowest)
            x = x + _tensor(rng.normal(0, spread, tuple(x.shape)), x)
        return x.clamp(self.lowest, self.highest)


def _tensor(values: np.ndarray, like: Tensor) -> Tensor:
    return torch.from_numpy(values.astype(np.float32)).to(like.device)


def _movement(x: Pictures, s: Augment, rng: np.random.Generator) -> Movement:
    """Draw how far each picture is turned, scaled and shifted."""
    n, (rows, columns) = len(x), x.shape[2:]
    turn = np.radians(rng.uniform(-s.turn, s.turn, n))
    size = 1 + rng.uniform(-s.scale, s.scale, n)
    across, down = rng.uniform(-s.shift, s.shift, (2, n))
    cos, sin = np.cos(turn) / size, np.sin(turn) / size
    # In units of half the picture: without the ratio of sides a turn would shear it.
    theta = np.array(
        [
            [cos, -sin * rows / columns, 2 * across / columns],
            [sin * columns / rows, cos, 2 * down / rows],
        ]
    ).transpose(2, 0, 1)
    return Movement(_tensor(theta, x), rows, columns)


def _blurred(x: Pictures, spread: np.ndarray, most: float) -> Pictures:
    """Blur each picture by a Gaussian of its own standard deviation, in pixels."""
    reach = max(1, ceil(3 * most))
    offsets = np.arange(-reach, reach + 1)
    # A deviation near 0 leaves the picture as it is.
    weights = np.exp(-0.5 * (offsets / np.maximum(spread, 1e-3)[:, None]) ** 2)
    weights /= weights.sum(axis=1, keepdims=True)
    n, channels = x.shape[:2]
    kernel = _tensor(np.repeat(weights, channels, axis=0), x)  # (picture and channel, offset)
    flat = x.reshape(1, n * channels, *x.shape[2:])
    flat = F.pad(flat, (reach, reach, reach, reach), mode="replicate")
    flat = F.conv2d(flat, kernel[:, None, None, :], groups=n * channels)
    flat = F.conv2d(flat, kernel[:, None, :, None], groups=n * channels)
    return flat.reshape(x.shape)


def _veil(x: Pictures, most: np.ndarray, rng: np.random.Generator) -> Tensor:
    """Return how far each pixel moves toward the highest value: a gradient across the picture.

    A shadow on paper, where the pictures hold ink; a glare, where they hold light.
    """
    n, (rows, columns) = len(x), x.shape[2:]
    across, down = np.linspace(0, 1, columns), np.linspace(0, 1, rows)
    side = rng.integers(4, size=n)
    planes = np.stack(
        [
            np.broadcast_to(across, (rows, columns)),
            np.broadcast_to(across[::-1], (rows, columns)),
            np.broadcast_to(down[:, None], (rows, columns)),
            np.broadcast_to(down[::-1, None], (rows, columns)),
        ]
    )
    return _tensor((most[:, None, None] * planes[side])[:, None], x)
