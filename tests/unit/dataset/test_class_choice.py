"""Classes are left out, merged, renamed and numbered anew; pixels follow."""

from __future__ import annotations

import numpy as np
import pytest

from unet_gui.core.classes import ClassTable
from unet_gui.core.errors import ExportError
from unet_gui.dataset.class_choice import ClassChoice

TABLE = ClassTable.from_names(["soil", "crop", "weed", "stone"])
MASK = np.array([[0, 1, 2, 3, 255, 9]], np.uint8)


def resolved(**choice):
    found = ClassChoice(**choice).resolve(TABLE)
    return {c.id: c.name for c in found.classes}, found.apply(MASK)[0].tolist()


@pytest.mark.parametrize(
    ("choice", "classes", "mask"),
    [
        ({}, {0: "soil", 1: "crop", 2: "weed", 3: "stone"}, [0, 1, 2, 3, 255, 9]),
        ({"keep": ("Weed", "1")}, {2: "weed", 1: "crop"}, [255, 1, 2, 255, 255, 255]),
        ({"keep": ("weed", "crop"), "renumber": True}, {0: "weed", 1: "crop"},
         [255, 1, 0, 255, 255, 255]),
        ({"mapping": (("stone", "soil"),)}, {0: "soil", 1: "crop", 2: "weed"},
         [0, 1, 2, 0, 255, 9]),
        ({"mapping": (("crop", "plant"), ("weed", "plant"))}, {0: "soil", 1: "plant", 3: "stone"},
         [0, 1, 1, 3, 255, 9]),
        ({"mapping": (("stone", "unlabelled"),)}, {0: "soil", 1: "crop", 2: "weed"},
         [0, 1, 2, 255, 255, 9]),
        ({"mapping": (("*", "soil"),), "keep": ("crop", "soil")}, {1: "crop", 0: "soil"},
         [0, 1, 0, 0, 255, 255]),
        ({"mapping": (("*", "other"), ("crop", "crop"))}, {0: "other", 1: "crop"},
         [0, 1, 0, 0, 255, 9]),
        ({"mapping": (("crop", "weed"), ("weed", "stone"))}, {0: "soil", 3: "stone"},
         [0, 3, 3, 3, 255, 9]),
    ],
)  # fmt: skip
def test_choices(choice, classes, mask):
    assert resolved(**choice) == (classes, mask)


def test_what_became_of_classes_is_said():
    choice = ClassChoice(("plant", "soil"), (("crop", "plant"), ("weed", "plant")), renumber=True)
    assert choice.resolve(TABLE).notes == (
        "The class soil has the id 1 instead of 0.",
        "The class crop became plant.",
        "The class weed became plant.",
        "The class stone became unlabelled.",
    )
    assert ClassChoice().resolve(TABLE).notes == ()


def test_counts_follow():
    found = ClassChoice(mapping=(("stone", "soil"),)).resolve(TABLE)
    assert found.count({0: 3, 3: 4, 255: 1}) == {0: 7, 255: 1}
    plain = ClassChoice().resolve(TABLE)
    assert plain.lut is None
    assert plain.count({0: 1}) == {0: 1}


@pytest.mark.parametrize(
    ("choice", "word"),
    [
        ({"keep": ("tree",)}, "no class “tree”"),
        ({"mapping": (("tree", "soil"),)}, "no class “tree”"),
        ({"mapping": (("crop", "soil"), ("1", "weed"))}, "mapped twice"),
        ({"mapping": (("*", "unlabelled"),)}, "No class is left"),
    ],
)
def test_nonsense_is_refused(choice, word):
    with pytest.raises(ExportError, match=word):
        resolved(**choice)
