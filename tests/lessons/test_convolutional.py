"""Pages of the course on convolutional networks: their numbers by another way."""

import pytest

from foursplit_courses.lessons import convolution


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
