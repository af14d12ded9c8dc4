"""Images embedded in a page."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from foursplit.reporting.png import MAX_SIDE, brightness, data_uri, png


@pytest.mark.parametrize("shape", [(8, 8, 1), (5, 7, 3), (1, 1, 1), (200, 150, 3)])
def test_pillow_decodes_the_same_pixels(shape, rng):
    # The largest takes 90,200 bytes, which is more than one stored block holds.
    pixels = rng.integers(256, size=shape, dtype=np.uint8)
    with Image.open(io.BytesIO(png(pixels))) as image:
        image.load()
        assert (np.asarray(image).reshape(shape) == pixels).all()


def read(uri):
    content = base64.b64decode(uri.removeprefix("data:image/png;base64,"))
    with Image.open(io.BytesIO(content)) as image:
        image.load()
        return np.asarray(image)


def test_black_and_white_are_the_ends_of_the_range():
    image = np.array([[[0.0, 0.5, 1.0]]], np.float32)
    assert read(data_uri(image, 0.0, 1.0)).tolist() == [[0, 128, 255]]


def test_pixels_that_exceed_zero_to_one_are_scaled_to_their_own_range():
    assert brightness(np.array([0.2, 0.7])) == (0.0, 1.0)
    assert brightness(np.array([-1.0, 3.0])) == (-1.0, 3.0)
    low, high = brightness(np.array([7.0, 7.0]))
    assert high > low


def test_a_large_image_is_subsampled():
    assert max(read(data_uri(np.zeros((3, 500, 300)), 0.0, 1.0)).shape) <= MAX_SIDE


def test_a_image_of_two_channels_shows_its_first():
    image = np.stack([np.ones((2, 2)), np.zeros((2, 2))])
    assert (read(data_uri(image, 0.0, 1.0)) == 255).all()
