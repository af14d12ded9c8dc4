"""The diagnosis of an experiment has the shape of any other diagnosis."""

from dataclasses import replace

import pandas as pd
import pytest

from foursplit.config.schema import ComparisonGroup, DiagnosisConfig
from foursplit.core.dataset_spec import ReferenceLevel
from foursplit.diagnosis import prediction_table
from foursplit.diagnosis.diagnose import diagnose_as_json
from foursplit.diagnosis.prediction_table import Model
from foursplit.diagnosis.settings import Settings
from foursplit.evaluation.diagnose_experiment import diagnose
from foursplit_courses.datasets.wine import SPEC

DIAGNOSIS = DiagnosisConfig(
    n_resamples=100,
    confidence=0.95,
    min_gap=0.005,
    min_gap_fraction=0.1,
    co_primary_fraction=0.5,
    seed=1,
    tie_probability=0.0,
)


def model():
    frame = pd.DataFrame({"example_id": [f"d{k}" for k in range(40)], "loss": [1.0] * 4 + [0] * 36})
    return Model(tables={"dev": prediction_table.validate(frame, "dev")})


@pytest.mark.parametrize(
    ("reference", "desired", "kind", "where"),
    [
        (ReferenceLevel(error=0.02, kind="human", citation="a lesson"), None, "human", "a lesson"),
        (
            ReferenceLevel(error=0.02, kind="best known", citation="a paper"),
            None,
            "best known",
            "a paper",
        ),
        (None, 0.02, "desired", "params.yaml"),
    ],
)
def test_the_human_level_of_every_diagnosis_has_one_shape(reference, desired, kind, where):
    group = ComparisonGroup(dataset="wine", task="classify", metric="error", desired_error=desired)
    experiment = diagnose([model()], group, replace(SPEC, reference=reference), DIAGNOSIS)
    tables = diagnose_as_json([model()], Settings(human_error=0.02, n_resamples=50))
    assert set(experiment["human"]) == set(tables["human"])
    assert set(experiment["human"]["levels"][0]) == set(tables["human"]["levels"][0])
    assert experiment["human"]["error"] == experiment["splits"]["human"]["value"] == 0.02
    assert (experiment["human"]["kind"], experiment["human"]["where"]) == (kind, where)


def test_without_any_level_there_is_none_in_either():
    group = ComparisonGroup(dataset="wine", task="classify", metric="error")
    dataset = replace(SPEC, reference=None)
    experiment = diagnose([model()], group, dataset, DIAGNOSIS)
    assert (
        experiment["human"]
        is diagnose_as_json([model()], Settings(n_resamples=50))["human"]
        is None
    )
