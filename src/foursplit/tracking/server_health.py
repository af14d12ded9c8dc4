"""Health check of MLflow's server: MLflow itself retries for minutes before it gives up."""

import re
import socket
import time
from functools import cache
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from foursplit.core.errors import FoursplitError

MAX_ATTEMPTS, PAUSE_S, TIMEOUT_S = 3, 2.0, 10.0

UNREACHABLE = (ConnectionRefusedError, TimeoutError, socket.gaierror)
"""Errors that mean that nothing listens; MLflow reports certificates and rights itself."""


@cache
def require_server(uri: str, display_uri: str) -> None:
    """Raise if the server does not answer; checked once per process."""
    address = re.sub(r"://.*@", "://", uri).rstrip("/") + "/health"
    for number in range(1, MAX_ATTEMPTS + 1):
        try:
            urlopen(address, timeout=TIMEOUT_S).close()
        except HTTPError:
            return  # a proxy's error is an answer too
        except URLError as error:
            if not isinstance(error.reason, UNREACHABLE):
                return
            if number == MAX_ATTEMPTS:
                raise FoursplitError(
                    f"{display_uri}: no server answers ({error.reason}). Start it, or correct "
                    "MLFLOW_TRACKING_URI; without it the project uses its own store."
                ) from error
            time.sleep(PAUSE_S)
        except TimeoutError:
            return  # it listens, and is slow
        else:
            return
