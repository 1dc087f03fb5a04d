"""Objects in masks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from unet_gui.dataset.objects import equivalent_diameter, find_objects

MASKS = hnp.arrays(
    np.uint8,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=12),
    elements=st.sampled_from([0, 1, 2, 254, 255]),
)


def flood(mask: np.ndarray, class_id: int) -> list[list[tuple[int, int]]]:
    """The objects of a class by walking from pixel to pixel, corners included."""
    left = {(int(y), int(x)) for y, x in np.argwhere(mask == class_id)}
    found = []
    while left:
        todo, region = [left.pop()], []
        while todo:
            y, x = todo.pop()
            region.append((y, x))
            near = {(y + i, x + j) for i in (-1, 0, 1) for j in (-1, 0, 1)} & left
            left -= near
            todo += near
        found.append(region)
    return found


@settings(deadline=None)  # the first call loads scipy
@given(MASKS)
def test_objects_are_those_of_a_walk_over_the_pixels(mask):
    found = {o.class_id: o for o in find_objects(mask)}
    assert set(found) == set(np.unique(mask).tolist()) - {255}
    for class_id, objects in found.items():
        expected = sorted(
            (
                len(r),
                round(sum(x for _, x in r) / len(r), 6),
                round(sum(y for y, _ in r) / len(r), 6),
                min(x for _, x in r),
                min(y for y, _ in r),
                max(x for _, x in r) - min(x for _, x in r) + 1,
                max(y for y, _ in r) - min(y for y, _ in r) + 1,
            )
            for r in flood(mask, class_id)
        )
        got = sorted(
            (int(a), round(float(c[0]), 6), round(float(c[1]), 6), *b.tolist())
            for a, c, b in zip(objects.areas, objects.centers, objects.boxes, strict=True)
        )
        assert got == expected


def test_objects_at_the_border_are_marked():
    mask = np.full((6, 8), 255, np.uint8)
    mask[0, 3] = mask[3, 3] = mask[5, 7] = 1
    (objects,) = find_objects(mask)
    assert objects.cut.tolist() == [True, False, True]


def test_a_circle_has_its_diameter():
    y, x = np.mgrid[:201, :201]
    mask = np.where((y - 100) ** 2 + (x - 100) ** 2 <= 80**2, 1, 255).astype(np.uint8)
    (objects,) = find_objects(mask)
    assert objects.diameters[0] == pytest.approx(160, abs=0.5)
    assert equivalent_diameter(np.array([np.pi])) == pytest.approx([2.0])
