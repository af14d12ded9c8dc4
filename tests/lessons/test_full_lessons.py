"""Pages of the full pipeline's data sets: the courses' own tables give the courses' own numbers."""

import numpy as np
import pytest
import yaml
from tests.conftest import PROJECT
from tests.datasets import test_full_laws as laws

from foursplit.config.load import parse
from foursplit.core.trained_experiment import TrainedExperiment
from foursplit_courses.lessons import houses_of_the_labs

pytestmark = laws.pytestmark

BLOCKS = {
    key: block
    for course in yaml.safe_load((PROJECT / "params.yaml").read_text())["full"]["lessons"].values()
    for key, block in course.items()
}


def args(file):
    key = file.__name__.rpartition(".")[2]
    return parse(file.Args, BLOCKS[key]["args"], key)


@pytest.fixture
def accepted(monkeypatch):
    monkeypatch.setenv("FOURSPLIT_ACCEPT", "course_portland_houses")


@pytest.mark.usefixtures("accepted")
def test_the_labs_houses_give_the_printed_parameters_and_all_hundred_do_not():
    table = laws.read("lab_houses")
    settings = args(houses_of_the_labs)
    trained = TrainedExperiment(table=table, models={})
    numbers = houses_of_the_labs.run(settings, trained).numbers
    names = [f"weight_{name}" for name in houses_of_the_labs.INPUTS]
    found = [numbers[name] for name in (*names, "bias")]
    assert [float(f"{value:.2f}") for value in found] == list(settings.printed)
    assert numbers["printed_digits_met"] == 5
    rows = table[[*houses_of_the_labs.INPUTS, "price"]].to_numpy()
    np.testing.assert_allclose(found, least_squares(rows[1:]), rtol=1e-6)
    # The naive way fails here: the first row is a house, which the labs skip.
    naive = [float(f"{value:.2f}") for value in least_squares(rows)]
    assert not set(naive) & set(settings.printed)


def least_squares(rows):
    """Give weights of z-scores and the bias, by the pseudo-inverse."""
    x = (rows[:, :4] - rows[:, :4].mean(axis=0)) / rows[:, :4].std(axis=0)
    return np.linalg.pinv(np.column_stack([x, np.ones(len(x))])) @ rows[:, 4]


@pytest.mark.parametrize(
    ("change", "name"),
    [({"printed": (1.0, 2.0)}, "printed"), ({"rates_raw": (0.0,)}, "rates_raw")],
)
def test_arguments_that_cannot_be_are_refused(change, name):
    block = {**BLOCKS["houses_of_the_labs"]["args"], **change}
    with pytest.raises(Exception, match=name):
        parse(houses_of_the_labs.Args, block, "houses_of_the_labs")
