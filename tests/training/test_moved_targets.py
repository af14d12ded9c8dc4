"""Masks and points move with their pictures, against SciPy's own affine transformation."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from tests.training.test_loops import fit_of
from torch import nn

from foursplit.config.fit import Augment
from foursplit.core.errors import FoursplitError
from foursplit.core.examples import DataSpec
from foursplit.training.augment import Augmenter, Movement
from foursplit.training.supervised_task import SupervisedTask

ROWS, COLUMNS = 40, 56
SPEC = DataSpec(inputs=(1, ROWS, COLUMNS))

TURNS, SIZES, SHIFTS = st.floats(-180, 180), st.floats(0.6, 1.5), st.floats(-8, 8)


def movement_of(turn, size, across, down, rows=ROWS, columns=COLUMNS):
    """Return the movement that turns by degrees, scales, and shifts by pixels."""
    c, s = np.cos(np.radians(turn)) / size, np.sin(np.radians(turn)) / size
    theta = [
        [c, -s * rows / columns, 2 * across / columns],
        [s * columns / rows, c, 2 * down / rows],
    ]
    return Movement(torch.tensor([theta], dtype=torch.float32), rows, columns)


def by_scipy(mask, turn, size, across, down):
    """Move a (row, column) mask by SciPy: for each new place, the old one in rows and columns."""
    c, s = np.cos(np.radians(turn)) / size, np.sin(np.radians(turn)) / size
    matrix = np.array([[c, s], [-s, c]])
    middle = (np.array(mask.shape) - 1) / 2
    offset = middle + np.array([down, across]) - matrix @ middle
    return ndimage.affine_transform(mask, matrix, offset, order=0, mode="constant", cval=0)


def blob(row=20.0, column=28.0, radius=9.0):
    """Return a mask with a disc of class 2, and of class 5 in its lower half."""
    rows, columns = np.mgrid[:ROWS, :COLUMNS]
    disc = (rows - row) ** 2 + (columns - column) ** 2 <= radius**2
    return np.where(disc, np.where(rows > row, 5, 2), 0).astype(np.uint8)


def moved_by(movement, mask):
    return movement.sample_labels(torch.from_numpy(mask)[None])[0].numpy()


@settings(max_examples=60, deadline=None)
@given(st.tuples(TURNS, SIZES, SHIFTS, SHIFTS))
def test_a_mask_moves_as_scipy_moves_it(how):
    found, expected = moved_by(movement_of(*how), blob()), by_scipy(blob(), *how)
    assert found.dtype == np.uint8
    # Where a place lies between two pixels, single and double precision may choose another one.
    assert (found != expected).mean() < 0.02
    assert set(np.unique(found)) <= {0, 2, 5}


@settings(max_examples=60, deadline=None)
@given(TURNS, st.floats(0.7, 1.4), st.floats(-3, 3), st.floats(-3, 3))
def test_area_and_middle_of_a_mask_are_those_of_its_points(turn, size, across, down):
    movement = movement_of(turn, size, across, down)
    mask = blob(19, 29, 8)
    found = moved_by(movement, mask)
    area, before = (found > 0).sum(), (mask > 0).sum()
    # The nearest pixel is up to 0.7 away, all along the circumference at worst.
    assert area == pytest.approx(before * size**2, abs=0.7 * 2 * np.pi * 8 * size)
    row, column = ndimage.center_of_mass(mask > 0)
    # A pixel's middle lies half a pixel from its corner, from which points are counted.
    (reached,) = movement.points(np.array([[[column + 0.5, row + 0.5]]]))[0]
    there = ndimage.center_of_mass(found > 0)
    assert np.allclose(there, (reached[1] - 0.5, reached[0] - 0.5), atol=0.7)


@settings(max_examples=60, deadline=None)
@given(TURNS, SIZES, SHIFTS, SHIFTS, st.integers(0, 5))
def test_points_that_move_back_are_where_they_were(turn, size, across, down, seed):
    there = movement_of(turn, size, across, down)
    square = torch.tensor([[[0.0, 0.0, 1.0]]])
    back = torch.linalg.inv(torch.cat([there.theta, square], dim=1).double())[:, :2]
    points = torch.from_numpy(np.random.default_rng(seed).uniform(0, 40, (1, 7, 2)))
    again = Movement(back, ROWS, COLUMNS).move_points(there.move_points(points))
    torch.testing.assert_close(again, points, atol=1e-3, rtol=0)


@pytest.mark.parametrize("across", [-6, 0, 5])
@pytest.mark.parametrize("down", [-4, 3])
@pytest.mark.parametrize("turn", [0, 180])
def test_a_mask_that_moves_back_is_what_it_was(across, down, turn):
    there = movement_of(turn, 1.0, across, down)
    sign = 1 if turn else -1  # half a turn turns the shift round too
    back = movement_of(turn, 1.0, sign * across, sign * down)
    assert np.array_equal(moved_by(back, moved_by(there, blob())), blob())


class Segment(SupervisedTask):
    """A class for each pixel, and the corners of something."""

    masks, points = ("mask",), ("corners",)

    def output_loss(self, outputs, batch):
        return nn.functional.cross_entropy(outputs, batch["mask"].long())

    def output_error(self, outputs, batch):
        return (outputs.argmax(dim=1) != batch["mask"]).float().mean()


class Careless(Segment):
    masks = ()


def batch_of(n=5, seed=0):
    """Return pictures that are bright where their masks have something, with a marked pixel."""
    rng = np.random.default_rng(seed)
    masks = np.stack([blob(*rng.uniform((16, 20, 6), (24, 36, 9))) for _ in range(n)])
    corners = [ndimage.center_of_mass(mask > 0)[::-1] for mask in masks]
    return {
        "x": torch.from_numpy((masks > 0).astype(np.float32))[:, None],
        "mask": torch.from_numpy(masks),
        "corners": torch.tensor(np.array(corners)[:, None] + 0.5, dtype=torch.float32),
    }


def test_augmentation_keeps_masks_and_points_on_what_they_mark():
    batch = batch_of()
    task = Segment(nn.Identity(), fit_of(), SPEC)
    asked = Augment(turn=30, shift=3, scale=0.2)
    change = Augmenter(asked, batch["x"].numpy(), 1.0, task.move_targets)
    moved = change(batch, np.random.default_rng(3))
    for number in range(len(batch["x"])):
        bright = moved["x"][number, 0].numpy() > 0.5
        marked = moved["mask"][number].numpy() > 0
        assert (bright & marked).sum() / (bright | marked).sum() > 0.9
        middle = ndimage.center_of_mass(bright)
        assert np.allclose(moved["corners"][number, 0] - 0.5, middle[::-1], atol=0.5)
    # The naive way, the mask where it was, is off what it marks.
    stayed = batch["mask"] > 0
    bright = moved["x"][:, 0] > 0.5
    assert (bright & stayed).sum() / (bright | stayed).sum() < 0.8


def test_a_mask_that_a_task_does_not_name_is_refused():
    batch = batch_of()
    task = Careless(nn.Identity(), fit_of(), SPEC)
    change = Augmenter(Augment(turn=30), batch["x"].numpy(), 1.0, task.move_targets)
    with pytest.raises(FoursplitError, match=r"'mask'.*Careless\.masks"):
        change(batch, np.random.default_rng(3))
