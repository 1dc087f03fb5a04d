"""Features on disk, so that coming back to an image costs nothing."""

from __future__ import annotations

import hashlib
import json
import os
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import torch
from safetensors import SafetensorError, safe_open

from unet_gui.core.geometry import Rect
from unet_gui.dataset.files import write_atomic
from unet_gui.unet.instant.features import USED_LEVELS, Maps
from unet_gui.unet.instant.filters import OCTAVES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Executor
    from pathlib import Path

    from torch import Tensor

    from unet_gui.core.document import RgbImage
    from unet_gui.dataset.files import Stamp

VERSION: Final = 2
"""Changes when the same image would give other features."""

BUDGET: Final = 2 << 30
DTYPES: Final = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16"}


class FeatureCache:
    """Maps by image, part of it and encoder; the least recently used ones go first.

    A damaged, missing or unwritable file only means that features are computed anew.
    """

    def __init__(
        self, folder: Path, *, budget: int = BUDGET, aside: Executor | None = None
    ) -> None:
        """Look into a folder.

        Args:
            folder: Need not exist.
            budget: Bytes that the files may take.
            aside: What writes them while others go on; whoever reads must wait for it. None writes
                at once.
        """
        self._folder = folder
        self._budget = budget
        self._aside = aside

    def path(self, name: str, stamp: Stamp | None, rect: Rect, encoder: str) -> Path:
        """Where the features of this part of an image in this state are kept."""
        place = (rect.x0, rect.y0, rect.x1, rect.y1)
        text = "\0".join(map(str, (VERSION, name, stamp, place, encoder)))
        digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16)
        return self._folder / f"{digest.hexdigest()}.safetensors"

    def of_pixels(self, image: RgbImage, encoder: str, look: Callable[[], Maps]) -> Maps:
        """Features of an image or a part of one, whatever it is called: kept ones, else new ones.

        Args:
            image: h×w×3 uint8.
            encoder: Whose features.
            look: Computes them.
        """
        digest = hashlib.blake2b(image.tobytes(), digest_size=16).hexdigest()
        path = self.path(f"{digest} {image.shape}", None, Rect.of_shape(image.shape[:2]), encoder)
        kept = self.load(path)
        if kept is not None and kept.shape == image.shape[:2]:
            return kept
        maps = look()
        self.save(path, maps)
        return maps

    def load(self, path: Path) -> Maps | None:
        """What was kept; None when there is nothing that can be used."""
        try:
            with safe_open(path, framework="pt") as opened:
                height, width = map(int, (opened.metadata() or {})["shape"].split("×"))
                levels = tuple(opened.get_tensor(f"level{k}") for k in range(USED_LEVELS))
                octaves = tuple(opened.get_tensor(f"octave{k}") for k in range(OCTAVES))
        except (OSError, SafetensorError, KeyError, ValueError):
            return None
        with suppress(OSError):
            os.utime(path)
        return Maps((height, width), levels, octaves)

    def save(self, path: Path, maps: Maps) -> None:
        """Keep, and let the oldest go past the budget; no harm where it cannot be written."""
        if maps.nbytes > self._budget // 4:
            return
        if self._aside is None:
            self._write(path, maps)
        else:
            self._aside.submit(self._write, path, maps)

    def _write(self, path: Path, maps: Maps) -> None:
        tensors = {f"level{k}": t for k, t in enumerate(maps.levels)}
        tensors |= {f"octave{k}": t for k, t in enumerate(maps.octaves)}
        parts = _pieces(tensors, {"shape": "×".join(map(str, maps.shape))})
        with suppress(OSError):
            write_atomic(path, lambda stream: stream.writelines(parts), durable=False)
            self._prune()

    def _prune(self) -> None:
        files = []
        for file in self._folder.glob("*.safetensors"):
            with suppress(OSError):
                status = file.stat()
                files.append((status.st_mtime_ns, status.st_size, file))
        total = sum(size for _, size, _ in files)
        for _, size, file in sorted(files):
            if total <= self._budget:
                return
            with suppress(OSError):
                file.unlink()
                total -= size


def _pieces(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> list[bytes | memoryview]:
    """A safetensors file as what is to be written in turn: no copy of 80 MB, as the library makes.

    The header is as long as a multiple of 8 bytes, as the format wants it.
    """
    header: dict[str, object] = {"__metadata__": dict(metadata)}
    parts: list[bytes | memoryview] = []
    end = 0
    for name, tensor in tensors.items():
        begin, end = end, end + tensor.nbytes
        kind = {"dtype": DTYPES[tensor.dtype], "shape": list(tensor.shape)}
        header[name] = {**kind, "data_offsets": [begin, end]}
        flat = tensor.detach().contiguous().reshape(-1).view(torch.uint8)
        parts.append(flat.numpy().data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return [struct.pack("<Q", len(text)), text, *parts]
