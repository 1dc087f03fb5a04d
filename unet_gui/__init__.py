"""Label images for semantic segmentation with a U-Net that learns from every correction.

The names below are the public Python interface (see `unet_gui.api`). They are loaded on first
use, so that `import unet_gui` costs nothing and never pulls in torch or Qt by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from unet_gui.api import (
        evaluate,
        export,
        fine_tune,
        import_dataset,
        load_checkpoint,
        new_project,
        open_project,
        predict,
    )

__version__ = "0.1.0"

__all__ = [
    "__version__",
    "evaluate",
    "export",
    "fine_tune",
    "import_dataset",
    "load_checkpoint",
    "new_project",
    "open_project",
    "predict",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from unet_gui import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
