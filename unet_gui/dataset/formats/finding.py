"""Finding the image that a dataset's file speaks of."""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_YEARS: Final = ("", "2017", "2014")


class ImageFinder:
    """Looks where programs keep images beside their files, first where the last one was.

    Args:
        file: The file that names the images.
        split: "train", "val" or "test", where images may have folders of these names.
        roots: More folders to look in.
    """

    def __init__(self, file: Path, split: str = "", roots: tuple[Path, ...] = ()) -> None:
        self._folders = list(dict.fromkeys((*roots, *_folders(file, split))))

    def find(self, name: str) -> Path:
        """The image file; where it would be beside the file when it is nowhere."""
        plain = name.replace("\\", "/") if "\\" in name else name
        if PurePosixPath(plain).is_absolute() or PureWindowsPath(name).drive:
            if Path(name).is_file():
                return Path(name)
            plain = PurePosixPath(plain).name
        for wanted in dict.fromkeys((plain, PurePosixPath(plain).name)):
            for folder in self._folders:
                path = folder / wanted
                if path.is_file():
                    self._folders.remove(folder)
                    self._folders.insert(0, folder)
                    return path
        return self._folders[-1] / plain


def _folders(file: Path, split: str) -> Iterator[Path]:
    beside, above = file.parent, file.parent.parent
    for root in (beside, above):
        if split:
            yield from (root / f"{split}{year}" for year in _YEARS)
            yield from (root / "images" / f"{split}{year}" for year in _YEARS)
        yield from (root / n for n in ("images", "JPEGImages", "img", "data"))
    yield above
    yield beside
