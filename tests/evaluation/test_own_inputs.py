"""Pictures of one's own are read as train's are, and named where they are unlike all of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as arrays
from PIL import Image

from foursplit.core.errors import FoursplitError
from foursplit.evaluation import picture_files, unlike_train


def save(path, x, **options):
    Image.fromarray(x).save(path, **options)
    return path


@given(arrays.arrays(np.uint8, (6, 8, 3)))
@settings(max_examples=30)
def test_a_picture_of_the_right_size_is_read_as_it_is(tmp_path_factory, pixels):
    path = save(tmp_path_factory.mktemp("pictures") / "one.png", pixels)
    x, notes = picture_files.read_pictures([path], (3, 6, 8), (0.0, 16.0))
    assert x.shape == (1, 3, 6, 8)
    np.testing.assert_allclose(x[0].transpose(1, 2, 0), pixels / 255 * 16, rtol=1e-6)
    assert notes == []


def test_the_middle_of_a_larger_picture_is_averaged(tmp_path):
    wide = np.zeros((4, 12), dtype=np.uint8)
    wide[:, 4:8] = [[0, 255, 40, 60]] * 4  # the middle square
    x, (note,) = picture_files.read_pictures([save(tmp_path / "a.png", wide)], (1, 2, 2), (0, 1))
    np.testing.assert_allclose(x[0, 0], [[127.5, 50]] * 2 / np.float32(255), atol=0.5 / 255)
    assert "12 x 4" in note


def test_colours_become_grey_and_grey_becomes_colours(tmp_path):
    red = np.zeros((2, 2, 3), dtype=np.uint8)
    red[..., 0] = 200
    grey, _ = picture_files.read_pictures([save(tmp_path / "a.png", red)], (1, 2, 2), (0, 1))
    np.testing.assert_allclose(grey, 0.299 * 200 / 255, atol=1 / 255)
    path = save(tmp_path / "b.png", red[..., 0])
    colours, _ = picture_files.read_pictures([path], (3, 2, 2), (0, 1))
    np.testing.assert_allclose(colours, 200 / 255, rtol=1e-6)


def test_a_phones_turned_picture_is_turned_back(tmp_path):
    upright = np.zeros((2, 2), dtype=np.uint8)
    upright[0, 0] = 255
    exif = Image.Exif()
    exif[0x0112] = 3  # by half a turn
    path = save(tmp_path / "turned.png", upright[::-1, ::-1].copy(), exif=exif)
    x, _ = picture_files.read_pictures([path], (1, 2, 2), (0, 255))
    np.testing.assert_array_equal(x[0, 0], upright)


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"no picture", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_is_named(tmp_path, content):
    path = tmp_path / "one.png"
    path.write_bytes(content)
    with pytest.raises(FoursplitError, match=r"one\.png.*not readable as a picture.*\.jpg"):
        picture_files.read_pictures([path], (1, 2, 2), (0, 1))


def test_a_missing_file_and_inputs_that_are_no_pictures_are_named(tmp_path):
    with pytest.raises(FoursplitError, match="no such file"):
        picture_files.read_pictures([tmp_path / "none.png"], (1, 2, 2), (0, 1))
    with pytest.raises(FoursplitError, match=r"\(2, 8, 8\)"):
        picture_files.read_pictures([tmp_path / "none.png"], (2, 8, 8), (0, 1))


def test_the_share_that_is_nearer_agrees_with_distances_one_by_one(rng):
    train, held_out, x = (rng.normal(size=(n, 3, 2)) for n in (40, 30, 12))
    mean, deviation = train.mean(axis=0), train.std(axis=0)

    def nearest(point):
        return min(np.sqrt((((point - other) / deviation) ** 2).sum()) for other in train)

    usual = [nearest(point) for point in held_out]
    expected = [np.mean([u < nearest(point) for u in usual]) for point in x]
    assert mean.shape == (3, 2)
    np.testing.assert_allclose(unlike_train.share_nearer(x, train, held_out), expected)


def test_inputs_like_train_are_usual_and_strange_ones_are_not(rng):
    train, held_out, like = (rng.normal(size=(n, 10)) for n in (500, 300, 300))
    shares = unlike_train.share_nearer(like, train, held_out)
    assert np.mean(shares >= unlike_train.UNUSUAL) < 0.05
    assert (unlike_train.share_nearer(like + 10, train, held_out) == 1).all()


def test_an_input_that_never_varies_in_train_may_not_hide_a_strange_one(rng):
    train = np.c_[rng.normal(size=(50, 2)), np.zeros(50)]
    strange = np.array([[0.0, 0.0, 30.0]])
    assert unlike_train.share_nearer(strange, train, train[:20] + 0.01) == [1.0]
