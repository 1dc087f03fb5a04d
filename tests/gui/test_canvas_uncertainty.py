"""The uncertainty map over the image: where it is drawn, in what colours, and what it costs."""

import numpy as np
import pytest

from unet_gui.gui.canvas import uncertainty
from unet_gui.gui.canvas.uncertainty import TILE, doubts_of, ramp
from unet_gui.gui.documents import Ghost
from unet_gui.gui.options import Compare

SHAPE = (200, 300)


@pytest.fixture
def easel(make_easel):
    easel = make_easel(np.full((*SHAPE, 3), 128, np.uint8))
    easel.canvas.zoom_actual()
    return easel


def offer(easel, *unsure, value=60, mask=255):
    confidence = np.full(SHAPE, 250, np.uint8)
    for place in unsure:
        confidence[place] = value
    easel.session.set_prediction(
        easel.session.entry.name, Ghost(np.full(SHAPE, mask, np.uint8), confidence)
    )


LEFT = np.s_[:, :150]


def test_unsure_places_are_coloured_and_sure_ones_are_not(easel):
    offer(easel, LEFT)
    assert easel.color(75, 100) == (128, 128, 128)
    easel.state.set_view(uncertainty=True)
    unsure = easel.color(75, 100)
    assert unsure != (128, 128, 128)
    assert easel.color(225, 150) == (128, 128, 128)
    easel.state.set_view(uncertainty_opacity=0.3)
    fainter = easel.color(75, 100)
    assert abs(fainter[0] - 128) < abs(unsure[0] - 128)
    easel.state.set_view(uncertainty=False)
    assert easel.color(75, 100) == (128, 128, 128)


def test_it_follows_the_proposal(easel):
    easel.state.set_view(uncertainty=True)
    assert easel.color(75, 100) == (128, 128, 128)
    offer(easel, LEFT)
    assert easel.color(75, 100) != (128, 128, 128)
    offer(easel)
    assert easel.color(75, 100) == (128, 128, 128)


def test_where_nobody_has_looked_there_is_no_colour(easel):
    offer(easel, LEFT, value=0)
    easel.state.set_view(uncertainty=True)
    assert easel.color(75, 100) == (128, 128, 128)


def test_it_is_hidden_with_the_overlay(easel):
    offer(easel, LEFT)
    easel.state.set_view(uncertainty=True)
    easel.state.set_overlay_visible(False)
    assert easel.color(75, 100) == (128, 128, 128)


@pytest.mark.parametrize("degrees", [90, 30])
def test_a_turned_image_shows_it_at_the_same_place(easel, degrees):
    offer(easel, LEFT)
    easel.state.set_view(uncertainty=True)
    easel.canvas.rotate(degrees)
    assert easel.color(100, 100) != (128, 128, 128)
    assert easel.color(200, 100) == (128, 128, 128)


@pytest.mark.parametrize("zoom", [0.5, 0.2, 3.0])
def test_at_any_zoom(easel, zoom):
    offer(easel, LEFT)
    easel.state.set_view(uncertainty=True, pixel_grid=False)
    easel.canvas.zoom_to(zoom)
    easel.canvas.look_at(150, 100)
    assert easel.color(140, 100) != (128, 128, 128)
    assert easel.color(160, 100) == (128, 128, 128)


def test_it_costs_nothing_while_off(easel, monkeypatch):
    monkeypatch.setattr(uncertainty, "doubts_of", lambda *_: pytest.fail("looked at"))
    offer(easel, LEFT)
    easel.seen()
    easel.canvas.zoom_fit()
    easel.seen()


def test_only_tiles_in_view_are_made_and_none_stays_when_off(easel, monkeypatch):
    made = []
    real = doubts_of

    def watched(confidence, *key):
        made.append(key)
        return real(confidence, *key)

    monkeypatch.setattr(uncertainty, "doubts_of", watched)
    offer(easel, LEFT)
    easel.canvas.zoom_to(4.0)
    easel.canvas.look_at(40, 40)
    easel.state.set_view(uncertainty=True)
    easel.seen()
    assert set(made) == {(0, 0, 0)}
    easel.state.set_view(uncertainty=False)
    assert not easel.canvas._uncertainty._tiles


def test_the_legend_says_what_the_colours_mean(easel):
    bare = easel.seen()
    easel.state.set_view(uncertainty=True)
    without = easel.seen()
    offer(easel)
    legend = easel.seen()
    assert (without != bare).any()
    # the bar itself, at the upper right
    corner = legend[:50, -260:].reshape(-1, 3).astype(int)
    assert ((corner[:, 0] > 200) & (corner[:, 2] < 120)).any()
    easel.state.set_view(compare=Compare.SPLIT)
    assert (easel.seen()[:50, -260:] != bare[:50, -260:]).any()


def test_painting_goes_on_under_it(easel):
    offer(easel)
    easel.state.set_view(uncertainty=True)
    easel.drag((225, 100), (240, 100))
    assert easel.color(230, 100) != (128, 128, 128)


# -- numbers -------------------------------------------------------------------------------------


def test_colours_grow_lighter_and_stronger_for_every_eye():
    colors = ramp(1.0)
    alpha = colors >> 24
    assert colors[0] == 0
    assert (np.diff(alpha.astype(int)) >= 0).all()
    rgb = np.stack([colors >> 16 & 255, colors >> 8 & 255, colors & 255], 1).astype(float)
    lightness = rgb @ (0.2126, 0.7152, 0.0722)
    assert (np.diff(lightness) >= -0.5).all()
    assert lightness[-1] > 200
    assert (ramp(0.5) >> 24).max() in (127, 128)
    premultiplied = ramp(0.5)
    assert all(((premultiplied >> s & 255) <= premultiplied >> 24).all() for s in (0, 8, 16))


def test_coarse_levels_are_means_of_fine_ones():
    rng = np.random.default_rng(0)
    confidence = rng.integers(1, 256, (700, 900), np.uint8)
    fine = doubts_of(confidence, 0, 0, 0).astype(float)
    coarse = doubts_of(confidence, 2, 0, 0)
    assert coarse.shape == (175, 225)
    assert abs(fine.reshape(64, 4, 64, 4).mean((1, 3)) - coarse[:64, :64]).max() <= 1
    assert doubts_of(confidence, 0, 2, 3).shape == (700 - 2 * TILE, 900 - 3 * TILE)


def test_a_huge_image_is_sampled():
    confidence = np.full((20_000, 9_000), 60, np.uint8)
    found = doubts_of(confidence, 6, 0, 0)
    assert found.shape == (256, 141)
    assert (found == 255).all()
