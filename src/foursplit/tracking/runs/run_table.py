"""The table of runs that MLflow's page shows: dev error, gaps and verdict, best first.

MLflow reads a shared view from a tag of the experiment, and a link names it (version 3.17.2,
"Share" on the page of runs).  The link also asks for the pages of model training.
"""

import json

SHARE_KEY = "foursplit"

VIEW_TAG = f"mlflow.sharedViewState.{SHARE_KEY}"

TRAINING = "workflowType=machine_learning"

COLUMNS = (
    "attributes.start_time",
    "metrics.`diagnosis/dev/error`",
    "tags.`diagnosis.short_verdict`",
    "metrics.`diagnosis/gap/avoidable_bias`",
    "metrics.`diagnosis/gap/variance`",
    "metrics.`diagnosis/gap/mismatch`",
    "metrics.`diagnosis/test/error`",
    "tags.`foursplit.winner`",
)


def view_state() -> str:
    """Return the shared view: the present runs, the lowest dev error first."""
    return json.dumps(
        {
            "searchFilter": 'tags.`foursplit.is_latest` = "true"',
            "orderByKey": "metrics.`diagnosis/dev/error`",
            "orderByAsc": True,
            "selectedColumns": list(COLUMNS),
        }
    )


def runs_page(experiment_id: str) -> str:
    """Return the page of a comparison group's runs, from the address of MLflow's server."""
    query = f"{TRAINING}&viewStateShareKey={SHARE_KEY}"
    return f"#/experiments/{experiment_id}/runs?{query}"
