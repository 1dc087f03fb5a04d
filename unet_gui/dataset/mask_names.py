"""Which mask file belongs to which image.

The mask of `a/b.jpg` is `a/b.png` in the folder of masks. Where several images of a folder share a
stem (`b.jpg` and `b.tif`), one of them owns `b.png` and the others are called by their full file
name (`b.tif.png`). The owner must not change when another image appears later, so it is decided by,
in this order:

1. what project.json remembers from the last time;
2. the image named inside the mask file, where we wrote it;
3. the image that has the mask's size, then one that is not younger than the mask;
4. natural order.

The outcome is remembered in project.json ("mask_names"). Case does not tell names apart, so that a
project can move between Linux and Windows.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from unet_gui.core.errors import UnetGuiError
from unet_gui.dataset.decoding import open_image
from unet_gui.dataset.discovery import split_suffix
from unet_gui.dataset.files import stamp
from unet_gui.dataset.images import image_size
from unet_gui.dataset.masks import mask_owner

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def assign_masks(
    names: Sequence[str], remembered: Mapping[str, str], images: Path, masks: Path
) -> tuple[dict[str, str], dict[str, str]]:
    """Mask file, relative to `masks`, of each image.

    Args:
        names: Images relative to `images`, in natural order.
        remembered: Earlier decisions: mask by image.
        images: Folder of the images.
        masks: Folder of the masks.

    Returns:
        Mask by image for all of them, and for those with a shared stem alone, to be remembered.
    """
    plain = [stem_mask(n) for n in names]
    if not remembered and len({m.casefold() for m in plain}) == len(names):
        return dict(zip(names, plain, strict=True)), {}
    present = set(names)
    shared = {n: m for n, m in remembered.items() if n in present}
    taken = {m.casefold() for m in shared.values()}
    assigned = dict(shared)
    groups: dict[str, list[str]] = defaultdict(list)
    for name in names:
        groups[stem_mask(name).casefold()].append(name)
    late: list[str] = []
    for group in groups.values():
        free = [n for n in group if n not in assigned]
        if not free:
            continue
        mask = stem_mask(group[0])
        if mask.casefold() not in taken:
            owner = free[0] if len(free) == 1 else _owner(free, images, masks)
            assigned[owner] = stem_mask(owner)
            taken.add(mask.casefold())
            free.remove(owner)
        if len(group) > 1:
            shared.update({n: assigned[n] for n in group if n in assigned})
        late += free
    for name in late:
        assigned[name] = shared[name] = _full_name(name, taken)
    return assigned, shared


def stem_mask(name: str) -> str:
    """The usual name: same folder, same stem."""
    return f"{split_suffix(name)[0]}.png"


def sharing_notice(shared: Mapping[str, str]) -> str:
    """A sentence about masks that are not called as one would expect; empty when all are."""
    other = [n for n, m in sorted(shared.items()) if m != stem_mask(n)]
    if not other:
        return ""
    more = f" and {len(other) - 1} more" if len(other) > 1 else ""
    mask = shared[other[0]].rpartition("/")[2]
    return f"Several images share a name: the mask of {other[0]}{more} is called {mask}."


def _full_name(name: str, taken: set[str]) -> str:
    mask = f"{name}.png"
    number = 2
    while mask.casefold() in taken:
        mask = f"{name}.{number}.png"
        number += 1
    taken.add(mask.casefold())
    return mask


def _owner(candidates: list[str], images: Path, masks: Path) -> str:
    for candidate in candidates:
        mask = masks / stem_mask(candidate)
        written = stamp(mask)
        if written is None:
            continue
        named = mask_owner(mask)
        for other in candidates:
            if other == named:
                return other
        return min(candidates, key=lambda n: _unlikely(images / n, mask, written[0]))
    return candidates[0]


def _unlikely(image: Path, mask: Path, written: int) -> tuple[bool, bool]:
    """Sorts first the image a mask was most likely made for."""
    try:
        with open_image(mask) as opened:
            differs = image_size(image) != opened.size
    except (UnetGuiError, OSError, ValueError, SyntaxError):
        differs = True
    made = stamp(image)
    return differs, made is None or made[0] > written
