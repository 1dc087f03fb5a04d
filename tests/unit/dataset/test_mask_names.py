"""Which mask belongs to which image, also when images share a stem."""

from __future__ import annotations

import os

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from unet_gui.core.classes import ClassTable
from unet_gui.dataset.mask_names import assign_masks, sharing_notice
from unet_gui.dataset.masks import save_mask

CLASSES = ClassTable.from_names(["a"])
NAMES = st.text("ab.1", min_size=1, max_size=5).filter(lambda s: s.strip(".") == s)


def assign(tmp_path, *names, remembered=None):
    return assign_masks(names, remembered or {}, tmp_path / "images", tmp_path / "masks")


def image(tmp_path, name, size=(4, 4), when=None):
    path = tmp_path / "images" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size).save(path)
    if when is not None:
        os.utime(path, (when, when))


def test_same_path_and_stem(tmp_path):
    assigned, shared = assign(tmp_path, "a.jpg", "sub/a.jpg", "b.c.tif", "ohne.ome.tif")
    assert assigned == {
        "a.jpg": "a.png", "sub/a.jpg": "sub/a.png", "b.c.tif": "b.c.png",
        "ohne.ome.tif": "ohne.ome.png",
    }  # fmt: skip
    assert shared == {}
    assert sharing_notice(shared) == ""


def test_the_second_of_a_stem_gets_its_full_name(tmp_path):
    assigned, shared = assign(tmp_path, "a.jpg", "a.png", "a.tif")
    assert assigned == {"a.jpg": "a.png", "a.png": "a.png.png", "a.tif": "a.tif.png"}
    assert shared == assigned
    assert "a.png and 1 more is called a.png.png" in sharing_notice(shared)


def test_full_names_that_are_taken_are_numbered(tmp_path):
    assigned, _ = assign(tmp_path, "a.jpg", "a.tif", "a.tif.png")
    assert assigned == {"a.jpg": "a.png", "a.tif": "a.tif.2.png", "a.tif.png": "a.tif.png"}


def test_case_alone_does_not_tell_masks_apart(tmp_path):
    assigned, _ = assign(tmp_path, "A.jpg", "a.png")
    assert assigned == {"A.jpg": "A.png", "a.png": "a.png.png"}


def test_memory_wins_over_order(tmp_path):
    remembered = {"a.tif": "a.png", "a.jpg": "a.jpg.png", "gone.png": "x.png"}
    assigned, shared = assign(tmp_path, "a.bmp", "a.jpg", "a.tif", remembered=remembered)
    assert assigned == {"a.bmp": "a.bmp.png", "a.jpg": "a.jpg.png", "a.tif": "a.png"}
    assert "gone.png" not in shared


def test_what_is_remembered_stays_when_the_other_image_goes(tmp_path):
    remembered = {"a.jpg": "a.png", "a.tif": "a.tif.png"}
    assert assign(tmp_path, "a.tif", remembered=remembered)[0] == {"a.tif": "a.tif.png"}


def test_the_mask_knows_its_owner(tmp_path):
    image(tmp_path, "a.tif")
    image(tmp_path, "a.jpg")
    save_mask(tmp_path / "masks" / "a.png", np.zeros((4, 4), np.uint8), CLASSES, owner="a.tif")
    assigned, _ = assign(tmp_path, "a.jpg", "a.tif")
    assert assigned == {"a.jpg": "a.jpg.png", "a.tif": "a.png"}


def test_size_tells_the_owner_of_a_foreign_mask(tmp_path):
    image(tmp_path, "a.jpg", (9, 9))
    image(tmp_path, "a.tif", (4, 4))
    save_mask(tmp_path / "masks" / "a.png", np.zeros((4, 4), np.uint8), CLASSES)
    assert assign(tmp_path, "a.jpg", "a.tif")[0]["a.tif"] == "a.png"


def test_an_image_younger_than_the_mask_is_not_its_owner(tmp_path):
    save_mask(tmp_path / "masks" / "a.png", np.zeros((4, 4), np.uint8), CLASSES)
    made = (tmp_path / "masks" / "a.png").stat().st_mtime
    image(tmp_path, "a.jpg", when=made + 100)
    image(tmp_path, "a.tif", when=made - 100)
    assert assign(tmp_path, "a.jpg", "a.tif")[0]["a.tif"] == "a.png"


def test_broken_images_and_masks_fall_back_to_order(tmp_path):
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks" / "a.png").write_bytes(b"broken")
    assert assign(tmp_path, "a.jpg", "a.tif")[0]["a.jpg"] == "a.png"


@given(names=st.lists(NAMES, unique=True, max_size=8), kept=st.lists(NAMES, max_size=3))
def test_no_mask_twice_and_stable(tmp_path_factory, names, kept):
    tmp_path = tmp_path_factory.getbasetemp()
    images = sorted(f"{n}.tif" for n in names)
    assigned, shared = assign(tmp_path, *images)
    assert set(assigned) == set(images)
    lowered = [m.casefold() for m in assigned.values()]
    assert len(set(lowered)) == len(lowered)
    # Whatever appears later, the first images keep their masks.
    more = sorted({*images, *(f"{n}.jpg" for n in kept)})
    again, _ = assign(tmp_path, *more, remembered={**shared, **assigned})
    assert all(again[n] == assigned[n] for n in images)
