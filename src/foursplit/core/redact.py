"""Addresses without the passwords that they may hold."""

import re
from urllib.parse import unquote

HIDDEN = "***"

# All up to the last @: a password may hold one that its writer did not encode.
USER = re.compile(r"([A-Za-z][\w+.-]*://[^\s:/?#'\"]*:)[^\s'\"`<>()]*@")

QUERY = re.compile(
    r"([?&;](?:[\w.-]*(?:pass|pwd|secret|token|credential)[\w.-]*|sslkey)=)[^&#\s'\"]*",
    re.IGNORECASE,
)


def without_passwords(text: str) -> str:
    """Return a text in which every address is without its password."""
    return QUERY.sub(rf"\1{HIDDEN}", USER.sub(rf"\1{HIDDEN}@", text))


def address(uri: str) -> str:
    """Return one address without its password, whatever the password is made of."""
    start, before, host = _parts(uri)
    if ":" in before:
        uri = f"{start}{before.partition(':')[0]}:{HIDDEN}@{host}"
    return QUERY.sub(rf"\1{HIDDEN}", uri)


def hide(text: str, uri: str) -> str:
    """Return a text, such as a library's error, without the password of an address."""
    text = text.replace(uri, address(uri))
    for secret in sorted(_secrets(uri), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return without_passwords(text)


def _parts(uri: str) -> tuple[str, str, str]:
    """Part an address before its user and behind it; a path has no user."""
    scheme, mark, rest = uri.partition("://") if "://" in uri else ("", "", uri)
    before, at, host = rest.rpartition("@")
    if not at or rest.startswith(("/", ".")):
        return f"{scheme}{mark}", "", rest
    return f"{scheme}{mark}", before, host


def _secrets(uri: str) -> set[str]:
    """List what must not be shown of an address: its password, as written and as meant."""
    password = _parts(uri)[1].partition(":")[2]
    # Some take the first @ for the last one, and the rest of the password for the host.
    found = {password, *(f"{part}@" for part in password.split("@")[1:] if part)}
    found |= {match.group(0).partition("=")[2] for match in QUERY.finditer(uri)}
    spelt = {each for one in found if one for each in (one, unquote(one))}
    return {one for one in spelt if one not in address(uri)}  # also a user's name: no secret
