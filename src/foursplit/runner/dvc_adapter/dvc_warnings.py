"""Show DVC's warnings among the lines of a run."""

import contextlib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

EMPTY_OUTPUT_MESSAGE = "'%s' is empty."
"""What DVC says of an output without a file: so is the raw folder of what is generated."""


@contextmanager
def redirect_dvc_warnings(echo: Callable[[str], None]) -> Iterator[None]:
    """Show DVC's warnings among our own lines, once, and not what is so by design."""

    class Handler(logging.Handler):
        def emit(self, entry: logging.LogRecord) -> None:
            if entry.msg != EMPTY_OUTPUT_MESSAGE:
                with contextlib.suppress(Exception):
                    echo(f"DVC: {entry.getMessage()}")

    logger = logging.getLogger("dvc")
    handlers = logger.handlers  # they write over the line that a person follows
    logger.handlers = [Handler(logging.WARNING)]
    try:
        yield
    finally:
        logger.handlers = handlers
