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
def require_database(uri: str, display_uri: str) -> None:
    """Raise if nothing listens at the database's address; checked once per process."""
    scheme, _, rest = uri.partition("://")
    default_port = PORTS.get(scheme.partition("+")[0])
    address = urlsplit(f"//{rest.rpartition('@')[2]}")
    if default_port is None or not address.hostname:
        return  # a local socket, or an address that MLflow reports as wrong
    for number in range(1, MAX_ATTEMPTS + 1):
        try:
            server = (address.hostname, address.port or default_port)
            socket.create_connection(server, TIMEOUT_S).close()
        except OSError as error:
            if number < MAX_ATTEMPTS and not isinstance(error, TimeoutError):
                time.sleep(PAUSE_S)
                continue
            raise FoursplitError(
                f"{display_uri}: no database answers there ({error}). Start it, or correct "
                "MLFLOW_TRACKING_URI; without it the project uses its own store."
            ) from error
        return
