"""Lock that serializes promotions across machines.

MLflow moves an alias without a check of its present target.  So each process first sets a tag on
the registered model, then reads the tags of others: of two concurrent processes at least one sees
the other's tag; it deletes its own and waits.
"""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from foursplit.core.errors import FoursplitError
from foursplit.tracking import store
from foursplit.tracking.runs import ownership

LOCK_TAG = "foursplit.promoting."

LEASE_MS = 600_000  # an older tag is of a killed process: a promotion takes a second

MAX_ATTEMPTS = 10


@contextmanager
def promotion_lock(client: Any, group: str) -> Iterator[None]:
    """Hold the promotion lock of `group`; requires this folder's writer lock."""
    if store.database_path() is not None:
        yield  # the file lock has excluded others
        return
    own_tag = LOCK_TAG + ownership.writer_id()
    try:
        _claim(client, group, own_tag)
        yield
    finally:
        client.delete_registered_model_tag(group, own_tag)


def _claim(client: Any, group: str, own_tag: str) -> None:
    for _ in range(MAX_ATTEMPTS):
        client.set_registered_model_tag(group, own_tag, str(ownership.now_ms()))
        tags = client.get_registered_model(group).tags
        others = [name for name in tags if name.startswith(LOCK_TAG) and name != own_tag]
        if not any(ownership.now_ms() - int(tags[name]) < LEASE_MS for name in others):
            return
        client.delete_registered_model_tag(group, own_tag)
        time.sleep(random.uniform(0.2, 1.0))  # random, so that two do not collide again
    raise FoursplitError(
        f"{group}: another machine is promoting a champion. Run `foursplit gate` again, at "
        f"the latest in {LEASE_MS // 60_000} minutes"
    )
