"""Whether MLflow's server or database is there, of which MLflow itself asks for minutes."""

import re
import socket
import time
from functools import cache
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

from foursplit.core.errors import FoursplitError

MAX_ATTEMPTS, PAUSE_S, TIMEOUT_S = 3, 2.0, 10.0

UNREACHABLE = (ConnectionRefusedError, TimeoutError, socket.gaierror)
"""Errors that mean that nothing listens; MLflow reports certificates and rights itself."""

PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}
"""Databases that MLflow reaches by network, and where they listen unless the address says it."""


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


@cache
def require_database(uri: str, shown: str) -> None:
    """Refuse a database that nobody can connect to, once a process."""
    scheme, _, rest = uri.partition("://")
    default = PORTS.get(scheme.partition("+")[0])
    place = urlsplit(f"//{rest.rpartition('@')[2]}")
    if default is None or not place.hostname:
        return  # by a socket of this machine, or MLflow says what is wrong with it
    for left in reversed(range(MAX_ATTEMPTS)):
        try:
            socket.create_connection((place.hostname, place.port or default), TIMEOUT_S).close()
        except OSError as error:
            if left and not isinstance(error, TimeoutError):
                time.sleep(PAUSE_S)
                continue
            raise FoursplitError(
                f"{shown}: no database answers there ({error}). Start it, or set "
                "MLFLOW_TRACKING_URI right; without it the project has a store of its own."
            ) from error
        return
