"""One at a time may make a champion, from whatever machine.

MLflow moves an alias without asking where it points by now.  So whoever means to move one leaves a
note on the registered model first and looks for others' notes afterwards: of two who do so at
once, one sees the other's at least, and whoever sees one takes his back and waits.
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

LEASE_MS = 600_000  # who left an older note was killed: moving an alias takes a second

MAX_ATTEMPTS = 10


@contextmanager
def promotion_lock(client: Any, group: str) -> Iterator[None]:
    """Keep out who promotes in `group` from elsewhere; our own folder's lock must be held."""
    if store.database_path() is not None:
        yield  # a file's lock has kept all others out
        return
    mine = LOCK_TAG + ownership.writer_id()
    try:
        _claim(client, group, mine)
        yield
    finally:
        client.delete_registered_model_tag(group, mine)


def _claim(client: Any, group: str, mine: str) -> None:
    for _ in range(MAX_ATTEMPTS):
        client.set_registered_model_tag(group, mine, str(ownership.now_ms()))
        tags = client.get_registered_model(group).tags
        others = [name for name in tags if name.startswith(LOCK_TAG) and name != mine]
        if not any(ownership.now_ms() - int(tags[name]) < LEASE_MS for name in others):
            return
        client.delete_registered_model_tag(group, mine)
        time.sleep(random.uniform(0.2, 1.0))  # by chance, so that two do not meet again
    raise FoursplitError(
        f"{group}: another machine is making a champion; run `foursplit gate` again, in "
        f"{LEASE_MS // 60_000} minutes at the latest"
    )
