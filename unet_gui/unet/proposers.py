"""Whose turn it is to propose in a project, as far as that is known without loading a network.

torch is half of what the program takes of memory; it is not loaded to find out that nobody does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from unet_gui.dataset.project import Project
    from unet_gui.dataset.rounds import Round

STARTER: Final = "starter"

LARGEST: Final = 64 << 20
"""Pixels of an image past which no proposal is made unasked: on a CPU it takes ten minutes, and
memory for image and network as large as the image."""


def class_key(project: Project) -> tuple[Any, ...]:
    """What decides whether a learner fits a project: ids and names, not colours or order."""
    return tuple(sorted((c.id, c.name.casefold()) for c in project.classes))


def proposing_name(project: Project, starter: Mapping[int, str]) -> str | None:
    """The adopted round, else the starter where its classes fit.

    A project in which every round so far lost against the starter has adopted none, and where the
    starter has learned other classes than the project's nothing would ever propose; there the
    latest round does. Where a round did win once, the person went back to the start on purpose,
    and rounds stay silent.

    Args:
        project: The project.
        starter: Names of the starter's classes by id; empty where there is none.

    Returns:
        The round's name, `STARTER`, or None when nothing proposes.
    """
    if project.adopted is not None:
        return project.adopted
    own = {c.id: c.name.casefold() for c in project.classes}
    if starter and all(own.get(i) == name.casefold() for i, name in starter.items()):
        return STARTER
    rounds = usable_rounds(project)
    if not rounds or any(r.info.get("adopted") is True for r in rounds):
        return None
    return rounds[-1].name


def usable_rounds(project: Project) -> list[Round]:
    """Rounds of the U-Net, the oldest first."""
    return [r for r in project.rounds() if r.info.get("learner", "unet") == "unet"]
