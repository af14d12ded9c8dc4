"""How the C library treats memory that training has freed."""

import ctypes
import platform
from contextlib import suppress

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Names of two settings of the C library's `mallopt`, from its malloc.h."""

LARGE_BLOCK = 8 * 2**20
"""Bytes from which on a block goes back to the system when it is freed.

glibc raises its own threshold to the largest block that was freed, up to 32 MB, and keeps the
smaller ones: sounds of all lengths then fill more and more of them (`benchmarks/memory.py`).
"""

KEPT_AT_TOP = 64 * 2**20
"""Bytes of smaller freed blocks that stay for the next step, so that each need not ask again."""


def give_back_freed_memory() -> bool:
    """Have the C library give large freed blocks back at once; return whether it does.

    Other libraries than glibc, on other systems, have rules of their own.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        settings = ((M_MMAP_THRESHOLD, LARGE_BLOCK), (M_TRIM_THRESHOLD, KEPT_AT_TOP))
        return all(libc.mallopt(name, value) == 1 for name, value in settings)
    return False
