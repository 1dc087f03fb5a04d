"""Turning what goes wrong inside a damaged file into words that name it."""

from __future__ import annotations

import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from unet_gui.core.errors import DatasetError, UnetGuiError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DAMAGE: Final = (
    ValueError,
    TypeError,
    IndexError,
    AttributeError,
    SyntaxError,
    OverflowError,
    EOFError,
    zlib.error,
)


@contextmanager
def damaged(file: Path, image: str = "") -> Iterator[None]:
    """Whatever the block stumbles over is a fault of the file.

    Raises:
        DatasetError: names the file, and the image where one is given.
    """
    place = f"{image} in {file.name}" if image else file.name
    try:
        yield
    except UnetGuiError:
        raise
    except FileNotFoundError as exc:
        missing = exc.filename or file
        raise DatasetError(f"{place} cannot be read: {missing} is not there.") from exc
    except OSError as exc:
        raise DatasetError(f"{place} cannot be read: {exc.strerror or exc}.") from exc
    except KeyError as exc:
        raise DatasetError(f"{place} is incomplete: there is no {exc}.") from exc
    except _DAMAGE as exc:
        words = " ".join(str(exc).split())
        raise DatasetError(f"{place} is damaged or of another kind: {words}.") from exc
