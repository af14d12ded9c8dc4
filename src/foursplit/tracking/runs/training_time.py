"""How long a training took: MLflow's page shows it, and no file of the stages holds a time.

The record of the stage's last run lies outside the graph, in `.foursplit/stages`.  It counts only
if the model's files were written while that run lasted.
"""

import time

from foursplit.config import paths
from foursplit.core.errors import FoursplitError
from foursplit.evaluation.results import ExperimentResult
from foursplit.io import artifacts

SLACK_S = 10.0  # between the end of a stage and its record, on a busy machine


def training_ms(entry: ExperimentResult, made_ms: int) -> int:
    """Return the milliseconds of one seed's training, an equal share; 0 where it is not known."""
    name = f"pipelines__{entry.home.replace('/', '__')}__dvc.yaml--train@{entry.key}.json"
    try:
        record = artifacts.read_json(paths.state() / "stages" / name)
        seconds, how = float(record["seconds"]), record["how"]
        ended = time.mktime(time.strptime(record["ended"], "%Y-%m-%d %H:%M:%S"))
    except (FoursplitError, OSError, KeyError, TypeError, ValueError):
        return 0
    if how != "ran" or not ended - seconds - SLACK_S <= made_ms / 1000 <= ended + SLACK_S:
        return 0
    return round(1000 * seconds / max(len(entry.summaries), 1))
