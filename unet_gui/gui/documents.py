"""What stays in memory of images looked at before: pixels to come back at once, masks to undo."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from unet_gui.core.document import Document
from unet_gui.dataset import pages

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    import numpy as np
    from numpy.typing import NDArray

    from unet_gui.dataset.image_source import ImageSource
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

    def items(self) -> list[tuple[str, Value]]:
        """All there is, the least used first."""
        return list(self._values.items())

    def put(
        self, name: str, value: Value, *, keep: set[str] | None = None
    ) -> list[tuple[str, Value]]:
        """Add; drop the oldest past the budget, but none named in `keep` and not this one.

        Returns:
            What was dropped.
        """
        dropped = []
        self._values[name] = value
        self._values.move_to_end(name)
        kept = {name, *(keep or ())}
        total = sum(self._size_of(v) for v in self._values.values())
        for old in list(self._values):
            if total <= self._budget:
                break
            if old not in kept:
                value = self._values.pop(old)
                total -= self._size_of(value)
                dropped.append((old, value))
        return dropped

    def drop(self, name: str) -> None:
        self._values.pop(name, None)

    def clear(self) -> None:
        self._values.clear()


def image_cache() -> Cache[ImageSource]:
    return Cache(IMAGE_BUDGET, lambda source: source.nbytes)


def document_cache() -> Cache[Document]:
    return Cache(DOCUMENT_BUDGET, lambda document: document.nbytes)


def ghost_cache() -> Cache[Ghost]:
    return Cache(DOCUMENT_BUDGET // 4, lambda g: 2 * g.mask.nbytes)


def load_job(
    project: Project,
    entry: ImageEntry,
    source: ImageSource | None,
    document: Document | None,
    recall: Callable[[str, Document], None],
) -> Generator[None, None, tuple[ImageSource, Document]]:
    """Read what is not in memory yet. A mask that cannot be read is an error, never a blank one.

    Args:
        project: whose masks are read.
        entry: the image.
        source: its pixels, if they are in memory.
        document: its mask, if it is in memory.
        recall: gives a document its undo steps of an earlier time.

    Raises:
        ImageReadError: the image cannot be read.
        MaskReadError: its mask cannot be read or has another size.
    """
    if source is None:
        source = yield from read_image_job(project, entry)
    if document is None:
        document = Document(project.load_mask_tiles(entry, source.shape))
        recall(entry.name, document)
        for _ in document.levels.prepare():
            yield
    return source, document


def read_image_job(project: Project, entry: ImageEntry) -> Generator[None, None, ImageSource]:
    """Open the pixels of an image.

    Raises:
        ImageReadError: the image cannot be read.
    """
    yield
    return pages.source(entry, cache=project.cache_dir / "overviews")
