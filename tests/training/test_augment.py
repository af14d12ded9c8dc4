"""Augmentation: what it may change and how far, against SciPy's own turning and blurring."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from foursplit.config.fit import Augment
from foursplit.core.errors import FoursplitError
from foursplit.training.augment import Augmenter, _blurred
from foursplit.training.batches import Batches, OnDevice

SIDE = 15


def pictures(n=6, channels=1, rows=SIDE, columns=SIDE, seed=0):
    drawn = np.random.default_rng(seed).random((n, channels, rows, columns), dtype=np.float32)
    return torch.from_numpy(drawn)


def dot(row, column, rows=SIDE, columns=SIDE):
    """A picture of one soft dot, whose place can be measured."""
    at = (np.arange(rows)[:, None] - row) ** 2 + (np.arange(columns)[None] - column) ** 2
    return torch.from_numpy(np.exp(-at / 2).astype(np.float32))[None, None]


def place(picture):
    return np.array(ndimage.center_of_mass(picture[0, 0].numpy()))


def changed(asked, x, rng):
    return Augmenter(asked, x)({"x": x}, rng)["x"]


class Fixed:
    """A generator whose uniform draws all are `share` of the way from low to high."""

    def __init__(self, share=1.0):
        self.share = share

    def uniform(self, low, high, size=None):
        return np.full(size, low + self.share * (high - low))


def test_nothing_asked_for_changes_nothing():
    x = pictures()
    assert torch.equal(changed(Augment(), x, np.random.default_rng(1)), x)


@pytest.mark.parametrize("angle", [10.0, 90.0, 180.0])
def test_a_turn_moves_a_dot_along_the_circle(angle):
    middle = (SIDE - 1) / 2
    x = dot(middle, middle + 4)
    turned = changed(Augment(turn=angle), x, Fixed())
    # Rows count downwards: a grid that is turned one way turns the picture the other.
    reached = place(turned) - middle
    assert np.allclose(np.hypot(*reached), 4, atol=0.1)
    assert np.isclose(abs(np.degrees(np.arctan2(*reached))), angle, atol=1)


def test_a_turn_of_a_wide_picture_does_not_shear_it():
    x = dot(5.5, 13.5 + 4, rows=12, columns=28)
    turned = changed(Augment(turn=90.0), x, Fixed())
    assert np.allclose(np.abs(place(turned) - (5.5, 13.5)), (4, 0), atol=0.1)


def test_a_shift_is_in_pixels():
    x = dot(7, 7)
    moved = changed(Augment(shift=2.0), x, Fixed())
    assert np.allclose(np.abs(place(moved) - 7), 2, atol=0.05)


def test_a_scale_is_a_share_of_the_size():
    x = dot(7, 11)
    grown = changed(Augment(scale=0.25), x, Fixed())
    assert np.allclose(place(grown), (7, 7 + 4 * 1.25), atol=0.1)


@pytest.mark.parametrize("spread", [0.3, 0.8, 1.5])
def test_a_blur_is_scipys(spread):
    x = pictures(n=2, channels=3)
    found = _blurred(x, np.full(2, spread), most=spread).numpy()
    reach = int(max(1, np.ceil(3 * spread)))
    for n in range(2):
        for channel in range(3):
            wanted = ndimage.gaussian_filter(
                x[n, channel].numpy(), spread, mode="nearest", radius=reach
            )
            assert np.allclose(found[n, channel], wanted, atol=1e-5)


def test_shade_darkens_paper_and_leaves_ink():
    paper_and_ink = torch.zeros(400, 1, 8, 8)
    paper_and_ink[:, :, 2, :] = 1.0
    shaded = changed(Augment(shade=0.4), paper_and_ink, np.random.default_rng(0))
    assert torch.equal(shaded[:, :, 2], paper_and_ink[:, :, 2])
    assert 0.35 < float(shaded[:, :, 4].max()) <= 0.4
    # From each of the four sides, about as often.
    darkest = shaded[:, 0, [0, -1]][:, :, [0, -1]].reshape(400, 4)
    assert (darkest > 0).float().mean(dim=0).min() > 0.3


def test_noise_is_of_the_deviation_asked_for():
    x = torch.full((50, 1, 20, 20), 0.5)
    x[0, 0, 0, 0], x[0, 0, 0, 1] = -1.0, 2.0  # a range of 3
    found = changed(Augment(noise=0.1), x, np.random.default_rng(0))
    assert np.isclose(float((found[1:] - x[1:]).std()), 0.3, rtol=0.05)


@settings(max_examples=40, deadline=None)
@given(
    st.builds(
        Augment,
        turn=st.floats(0, 180),
        shift=st.floats(0, 5),
        scale=st.floats(0, 0.9),
        blur=st.floats(0, 3),
        shade=st.floats(0, 0.9),
        noise=st.floats(0, 2),
    ),
    st.integers(0, 5),
)
def test_values_stay_within_those_of_train_and_draws_repeat(asked, seed):
    x = pictures()
    once, again = (changed(asked, x, np.random.default_rng(seed)) for _ in range(2))
    assert torch.equal(once, again)
    assert once.shape == x.shape
    assert float(once.min()) >= float(x.min())
    assert float(once.max()) <= float(x.max())


def test_an_epoch_changes_pictures_by_seed_and_epoch_alone():
    x, y = pictures(8), torch.arange(8)
    change = Augmenter(Augment(noise=0.3), x)

    def epoch(seed, number):
        split = OnDevice({"x": x.numpy(), "y": y.numpy()}, torch.device("cpu"))
        batches = Batches(split, size=None, seed=seed, epoch=lambda: number, change=change)
        (batch,) = batches
        return batch["x"][batch["y"].argsort()]

    assert torch.equal(epoch(1, 3), epoch(1, 3))
    assert not torch.equal(epoch(1, 3), epoch(1, 4))
    assert not torch.equal(epoch(1, 3), epoch(2, 3))


def test_what_is_no_picture_is_refused_by_name():
    with pytest.raises(FoursplitError, match=r"turn 20.*\(13,\)"):
        Augmenter(Augment(turn=20.0), torch.zeros(5, 13))


@pytest.mark.parametrize("options", [{"turn": -1.0}, {"scale": 1.0}, {"shade": 1.5}])
def test_amounts_out_of_range_are_refused(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        Augment(**options)
