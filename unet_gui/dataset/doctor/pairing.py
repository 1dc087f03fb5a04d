"""Which masks belong to which image, also where a name is a little off."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from unet_gui.dataset.discovery import natural_key, split_suffix

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from unet_gui.dataset.doctor.layout import Site

_SUFFIX = re.compile(
    r"[_\-. ](masks?|labels?|gt|seg|segmentation|annotations?|labelids|groundtruth|l|m)\Z", re.I
)


_PAGE = re.compile(r"#\d{3,}(\.nii)?\.(png|tif)\Z", re.I)


@dataclass(slots=True)
class Pair:
    """An image and the masks that seem to belong to it; all names relative to the folder.

    Attributes:
        image: The image.
        masks: Its masks, the best match first; one at most is as it should be.
        site: Where it lies.
        wanted: What its mask should be called.
    """

    image: str
    site: Site
    wanted: str
    masks: list[str] = field(default_factory=list)


def pair_up(
    site: Site, names: Sequence[str], remembered: Mapping[str, str]
) -> tuple[list[Pair], list[str]]:
    """Match images and masks of a site.

    Args:
        site: Where they are.
        names: Everything called like an image that no other site has claimed.
        remembered: Masks of images that share a stem, by image, as project.json has them.

    Returns:
        The pairs in natural order, and the masks that no image belongs to.
    """
    images, masks = _apart(site, names)
    ordered = sorted(images, key=natural_key)
    stems = {split_suffix(n)[0] for n in ordered}
    masks = [m for m in masks if not _is_of_page(m, site, stems)]
    pairs = [Pair(n, site, _wanted(site, n, remembered)) for n in ordered]
    index = _index(pairs, site)
    lonely = []
    for mask in sorted(masks, key=natural_key):
        owner = _owner(mask, site, index)
        if owner is None:
            lonely.append(mask)
        else:
            owner.masks.append(mask)
    for pair in pairs:
        pair.masks.sort(key=lambda m, w=pair.wanted: (m != w, not m.endswith(".png"), m))  # type: ignore[misc]
    return pairs, [m for m in lonely if not (site.flat and split_suffix(m)[0] in stems)]


def _is_of_page(mask: str, site: Site, stems: set[str]) -> bool:
    """Whether a mask is that of one page of a stack, which is no image file of its own."""
    stem, number, _ = mask.rpartition("#")
    if not number or not _PAGE.match(mask[len(stem) :]) or split_suffix(mask)[0] in stems:
        return False
    place = stem if site.flat else site.images + stem.removeprefix(site.masks)
    return place.rstrip("#") in stems


def bare(stem: str) -> str:
    """A stem without “_mask”, “-label”, …."""
    return _SUFFIX.sub("", stem)


def _apart(site: Site, names: Sequence[str]) -> tuple[list[str], list[str]]:
    if not site.flat:
        images = [
            n
            for n in names
            if n.startswith(site.images) and not (site.masks and n.startswith(site.masks))
        ]
        return images, [n for n in names if site.masks and n.startswith(site.masks)]
    stems = {split_suffix(n)[0].casefold() for n in names}
    masks = [n for n in names if (stem := split_suffix(n)[0].casefold()) != bare(stem) in stems]
    found = {*masks}
    return [n for n in names if n not in found], masks


def _wanted(site: Site, image: str, remembered: Mapping[str, str]) -> str:
    inside = image[len(site.images) :]
    if inside in remembered:
        return f"{site.masks}{remembered[inside]}"
    folder = "masks/" if site.flat else site.masks
    return f"{folder}{inside.rpartition('.')[0]}.png"


def _index(pairs: list[Pair], site: Site) -> dict[str, list[Pair]]:
    """Pairs by what a mask's stem may be, folded; the image's full name counts too."""
    index: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        inside = pair.image[len(site.images) :]
        index[split_suffix(inside)[0].casefold()].append(pair)
        index[inside.casefold()].append(pair)
    return index


def _owner(mask: str, site: Site, index: dict[str, list[Pair]]) -> Pair | None:
    inside = mask[len(site.masks) :]
    stem = split_suffix(inside)[0]
    for key in (inside, stem, bare(stem)):
        found = index.get(key.casefold())
        if found:
            return _closest(found, mask, stem)
    return None


def _closest(candidates: list[Pair], mask: str, stem: str) -> Pair:
    """Of several images: the one the name says exactly, then one without a mask."""
    return min(
        candidates,
        key=lambda p: (
            p.wanted != mask,
            split_suffix(p.image)[0].rpartition("/")[2] != stem.rpartition("/")[2],
            len(p.masks),
        ),
    )
