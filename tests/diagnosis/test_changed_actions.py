"""Steps that know more than the gap: a penalty that is on, an audit of a few labels."""

import numpy as np
import pandas as pd
import pytest

from foursplit.diagnosis.diagnose import diagnose_as_json
from foursplit.diagnosis.prediction_table import Model, validate
from foursplit.diagnosis.settings import Settings


def table(split, wrong, n=1000, **columns):
    frame = {"example_id": [f"{split}{k}" for k in range(n)], "loss": (np.arange(n) < wrong) * 1.0}
    return validate(pd.DataFrame({**frame, **columns}), split)


def diagnosed(audits=None, **settings):
    columns = {} if audits is None else {"label_audit": [*audits, *[None] * (1000 - len(audits))]}
    tables = {"train": table("train", 150), "dev": table("dev", 160, **columns)}
    return diagnose_as_json(
        [Model(tables=tables)],
        Settings(human_error=0.01, same_distribution=True, n_resamples=200, **settings),
    )


def step(found, link):
    (found_step,) = [one for one in found["next"] if one["link"] == link]
    return found_step


def test_a_penalty_that_is_on_is_the_first_thing_to_take_back_on_bias():
    found = diagnosed(penalties={"weight_decay": 0.2, "dropout": 0.5})
    assert found["verdict"]["primary"] == ["avoidable_bias"]
    action = found["next"][0]["action"]
    assert action.startswith("less regularisation (weight_decay is 0.2, dropout is 0.5)")
    assert "bigger model" in action


def test_without_a_penalty_there_is_none_to_take_back():
    assert "regularisation" not in diagnosed()["next"][0]["action"]


@pytest.mark.parametrize("n_audited", [3, 9])
def test_an_audit_of_fewer_than_ten_errors_says_so_with_its_interval(n_audited):
    found = diagnosed(["wrong"] * (n_audited // 3) + ["ok"] * (n_audited - n_audited // 3))
    assert f"of only {n_audited} audited errors" in found["labels"]["few"]
    labels = step(found, "labels")
    assert labels["action"].startswith("audit 10 errors or more")
    assert ("6% to 79%" if n_audited == 3 else "12% to 65%") in labels["action"]
    assert labels["gain"] is None


def test_ten_audits_are_enough_to_advise_correction():
    found = diagnosed(["wrong"] * 4 + ["ok"] * 6)
    assert found["labels"]["few"] == ""
    assert step(found, "labels")["gain"] == pytest.approx(0.4 * 0.16)
