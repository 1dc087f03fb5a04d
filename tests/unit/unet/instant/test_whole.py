"""What images labelled whole teach, whatever they look like and whatever happens meanwhile."""

import numpy as np
import pytest

from tests.unit.unet.instant.conftest import FP32, SHAPE, striped
from unet_gui.core.progress import drain
from unet_gui.unet.instant import tiles, whole
from unet_gui.unet.instant.features import extract, ready_encoder
from unet_gui.unet.instant.learner import new_net
from unet_gui.unet.instant.live import View
from unet_gui.unet.instant.whole import WholeImages


@pytest.fixture
def half_grey(drawn, monkeypatch):
    """An image of six tiles: white in the upper half, as slides are beside the tissue."""
    monkeypatch.setattr(tiles, "TILE", 32)
    monkeypatch.setattr(tiles, "WHOLE", 48)
    monkeypatch.setattr(tiles, "MARGIN", 0)
    monkeypatch.setattr(whole, "PART", 16)
    image, truth = drawn(0, SHAPE)
    image[:48] = 255
    return View("0.png", truth.shape, lambda rect: image[rect.slices]), truth


def test_strokes_on_white_and_on_colour_are_learnt_together(learner, half_grey):
    here, truth = half_grey
    drain(learner.study(here, striped(truth)))
    rows = learner._painted["0.png"].rows
    assert len(rows) == (striped(truth) != 255).sum()
    assert rows.filters.shape[1] == learner._free["0.png"].filters.shape[1] == 3
    white = rows.filters[: len(rows) // 3]
    np.testing.assert_array_equal(white, white[:, :1].repeat(3, 1))
    assert (drain(learner.answer(here)).mask != 255).all()


def test_an_image_with_white_parts_is_learnt_from_in_other_light(learner, half_grey, monkeypatch):
    monkeypatch.setattr(whole, "seen_around", lambda tile, shape: whole.Rect.of_shape(shape))
    here, truth = half_grey
    drain(learner.study(here, truth))
    learner.leave(here, truth)
    drain(learner.deepen())
    (other,) = learner._whole.other_light
    assert other.rows.filters.shape[1] == 3


@pytest.fixture
def maps(drawn, small_weights):
    """Features of a drawn image."""
    net = new_net(small_weights, 3)
    return extract(drawn(0, SHAPE)[0], ready_encoder(net, FP32), "unit", FP32)


class Images:
    """Whole images of one tile each; which features are asked for is written down."""

    def __init__(self, maps):
        self.maps = maps
        self.found, self.lost = [], set()
        self.whole = WholeImages(lambda *_: maps, self.find, lambda _pixels: maps)

    def find(self, key):
        self.found.append(key[0])
        return None if key[0] in self.lost else self.maps

    def put(self, name, value=1, shape=SHAPE, **how):
        view = View(name, shape, lambda rect: np.zeros((rect.height, rect.width, 3), np.uint8))
        self.whole.put(view, np.full(shape, value, np.uint8), **{"look": False, **how})


@pytest.fixture
def images(maps, monkeypatch):
    def fit_context(net, _areas, _steps, *, before):
        yield
        net.context = net.new_context()

    monkeypatch.setattr(whole, "fit_context", fit_context)
    return Images(maps)


@pytest.fixture
def net(small_weights):
    return new_net(small_weights, 3)


def test_an_image_forgotten_in_a_pause_is_learnt_from_no_more(images, net):
    for name in "abc":
        images.put(name)
    job = images.whole.learn(net)
    next(job)
    images.whole.forget(["a", "c"])
    drain(job)
    assert images.found == ["b"]


def test_images_make_way_for_others_in_a_pause(images, net, monkeypatch):
    monkeypatch.setattr(whole, "MOST", 2)
    images.put("a")
    images.put("b")
    job = images.whole.learn(net)
    next(job)
    images.put("c")
    drain(job)
    assert images.found == ["b"]
    drain(images.whole.learn(net))
    assert images.whole.known == {"b", "c"}


def test_labels_and_pixels_are_of_the_same_state_of_an_image(images, net, monkeypatch):
    """Painted on in a pause while it is looked at in other light."""
    monkeypatch.setattr(whole, "PART", 32)
    learnt = []
    monkeypatch.setattr(whole, "remember", lambda _maps, mask, **_: learnt.append(mask) or [])
    images.put("a", 1, look=True)
    job = images.whole.learn(net)
    next(job)
    images.put("a", 2, look=True)
    drain(job)
    assert not learnt
    drain(images.whole.learn(net))
    assert {int(i) for mask in learnt for i in np.unique(mask)} == {2}


def test_an_image_left_again_with_other_labels_is_not_judged_by_the_old_tile(
    images, net, monkeypatch
):
    judged = []

    def judging(_net, pixels, _maps, truth, _learnt):
        judged.append((pixels.shape[:2], truth.shape))
        yield
        return [1.0]

    monkeypatch.setattr(whole, "judging", judging)
    images.put("known")
    drain(images.whole.learn(net))
    images.put("a", look=True, before=new_net(None, 3))
    job = images.whole.learn(net)
    next(job)
    images.put("a", shape=(48, 40))
    drain(job)
    assert not judged
    assert images.whole.trials == {}


def test_images_are_learnt_from_in_the_order_they_were_left(images, net):
    names = [f"{i}.png" for i in (7, 3, 9, 1, 5, 0, 8, 2)]
    for name in names:
        images.put(name)
    drain(images.whole.learn(net))
    assert images.found == names


def test_an_image_whose_features_are_gone_is_not_known(images, net):
    images.lost.add("b")
    images.put("a")
    images.put("b")
    drain(images.whole.learn(net))
    assert images.whole.known == {"a"}


def test_what_failed_is_learnt_the_next_time(learner, drawn, monkeypatch):
    image, truth = drawn(0, SHAPE)
    here = View("0.png", truth.shape, lambda rect: image[rect.slices])
    drain(learner.study(here, truth))
    learner.leave(here, truth)
    fit = whole.fit_context
    monkeypatch.setattr(whole, "fit_context", lambda *_args, **_named: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        drain(learner.deepen())
    assert learner.eager
    assert learner._net.context is None
    monkeypatch.setattr(whole, "fit_context", fit)
    drain(learner.deepen())
    assert not learner.eager
    assert learner._net.context is not None
    assert learner._whole.known == {"0.png"}


def test_one_image_that_cannot_be_read_any_more_does_not_stop_the_others(images, net, caplog):
    def gone(_rect):
        raise OSError("closed")

    images.whole.put(View("a", SHAPE, gone), np.ones(SHAPE, np.uint8))
    images.put("b", look=True)
    drain(images.whole.learn(net))
    assert images.whole.known == {"a", "b"}, "features of both are at hand"
    assert list(images.whole._other_light) == ["b"]
    assert "“a”" in caplog.text
