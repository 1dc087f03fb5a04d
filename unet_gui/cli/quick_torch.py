"""Loading torch without what only its compiler asks for: three quarters of the time."""

from __future__ import annotations

import gc
import sys
from contextlib import contextmanager, nullcontext
from importlib import import_module
from importlib.abc import Loader
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Need = Literal["all", "learning", "predicting"]
"""What torch is loaded for: anything, the instant learner, or a network's answers."""

LATER: Final = "torch._meta_registrations"
"""Teaches torch's operators the shapes of their results, for its compiler. Loading it, and all the
decompositions and reference operators that it brings along, is a quarter of loading torch."""

GENERATORS: Final = "torch._prims.rng_prims"
"""Of those, what random generators are made with since torch 2.14."""

KNOWN: Final = ("2.14.",)
"""Versions of torch in which nothing that is used here has been found to ask for more."""


@contextmanager
def quickly(need: Need = "all") -> Iterator[None]:
    """Load torch inside of this.

    What is left out is loaded the moment anything of it is asked for. Loading torch makes many
    objects and no garbage, and looking for some takes a tenth of the time: nothing is collected.

    Args:
        need: What for; with "all", or another version of torch, nothing is left out.
    """
    collecting = gc.isenabled()
    lean = need != "all" and "torch" not in sys.modules and _is_known()
    gc.disable()
    try:
        with _left_out() if lean else nullcontext():
            yield
        if lean and (need == "learning" or _has_gpu()):
            import_module(GENERATORS)
    finally:
        gc.freeze()
        if collecting:
            gc.enable()


@contextmanager
def _left_out() -> Iterator[None]:
    sys.meta_path.insert(0, _Finder)
    try:
        yield
    finally:
        sys.meta_path.remove(_Finder)


def _is_known() -> bool:
    try:
        return version("torch").startswith(KNOWN)
    except PackageNotFoundError:  # torch that was installed in a way of its own
        return False


def _has_gpu() -> bool:
    """Each has a random generator of its own, which is made with the device."""
    import torch

    return torch.cuda.is_available() or torch.backends.mps.is_available()


class _Finder:
    """Puts a module in the place of `LATER` that loads itself when it is used."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if name == LATER else None
        if spec is not None and spec.loader is not None:
            spec.loader = _Later(spec.loader)
        return spec


class _Later(Loader):
    def __init__(self, loader: Loader) -> None:
        self.loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Unloaded(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing yet."""


class _Unloaded(ModuleType):
    def __getattr__(self, name: str) -> Any:
        # `importlib.util.LazyLoader` would load already when someone asks for its file's name
        spec = self.__spec__
        if name.startswith("__") or spec is None or not isinstance(spec.loader, _Later):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}", name=name)
        spec.loader = spec.loader.loader
        spec.loader.exec_module(self)
        return getattr(self, name)
