"""What must be settled before NumPy or torch is imported: kernels, threads, no analytics.

Bytes depend on the instruction set and on the number of threads, so both come from
params.yaml and not from the machine.  Libraries read them from the environment when they are
imported: this module therefore imports nothing but the standard library.
"""

import os
import sys
from collections.abc import Mapping

QUIET = {
    "DVC_NO_ANALYTICS": "1",
    "DO_NOT_TRACK": "1",
    "GX_ANALYTICS_ENABLED": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
}
"""Nothing phones home, and nothing unpickles."""

KERNELS: Mapping[str, Mapping[str, str]] = {
    "native": {},
    "portable": {
        "ATEN_CPU_CAPABILITY": "avx2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        # MKL takes its AVX2 branch on Intel's processors alone, so AMD's need the one for all
        # makers, slower on large products.  Its float32 square root differs even then (it refines
        # an estimate that each maker rounds in its own way): models do not call torch.sqrt.
        "MKL_CBWR": "COMPATIBLE",
        "OPENBLAS_CORETYPE": "Haswell",
        # NumPy's own names for what goes beyond AVX2; it ignores those the machine lacks.
        "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    },
}
"""The instruction sets a library may use, by the names params.yaml gives them."""


def settings(instruction_set: str, threads: int) -> dict[str, str]:
    """Return the environment that a stage with these two parameters runs in."""
    count = str(threads)
    return {
        **QUIET,
        **KERNELS[instruction_set],
        "OMP_NUM_THREADS": count,
        "OPENBLAS_NUM_THREADS": count,
        "MKL_NUM_THREADS": count,
        # cuBLAS repeats itself to the bit only with a workspace of fixed size.
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    }


DETERMINING_VARIABLES = frozenset(
    name
    for instruction_set in KERNELS
    for name in settings(instruction_set, threads=1)
    if name not in QUIET
)
"""The variables that decide bytes, whatever their value."""


def configure_environment(instruction_set: str, threads: int) -> None:
    """Set the environment before numeric libraries read it.

    A child of the warm parent finds them imported: where they were imported under other settings,
    the command starts again by itself.
    """
    wanted = settings(instruction_set, threads)
    late = any(name in sys.modules for name in ("numpy", "torch", "sklearn"))
    differs = any(os.environ.get(name) != wanted.get(name) for name in DETERMINING_VARIABLES)
    for name in DETERMINING_VARIABLES:
        os.environ.pop(name, None)
    os.environ.update(wanted)
    if late and differs:
        os.execv(sys.executable, [sys.executable, "-m", "foursplit", *sys.argv[1:]])


def silence_libraries() -> None:
    """Set what keeps libraries from phoning home, for commands that compute nothing."""
    os.environ.update(QUIET)
