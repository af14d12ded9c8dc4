"""Whether MLflow's server or database is there, of which MLflow itself asks for minutes."""

import re
import socket
import time
from functools import cache
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

from foursplit.core.errors import FoursplitError

TRIES, PAUSE_S, TIMEOUT_S = 3, 2.0, 10.0

ABSENT = (ConnectionRefusedError, TimeoutError, socket.gaierror)
"""What says that nobody listens; of certificates and rights MLflow tells by itself."""

PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}
"""Databases that MLflow reaches by network, and where they listen unless the address says it."""


@cache
def require(uri: str, shown: str) -> None:
    """Refuse a server that does not answer, once a process."""
    address = re.sub(r"://.*@", "://", uri).rstrip("/") + "/health"
    for number in range(1, TRIES + 1):
        try:
            urlopen(address, timeout=TIMEOUT_S).close()
        except HTTPError:
            return  # a proxy's no is an answer too
        except URLError as error:
            if not isinstance(error.reason, ABSENT):
                return
            if number == TRIES:
                raise FoursplitError(
                    f"{shown}: no server answers there ({error.reason}). Start it, or set "
                    "MLFLOW_TRACKING_URI right; without it the project has a store of its own."
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
    for left in reversed(range(TRIES)):
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
