"""Import torch and Lightning without what they load beside and no stage may ever use.

Lightning imports torch's compiler (`torch._dynamo`), and torchmetrics imports `scipy.signal` and
matplotlib: together half of all imports of a worker.  Here the compiler is imported when something
of it is used, the other two when a stage imports them.  No value that torch computes depends on it.
"""

import functools
import importlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from types import FunctionType, ModuleType
from typing import Any

COMPILER = "torch._dynamo"


def import_library(name: str) -> None:
    """Import a library; of torch and Lightning, what a stage needs."""
    if name == "pytorch_lightning":
        importlib.import_module("torch")
    if name.partition(".")[0] in {"torch", "pytorch_lightning"}:
        _defer_compiler()
    if name == "pytorch_lightning" and "torchmetrics" not in sys.modules:
        _import_torchmetrics()
    importlib.import_module(name)


class _Deferred(type):
    """A class whose instances are those of a compiler's class, once that is imported."""

    def __instancecheck__(cls, instance: object) -> bool:
        module = sys.modules.get(COMPILER)
        if module is None or isinstance(module, DeferredCompiler):
            return False  # nothing is compiled yet
        return isinstance(instance, getattr(module, cls.__name__))


class OptimizedModule(metaclass=_Deferred):
    """The class of compiled modules, which Lightning compares types with."""


class DeferredCompiler(ModuleType):
    """`torch._dynamo` before it is needed: without it nothing is compiled.

    Optimizers call `graph_break` and `disable` in every step, which do nothing outside of a
    compilation.  Any other attribute, and any import of a submodule, imports the module itself.
    """

    OptimizedModule = OptimizedModule

    def __init__(self, folder: str) -> None:
        super().__init__(COMPILER, "Imported when it is used.")
        self.__file__ = f"{folder}/_dynamo/__init__.py"  # looked at by `inspect`
        self.__path__ = [f"{folder}/_dynamo"]  # of a package, or `from torch._dynamo import` fails

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # asked of every module, by `inspect` and `warnings`
            raise AttributeError(f"module {COMPILER!r} has no attribute {name!r}")
        return getattr(import_compiler(), name)

    def graph_break(self, *arguments: Any, **options: Any) -> None:
        """Do nothing, as it does while nothing is compiled."""
        module = sys.modules[COMPILER]
        if module is not self:
            module.graph_break(*arguments, **options)

    def disable(self, function: Any = None, *arguments: Any, **options: Any) -> Any:
        """Return `function`, which is disabled for the compiler from its import on."""
        if not isinstance(function, FunctionType):  # none yet, a class or a module
            return import_compiler().disable(function, *arguments, **options)

        @functools.cache
        def disabled() -> Callable[..., Any]:
            return import_compiler().disable(function, *arguments, **options)

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            is_deferred = sys.modules.get(COMPILER) is self
            return (function if is_deferred else disabled())(*args, **kwargs)

        call._torchdynamo_disable = True  # type: ignore[attr-defined]  # read by the compiler
        return call


class _SubmoduleFinder:
    """Imports the compiler before one of its submodules, as an import without deferral does."""

    def find_spec(
        self, name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not name.startswith(f"{COMPILER}.") or not _is_deferred():
            return None
        import_compiler()
        module = sys.modules.get(name)
        return None if module is None else ModuleSpec(name, _Imported(module))


class _Imported(Loader):
    """Loads a module that has just been imported."""

    def __init__(self, module: ModuleType) -> None:
        self.module, self.spec = module, module.__spec__

    def create_module(self, _spec: ModuleSpec) -> ModuleType:
        return self.module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self.spec


def _is_deferred() -> bool:
    return isinstance(sys.modules.get(COMPILER), DeferredCompiler)


def _defer_compiler() -> None:
    torch: Any = importlib.import_module("torch")
    if COMPILER not in sys.modules:
        torch._dynamo = sys.modules[COMPILER] = DeferredCompiler(torch.__path__[0])
        sys.meta_path.insert(0, _SubmoduleFinder())
        torch.use_deterministic_algorithms = functools.partial(
            _use_deterministic_algorithms, torch.use_deterministic_algorithms
        )


def _use_deterministic_algorithms(
    of_torch: Callable[..., None], mode: bool, *, warn_only: bool = False
) -> None:
    """Do what torch's function does, which imports the compiler for a setting of it."""
    if not _is_deferred():
        of_torch(mode, warn_only=warn_only)
        return
    torch: Any = sys.modules["torch"]
    torch.set_deterministic_debug_mode("default" if not mode else "warn" if warn_only else "error")
    os.environ["TORCHINDUCTOR_DETERMINISTIC"] = str(int(mode))  # the compiler reads it on import


def import_compiler() -> Any:
    """Import `torch._dynamo` itself, and return it."""
    if _is_deferred():
        del sys.modules[COMPILER]
        vars(sys.modules["torch"]).pop("_dynamo", None)
        sys.meta_path[:] = [f for f in sys.meta_path if not isinstance(f, _SubmoduleFinder)]
    return importlib.import_module(COMPILER)


def _import_torchmetrics() -> None:
    """Import torchmetrics as if matplotlib were missing, and without `scipy.signal`."""
    with _without_signal(), _without_matplotlib():
        importlib.import_module("torchmetrics")
    plot: Any = importlib.import_module("torchmetrics.utilities.plot")
    # What every plot calls first.  It defines what the module would have defined at its import.
    plot._error_on_missing_matplotlib = lambda: importlib.reload(plot)


@contextmanager
def _without_signal() -> Iterator[None]:
    """Stand in for `scipy.signal`, of which torchmetrics wants to know one name."""
    name = "scipy.signal"
    if name in sys.modules:
        yield
        return
    sys.modules[name] = ModuleType(name)
    sys.modules[name].hamming = None  # type: ignore[attr-defined]
    try:
        yield
    finally:
        del sys.modules[name]
        vars(sys.modules.get("scipy", sys)).pop("signal", None)


@contextmanager
def _without_matplotlib() -> Iterator[None]:
    imports: Any = importlib.import_module("lightning_utilities.core.imports")
    cache = imports.RequirementCache
    is_met = cache.__bool__

    def without(self: Any) -> bool:
        return not str(self.requirement).startswith("matplotlib") and bool(is_met(self))

    cache.__bool__ = without
    try:
        yield
    finally:
        cache.__bool__ = is_met
