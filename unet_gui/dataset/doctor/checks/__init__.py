"""The registry of checks: by what they need to see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from unet_gui.dataset.doctor.checks import (
    colors,
    copies,
    damage,
    listing,
    mask_files,
    pairs,
    project,
    sizes,
    splits,
    values,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from unet_gui.core.progress import Progress
    from unet_gui.dataset.doctor.examined import Examined
    from unet_gui.dataset.doctor.findings import Finding
    from unet_gui.dataset.doctor.survey import Survey

OF_FOLDER: Final[tuple[Callable[[Survey], Iterable[Finding]], ...]] = (
    project.damaged,
    project.classes,
    project.colors,
    project.gone,
    project.without_folder,
    project.no_classes,
    listing.no_images,
    listing.locked_folders,
    listing.broken_links,
    listing.system_files,
    listing.unread_kinds,
    listing.disguised,
    listing.case_clashes,
    listing.bad_names,
    listing.earlier_output,
    pairs.missing_masks,
    pairs.missing_images,
    pairs.doubled_masks,
    pairs.doubled_stems,
    pairs.misnamed_masks,
    pairs.unusual_folders,
    splits.lists,
    splits.overlaps,
)
"""Checks of names alone."""

OF_PAIR: Final[tuple[Callable[[Examined], Iterable[Finding]], ...]] = (
    damage.damage,
    damage.extensions,
    damage.pages,
    damage.unusual_images,
    sizes.sizes,
    sizes.orientation,
    mask_files.lossy,
    mask_files.kinds,
    mask_files.depth,
    mask_files.alpha,
    mask_files.grey_colors,
    mask_files.interlaced,
    mask_files.is_the_image,
)
"""Checks of one image and its mask."""

OF_ALL: Final[tuple[Callable[[Survey, Sequence[Examined]], Iterable[Finding | Progress]], ...]] = (
    values.values,
    values.flat,
    values.unused,
    colors.colors,
    colors.palettes,
    copies.copies,
    copies.twin_masks,
)
"""Checks of everything together."""
