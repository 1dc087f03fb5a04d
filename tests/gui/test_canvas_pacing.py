"""Frames in time: tiles not made yet, what stands in for them, what is seen in the end."""

import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication

from unet_gui.core.document import Document
from unet_gui.core.geometry import EMPTY, Rect
from unet_gui.core.progress import drain
from unet_gui.gui.canvas import pacing
from unet_gui.gui.canvas.overlay_tiles import ColoredTiles
from unet_gui.gui.canvas.tiles import Layer, TileKey

SHAPE = 1500, 1700


@pytest.fixture
def hurried(monkeypatch):
    """No time at all: one tile a paint event, one between two of them."""
    monkeypatch.setattr(pacing, "AT_LEAST", 1)
    monkeypatch.setattr(pacing, "IN_PAINT", 0.0)
    monkeypatch.setattr(pacing, "SLICE", 0.0)
    monkeypatch.setattr(pacing, "AT_REST", 0.0)


@pytest.fixture
def easel(make_easel):
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    image = np.stack([x // 7 % 256, y // 7 % 256, (x + y) // 13 % 256], -1).astype(np.uint8)
    easel = make_easel(image)
    mask = ((x // 90 + y // 70) % 4).astype(np.uint8)
    mask[mask == 3] = 255
    easel.session.apply("Fill", easel.session.document.bounds, mask)
    drain(easel.session.source.build_levels())
    return easel


def finished(easel):
    canvas = easel.canvas
    canvas.update()
    for _ in range(2000):
        QApplication.processEvents()
        if not (canvas._overlay.unfinished or canvas._backdrop.unfinished):
            return
    raise AssertionError("tiles are made without an end")


def anew(easel):
    """What is seen with all tiles made for it."""
    canvas = easel.canvas
    canvas._overlay.set_mask(easel.session.document.levels)
    ghost = easel.session.ghost
    canvas._overlay.set_ghost(ghost.mask if ghost else None)
    canvas._backdrop.set_source(None)
    canvas._backdrop.set_source(easel.session.source)
    pacing.AT_LEAST, least = 1_000_000, pacing.AT_LEAST
    try:
        return easel.seen()
    finally:
        pacing.AT_LEAST = least


STEPS = st.lists(
    st.sampled_from(
        [
            "in",
            "out",
            "far in",
            "fit",
            "actual",
            "jump",
            "pan",
            "opacity",
            "outline",
            "edit",
            "turn",
        ]
    ),
    max_size=8,
)


def do(easel, step):
    canvas, state = easel.canvas, easel.state
    if step == "edit":
        rect = Rect(300, 250, 1200, 900)
        easel.session.apply("Fill", rect, int(easel.session.document.value_at(300, 250)) % 2 + 1)
    elif step == "opacity":
        state.set_opacity(0.9 - state.opacity)
    elif step == "outline":
        state.set_outline(not state.outline)
    else:
        {
            "in": lambda: canvas.zoom_to(canvas.zoom * 1.4),
            "far in": lambda: canvas.zoom_to(canvas.zoom * 6),
            "out": lambda: canvas.zoom_to(canvas.zoom / 1.6),
            "fit": canvas.zoom_fit,
            "actual": canvas.zoom_actual,
            "jump": lambda: canvas.look_at(1500.0, 200.0),
            "pan": lambda: canvas.pan_by(-90, 60),
            "turn": lambda: canvas.rotate(20),
        }[step]()
    QApplication.processEvents()


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=6, deadline=None
)
@given(steps=STEPS)
def test_in_the_end_all_is_seen_as_it_is(easel, hurried, steps):
    easel.canvas.reset_rotation()
    for step in steps:
        do(easel, step)
    finished(easel)
    QApplication.sendEvent(easel.canvas, QEvent(QEvent.Type.Leave))
    assert np.array_equal(easel.seen(), anew(easel))


def test_a_frame_makes_no_more_than_its_time_allows(easel, hurried, monkeypatch):
    easel.canvas.zoom_fit()
    finished(easel)
    made = []
    fresh = easel.canvas._overlay._tiles.fresh
    monkeypatch.setattr(
        easel.canvas._overlay._tiles, "fresh", lambda key: made.append(key) or fresh(key)
    )
    easel.canvas.zoom_to(0.6)
    easel.canvas.repaint()
    assert len(made) == 1
    assert easel.canvas._overlay.unfinished


def test_what_is_not_made_yet_is_stood_in_for(easel, hurried):
    easel.state.set_opacity(1.0)
    easel.canvas.zoom_to(0.49)
    finished(easel)
    easel.canvas.zoom_to(0.51)  # the next finer level
    at_once = easel.seen().astype(int)
    assert easel.canvas._overlay.unfinished
    finished(easel)
    apart = np.abs(at_once - easel.seen()).max(-1)
    assert np.mean(apart > 20) < 0.1  # but for edges the same is seen


def test_the_wide_view_stands_in_on_the_way_out(easel, hurried):
    easel.state.set_opacity(1.0)
    easel.canvas.zoom_to(0.51)
    finished(easel)
    tiles = easel.canvas._overlay._tiles._tiles
    for key in [k for k in tiles if k.level > 0]:
        del tiles[key]
    easel.canvas.zoom_to(0.49)
    at_once = easel.seen().astype(int)
    finished(easel)
    middle = np.s_[100:200, 120:280]
    assert np.mean(np.abs(at_once - easel.seen()).max(-1)[middle] > 20) < 0.15


@pytest.mark.parametrize("layer", ["overlay", "image"])
def test_a_view_of_more_tiles_than_are_kept_comes_to_an_end(easel, hurried, monkeypatch, layer):
    if layer == "overlay":
        monkeypatch.setattr("unet_gui.gui.canvas.overlay_tiles.MAX_TILES", 2)
        easel.canvas._overlay.set_mask(easel.session.document.levels)
    else:
        monkeypatch.setattr("unet_gui.gui.canvas.image_tiles.AMPLE", 0)
        easel.canvas._backdrop._store._budget = 1
    easel.canvas.zoom_to(0.6)
    finished(easel)
    assert np.array_equal(easel.seen(), anew(easel))


def test_those_asked_for_last_are_made_first(qapp, hurried):
    made, parent = [], QObject()
    later = pacing.Later(lambda key: made.append(key) or EMPTY, lambda _: None, parent)
    later.want("ab")
    later.want("cb")
    while later.waiting:
        QApplication.processEvents()
    assert made == ["c", "b", "a"]
    later.want("d")
    later.clear()
    QApplication.processEvents()
    assert made == ["c", "b", "a"]


def test_not_without_an_end(qapp, monkeypatch):
    monkeypatch.setattr(pacing, "MOST", 3)
    later = pacing.Later(lambda key: EMPTY, lambda _: None, parent := QObject())
    later.want(range(5))
    assert list(later._keys) == [0, 1, 2]
    assert parent.children()


def test_tiles_wait_until_the_view_rests(qapp, hurried, monkeypatch):
    made, parent = [], QObject()
    later = pacing.Later(lambda key: made.append(key) or EMPTY, lambda _: None, parent)
    monkeypatch.setattr(pacing, "AT_REST", 1000.0)
    later.clear()  # another view
    later.want("a")
    QApplication.processEvents()
    assert later.waiting
    assert not made
    monkeypatch.setattr(pacing, "AT_REST", 0.0)
    later.clear()
    later.want("b")
    while later.waiting:
        QApplication.processEvents()
    assert made == ["b"]


def test_a_frame_that_has_taken_long_makes_only_what_it_must(monkeypatch):
    monkeypatch.setattr(pacing, "AT_LEAST", 1)
    monkeypatch.setattr(pacing, "IN_PAINT", 1000.0)
    monkeypatch.setattr(pacing, "IN_FRAME", 1000.0)
    early = pacing.PaintPace(time.perf_counter())
    assert [early.take() for _ in range(3)] == [True, True, True]
    late = pacing.PaintPace(time.perf_counter() - 1000.0)
    assert [late.take() for _ in range(3)] == [True, False, False]


def colored(mask):
    tiles = ColoredTiles()
    tiles.set_mask(Document(mask).levels)
    palette = np.full((256, 3), 200, np.uint8)
    tiles.set_palette(palette, None)
    return tiles


def test_one_coarser_tile_stands_in_for_those_side_by_side_at_once():
    tiles = colored(np.ones((2048, 2048), np.uint8))
    tiles.fresh(TileKey(Layer.MASK, False, 1, 0, 0))
    four = [TileKey(Layer.MASK, False, 0, y, x) for y in (0, 1) for x in (0, 1)]
    (piece,) = tiles.stand_ins(four)
    assert piece.target.getRect() == (0, 0, 512, 512)
    assert piece.source.getRect() == (0, 0, 256, 256)
    # What is drawn twice would be too strong, so nothing reaches into the tile that is there.
    apart = tiles.stand_ins(four[1:])
    assert [p.target.getRect() for p in apart] == [
        (256, 0, 256, 256),
        (0, 256, 256, 256),
        (256, 256, 256, 256),
    ]
