"""What a round keeps of the images that it looks at."""

import numpy as np
import pytest
import torch

from unet_gui.unet.instant import lookout
from unet_gui.unet.instant.features import Maps
from unet_gui.unet.instant.lookout import Lookout, Others


def maps_of(image):
    height, width = image.shape[:2]
    levels = tuple(torch.zeros(-(-height >> k), -(-width >> k), 2) for k in range(4))
    octaves = tuple(torch.zeros(-(-height >> k), -(-width >> k), 1, 2) for k in range(3))
    return Maps((height, width), levels, octaves)


@pytest.fixture
def look():
    """`look(known)` is an empty lookout, and which tiles are seen once more, and what was seen."""

    def make(known=()):
        seen = []
        others = Others(set(known), lambda image: seen.append(image) or maps_of(image), 0)
        return Lookout(), others, seen

    return make


def tile(labelled=1.0):
    mask = np.zeros((16, 24), np.uint8)
    mask[:, round(24 * labelled) :] = 255
    return np.full((16, 24, 3), 90, np.uint8), mask


def test_a_whole_tile_is_kept_in_other_light_too(look):
    kept, others, seen = look()
    image, mask = tile()
    kept.add_other("a", image, mask, others)
    assert len(seen) == len(kept.areas) == len(kept.varied) == 1
    name, area = kept.areas[0]
    assert name == "a"
    assert area.share == 1
    assert tuple(area.labels.shape) == seen[0].shape[:2]
    assert (seen[0] != 90).all()
    np.testing.assert_array_equal(kept.varied[0].labels, 0)


def test_strokes_are_not(look):
    kept, others, seen = look()
    kept.add_other("a", *tile(labelled=0.5), others)
    assert not seen
    assert not kept.areas


def test_there_are_only_so_many(look, monkeypatch):
    monkeypatch.setattr(lookout, "OTHERS", 2)
    kept, others, seen = look()
    for name in "abc":
        kept.add_other(name, *tile(), others)
    assert len(seen) == 2


def test_new_images_have_their_turn_and_known_ones_take_turns(look):
    known = [f"{i}.png" for i in range(40)]
    _, others, _ = look(known)
    assert others.wanted("new.png")
    turns = [{n for n in known if look([*known, *range(more)])[1].wanted(n)} for more in range(20)]
    assert 4 <= np.mean([len(t) for t in turns]) <= 12
    assert len(set.union(*turns)) == 40


def test_with_another_image_known_it_looks_otherwise(look):
    kept, first, seen = look(["a"])
    _, second, later = look(["a", "b"])
    kept.add_other("a", *tile(), first)
    kept.add_other("a", *tile(), second)
    assert kept.areas[0][1].share == 0, "learnt from before"
    assert (seen[0].flat[0], seen[0].shape) != (later[0].flat[0], later[0].shape)
