"""IDX files are read by what their head says, and refused where it lies."""

import gzip
import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.extra import numpy as arrays

from foursplit.core.errors import FoursplitError
from foursplit_courses.transforms import idx


def written(path, values, head=None):
    """Write as the MNIST page describes, big-endian."""
    if head is None:
        head = bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
    path.write_bytes(gzip.compress(head + values.tobytes()))
    return path


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=arrays.arrays(np.uint8, arrays.array_shapes(min_dims=1, max_dims=4)))
def test_what_was_written_is_read(values, tmp_path):
    found = idx.read(written(tmp_path / "a.gz", values))
    np.testing.assert_array_equal(found, values)
    assert found.shape == values.shape


def test_an_axis_above_255_is_read_big_endian(tmp_path):
    assert idx.read(written(tmp_path / "a.gz", np.zeros(258, np.uint8))).shape == (258,)


@pytest.mark.parametrize(
    ("head", "says"),
    [
        (bytes([0, 0, 13, 1, 0, 0, 0, 6]), "unsigned"),  # 13: floats
        (bytes([1, 0, 8, 1, 0, 0, 0, 6]), "two zeros"),
        (bytes([0, 0, 8, 1, 0, 0, 0, 7]), r"\(7,\), but 6 values"),  # cut off
        (b"", "two zeros"),
    ],
)
def test_a_head_that_does_not_fit_is_refused(head, says, tmp_path):
    with pytest.raises(FoursplitError, match=says):
        idx.read(written(tmp_path / "a.gz", np.ones(6, np.uint8), head))


def test_parts_follow_one_another_with_their_labels(tmp_path):
    sizes = {"train": 3, "t10k": 2}
    pictures = {name: np.full((n, 2, 2), n, np.uint8) for name, n in sizes.items()}
    for name, n in sizes.items():
        written(tmp_path / f"{name}-images-idx3-ubyte.gz", pictures[name])
        written(tmp_path / f"{name}-labels-idx1-ubyte.gz", np.arange(n, dtype=np.uint8))
    own_pictures, own_labels = idx.read_pair(tmp_path, "t10k")
    np.testing.assert_array_equal(own_pictures, pictures["t10k"])
    assert own_labels.tolist() == [0, 1]
    x, labels, part = idx.read_parts(tmp_path, {"learn": "train", "test": "t10k"})
    assert x[:, 0, 0].tolist() == [3, 3, 3, 2, 2]
    assert labels.tolist() == [0, 1, 2, 0, 1]
    assert part.tolist() == ["learn"] * 3 + ["test"] * 2
