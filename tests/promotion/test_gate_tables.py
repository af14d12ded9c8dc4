"""The gate reads the tables of the pipeline, with the baseline loss."""

import pandas as pd
import pytest

from foursplit.core.errors import FoursplitError
from foursplit.promotion.gate_tables import read, table

FRAME = pd.DataFrame(
    {
        "example_id": ["a", "b"],
        "loss": [0.0, 1.0],
        "log_loss": [0.1, 2.0],
        "baseline_loss": [1.0, 1.0],
        "content_hash": ["x", "y"],
        "group_id": ["a", "b"],
    }
)


def test_the_metric_is_the_loss_and_the_tasks_own_stays_beside_the_baseline():
    result = table(FRAME, "dev", "log_loss")
    assert result.loss.tolist() == [0.1, 2.0]
    assert result.frame["task_loss"].tolist() == [0.0, 1.0]
    assert result.frame["baseline_loss"].tolist() == [1.0, 1.0]
    assert result.frame["content_hash"].tolist() == ["x", "y"]


def test_seeds_are_read_by_folder(tmp_path):
    for seed in ("seed_2", "seed_1"):
        (tmp_path / seed).mkdir()
        FRAME.to_parquet(tmp_path / seed / "dev.parquet")
    models = read(tmp_path)
    assert [model.name for model in models] == ["seed_1", "seed_2"]
    assert [*models[0].tables] == ["dev"]


def test_no_seed_no_parquet_and_no_column_are_refused_by_name(tmp_path):
    with pytest.raises(FoursplitError, match="no folder seed_"):
        read(tmp_path)
    (tmp_path / "seed_1").mkdir()
    (tmp_path / "seed_1/dev.parquet").write_text("no table")
    with pytest.raises(FoursplitError, match=r"dev\.parquet: not a valid Parquet file"):
        read(tmp_path)
    with pytest.raises(FoursplitError, match="unknown column 'f1'"):
        table(FRAME, "dev", "f1")
