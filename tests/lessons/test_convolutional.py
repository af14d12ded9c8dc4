"""Pages of the course on convolutional networks: their numbers by another way."""

import pytest

from foursplit_courses.lessons import convolution, convolution_axes, sliding_windows


def test_the_network_of_numpy_reads_digits_that_it_has_not_seen():
    numbers = convolution.run(convolution.Args()).numbers
    assert numbers["held_out_error"] <= 0.03
    assert numbers["jacobian_difference"] <= 1e-12
    kernels = 16 * (9 + 1) + 32 * (16 * 9 + 1)
    assert numbers["n_parameters"] == kernels + 32 * 2 * 2 * 10 + 10


@pytest.mark.parametrize(
    ("args", "name"),
    [({"n_train": 1797}, "n_train"), ({"channels": ()}, "channels"), ({"n_epochs": 0}, "n_epochs")],
)
def test_arguments_that_show_nothing_are_refused(args, name):
    with pytest.raises(ValueError, match=name):
        convolution.Args(**args)


def test_all_windows_at_once_score_as_each_crop_does():
    numbers = sliding_windows.run(sliding_windows.Args()).numbers
    assert numbers["largest_difference"] <= 1e-10
    # The course's: 16 by 16 pixels have four windows of 14 by 14, and 28 by 28 have 64.
    assert [numbers[f"windows_{side}"] for side in (14, 16, 28)] == [1, 4, 64]
    assert numbers["saved_14"] == 0
    assert 0 < numbers["saved_16"] < numbers["saved_28"] < numbers["saved_56"] < 1


def test_products_of_windows_are_those_counted_by_hand():
    args = sliding_windows.Args(sides=(16,))
    saved = sliding_windows.run(args).numbers["saved_16"]
    kernels, dense = 16 * 3 * 25, 16 * 25 * 400 + 400 * 4
    crops = 4 * (100 * kernels + dense)
    assert saved == pytest.approx(1 - (144 * kernels + 4 * dense) / crops)


def test_a_kernel_over_time_sees_what_single_frames_do_not():
    numbers = convolution_axes.run(convolution_axes.Args()).numbers
    assert numbers["error_3d"] < 0.1
    assert 0.35 < numbers["error_2d"] < 0.65
    assert numbers["found_by_convolution"] > numbers["found_by_height"]


def test_without_noise_every_beat_is_found():
    numbers = convolution_axes.run(convolution_axes.Args(noise=0.0)).numbers
    assert numbers["found_by_convolution"] == convolution_axes.Args().n_beats


@pytest.mark.parametrize(
    ("lesson", "args", "name"),
    [
        (sliding_windows, {"window": 13}, "window"),
        (sliding_windows, {"sides": (15,)}, "sides"),
        (convolution_axes, {"n_samples": 30}, "n_samples"),
        (convolution_axes, {"n_frames": 1}, "n_frames"),
        (convolution_axes, {"side": 4}, "side"),
    ],
)
def test_impossible_arguments_are_refused(lesson, args, name):
    with pytest.raises(ValueError, match=name):
        lesson.Args(**args)
