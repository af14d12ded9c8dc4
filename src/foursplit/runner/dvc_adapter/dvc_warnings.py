"""Show DVC's warnings among the lines of a run."""

import contextlib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

EMPTY_OUTPUT_MESSAGE = "'%s' is empty."
"""DVC's warning for an empty output, which the raw folder of a generated data set is."""


@contextmanager
def redirect_dvc_warnings(echo: Callable[[str], None]) -> Iterator[None]:
    """Print DVC's warnings once, without those that are expected."""

    class Handler(logging.Handler):
        def emit(self, entry: logging.LogRecord) -> None:
            if entry.msg != EMPTY_OUTPUT_MESSAGE:
                with contextlib.suppress(Exception):
                    echo(f"DVC: {entry.getMessage()}")

    logger = logging.getLogger("dvc")
    handlers = logger.handlers  # they would overwrite the progress line
    logger.handlers = [Handler(logging.WARNING)]
    try:
        yield
    finally:
        logger.handlers = handlers
