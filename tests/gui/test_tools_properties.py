"""Whatever is done with whatever tools: undo is the identity, and changes are announced."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest

from unet_gui.core.protection import Protection
from unet_gui.gui.state import Tool

HEIGHT, WIDTH = 40, 56
NONE = Qt.KeyboardModifier.NoModifier
SHIFT, CTRL, ALT = (
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)

points = st.tuples(st.floats(-6, WIDTH + 6), st.floats(-6, HEIGHT + 6))
uses = st.fixed_dictionaries(
    {
        "tool": st.sampled_from([tool for tool in Tool if tool is not Tool.PAN]),
        "button": st.sampled_from([Qt.MouseButton.LeftButton] * 3 + [Qt.MouseButton.RightButton]),
        "modifiers": st.sampled_from([NONE, NONE, SHIFT, CTRL, ALT, SHIFT | ALT]),
        "strokes": st.lists(st.lists(points, min_size=1, max_size=4), min_size=1, max_size=3),
        "end": st.sampled_from(["", "enter", "escape", "double", "wheel", "backspace"]),
        "size": st.integers(1, 30),
        "class_id": st.sampled_from([0, 1, 2]),
        "options": st.fixed_dictionaries(
            {
                "square": st.booleans(),
                "tolerance": st.integers(0, 80),
                "connected": st.booleans(),
                "superpixel": st.integers(4, 20),
            }
        ),
    }
)


def perform(easel, use):
    """One use of a tool as a person's hand would do it."""
    state, how = easel.state, {"button": use["button"], "modifiers": use["modifiers"]}
    state.set_tool(use["tool"])
    state.set_active_class(use["class_id"])
    state.set_size(use["size"])
    state.set_options(**use["options"])
    for stroke in use["strokes"]:
        easel.drag(*stroke, **how)
    last = use["strokes"][-1][-1]
    if use["end"] == "double":
        easel.mouse(QEvent.Type.MouseButtonDblClick, easel.at(*last), button=use["button"])
        easel.release(*last, **how)
    elif use["end"] == "wheel":
        easel.hover(*last)
        easel.wheel(*last, 1)
        QTest.keyClick(easel.canvas, Qt.Key.Key_Return)
    elif use["end"]:
        key = {
            "enter": Qt.Key.Key_Return,
            "escape": Qt.Key.Key_Escape,
            "backspace": Qt.Key.Key_Backspace,
        }[use["end"]]
        QTest.keyClick(easel.canvas, key)
    QTest.keyClick(easel.canvas, Qt.Key.Key_Escape)


def noise(seed, ground):
    """Blobs of classes, as a person leaves them."""
    rng = np.random.default_rng(seed)
    mask = np.full((HEIGHT, WIDTH), 255, np.uint8)
    for _ in range(6):
        y, x = rng.integers(0, HEIGHT - 8), rng.integers(0, WIDTH - 8)
        mask[y : y + 8, x : x + 12] = rng.choice(ground)
    return mask


def image():
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    disc = (x - 20) ** 2 + (y - 18) ** 2 < 100
    pixels = np.where(disc[..., None], (200, 90, 60), (40, 120, 90)).astype(np.uint8)
    return pixels + np.random.default_rng(0).integers(0, 12, pixels.shape, np.uint8)


@pytest.fixture
def easel(make_easel):
    """One canvas for all examples of a test; each begins with a mask of its own."""
    easel = make_easel(image())
    easel.canvas.zoom_to(5.0)
    return easel


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(uses, min_size=1, max_size=5), st.integers(0, 3), st.booleans())
def test_any_tools_then_undo_of_all_is_the_identity(easel, propose, sequence, seed, ghost):
    session, document = easel.session, easel.session.document
    session.apply("before", document.bounds, noise(seed, [0, 1, 2, 255]))
    if ghost:
        propose(session, noise(seed + 9, [0, 1, 2]))
    before, position = document.mask.copy(), document.history.position
    announced = []
    connection = session.mask_changed.connect(announced.append)
    for use in sequence:
        announced.clear()
        old, steps = document.mask.copy(), document.history.position
        perform(easel, use)
        assert not session.stroking
        inside = np.zeros(old.shape, np.bool_)
        for rect in announced:
            inside[rect.slices] = True
        assert not ((document.mask != old) & ~inside).any()
        assert document.history.position - steps <= len(use["strokes"]) + 2
    assert np.array_equal(document.counts, np.bincount(document.mask.ravel(), minlength=256))
    after, last = document.mask.copy(), document.history.position
    while document.history.position > position:
        session.undo()
    assert np.array_equal(document.mask, before)
    session.travel(last)
    assert np.array_equal(document.mask, after)
    session.mask_changed.disconnect(connection)
    session.discard_ghost()


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(uses, min_size=1, max_size=3), st.sampled_from([{0}, {0, 1}, {2}]))
def test_no_tool_paints_over_a_locked_class(easel, sequence, locked):
    session, document = easel.session, easel.session.document
    session.set_protection(Protection())
    session.apply("before", document.bounds, noise(1, [0, 1, 2, 255]))
    before = document.mask.copy()
    session.set_protection(Protection(frozenset(locked)))
    for use in sequence:
        perform(easel, use)
    kept = np.isin(before, list(locked))
    assert np.array_equal(document.mask[kept], before[kept])
