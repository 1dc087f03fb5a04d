"""What stays in memory of images looked at before: pixels to come back at once, masks to undo."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from unet_gui.core.document import Document
from unet_gui.dataset.images import load_image

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    import numpy as np
    from numpy.typing import NDArray

    from unet_gui.core.document import RgbImage
    from unet_gui.dataset.project import ImageEntry, Project

IMAGE_BUDGET: Final = 768 << 20
DOCUMENT_BUDGET: Final = 512 << 20

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, eq=False)
class Ghost:
    """A prediction offered for one image; shown only where the mask is unlabelled.

    Attributes:
        mask: H×W uint8 class ids; 255 where nothing is proposed.
        confidence: H×W uint8, 0..255.
        round: who proposed it.
    """

    mask: NDArray[np.uint8]
    confidence: NDArray[np.uint8]
    round: str = ""


class Cache(Generic[Value]):
    """The most recently used values by name, within a byte budget."""

    def __init__(self, budget: int, size_of: Callable[[Value], int]) -> None:
        self._budget = budget
        self._size_of = size_of
        self._values: OrderedDict[str, Value] = OrderedDict()

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def get(self, name: str) -> Value | None:
        if name in self._values:
            self._values.move_to_end(name)
        return self._values.get(name)

    def put(self, name: str, value: Value, *, keep: set[str] | None = None) -> None:
        """Add; drop the oldest past the budget, but none named in `keep` and not this one."""
        self._values[name] = value
        self._values.move_to_end(name)
        kept = {name, *(keep or ())}
        total = sum(self._size_of(v) for v in self._values.values())
        for old in list(self._values):
            if total <= self._budget:
                break
            if old not in kept:
                total -= self._size_of(self._values.pop(old))

    def drop(self, name: str) -> None:
        self._values.pop(name, None)

    def clear(self) -> None:
        self._values.clear()


def image_cache() -> Cache[RgbImage]:
    return Cache(IMAGE_BUDGET, lambda image: image.nbytes)


def document_cache() -> Cache[Document]:
    return Cache(DOCUMENT_BUDGET, lambda d: d.mask.nbytes + d.history.size)


def ghost_cache() -> Cache[Ghost]:
    return Cache(DOCUMENT_BUDGET // 4, lambda g: 2 * g.mask.nbytes)


def load_job(
    project: Project, entry: ImageEntry, image: RgbImage | None, document: Document | None
) -> Generator[None, None, tuple[RgbImage, Document]]:
    """Read what is not in memory yet. A mask that cannot be read is an error, never a blank one.

    Raises:
        ImageReadError: the image cannot be read.
        MaskReadError: its mask cannot be read or has another size.
    """
    if image is None:
        image = yield from read_image_job(entry)
    if document is None:
        document = Document(project.load_mask(entry, image.shape[:2]))
    return image, document


def read_image_job(entry: ImageEntry) -> Generator[None, None, RgbImage]:
    """Read the pixels of an image; nobody may write to them.

    Raises:
        ImageReadError: the image cannot be read.
    """
    yield
    image = load_image(entry.path)
    image.flags.writeable = False
    return image
