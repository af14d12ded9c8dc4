"""Whether MLflow's server is there at all: MLflow itself asks for minutes before it gives up."""

import re
import socket
import time
from functools import cache
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from foursplit.core.errors import FoursplitError

MAX_ATTEMPTS, PAUSE_S, TIMEOUT_S = 3, 2.0, 10.0

UNREACHABLE = (ConnectionRefusedError, TimeoutError, socket.gaierror)
"""What says that nobody listens; of certificates and rights MLflow tells by itself."""


@cache
def require_server(uri: str, shown: str) -> None:
    """Refuse a server that does not answer, once a process."""
    address = re.sub(r"://.*@", "://", uri).rstrip("/") + "/health"
    for number in range(1, MAX_ATTEMPTS + 1):
        try:
            urlopen(address, timeout=TIMEOUT_S).close()
        except HTTPError:
            return  # a proxy's no is an answer too
        except URLError as error:
            if not isinstance(error.reason, UNREACHABLE):
                return
            if number == MAX_ATTEMPTS:
                raise FoursplitError(
                    f"{shown}: no server answers there ({error.reason}). Start it, or set "
                    "MLFLOW_TRACKING_URI right; without it the project has a store of its own."
                ) from error
            time.sleep(PAUSE_S)
        except TimeoutError:
            return  # it listens, and is slow
        else:
            return
