import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from unet_gui.core.classes import UNLABELLED
from unet_gui.core.document import Document
from unet_gui.core.protection import Protection


def start():
    return Document(
        np.random.default_rng(0).choice([0, 1, 2, UNLABELLED], (70, 300)).astype(np.uint8)
    )


@given(
    st.frozensets(st.sampled_from([0, 1, 2])),
    st.sampled_from([None, 0, 1, 2, UNLABELLED]),
    st.sampled_from([0, 1, 3, UNLABELLED]),
)
def test_protected_and_locked_pixels_never_change(locked, only, value):
    document = start()
    before = document.mask.copy()
    document.protection = Protection(locked, only)
    document.begin_stroke("Brush", value, (10, 10))
    document.stroke_to((280, 60), 50)
    document.stroke_to((20, 60), 70)
    document.end_stroke()
    document.apply("Fill", document.bounds, np.full((70, 300), value, np.uint8))
    changed = before != document.mask
    assert not np.isin(before[changed], list(locked)).any()
    if only is not None:
        assert (before[changed] == only).all()
    free = ~np.isin(before, list(locked)) & ((before == only) if only is not None else True)
    assert (document.mask[free] == value).all()
    assert np.array_equal(document.counts, np.bincount(document.mask.ravel(), minlength=256))


def test_undo_puts_back_what_has_been_locked_since():
    document = start()
    before = document.mask.copy()
    document.apply("Fill", document.bounds, 5)
    document.protection = Protection(frozenset({5}))
    document.undo()
    assert np.array_equal(document.mask, before)


def test_a_locked_uniform_tile_is_left_alone():
    document = Document.blank(600, 600)
    document.apply("Fill", document.bounds, 1)
    document.protection = Protection(frozenset({1}))
    assert document.apply("Fill", document.bounds, 2).empty
    document.protection = Protection(only=UNLABELLED)
    assert document.apply("Fill", document.bounds, 2).empty


def test_without_locks_everything_may_be_painted_over():
    assert Protection().writable() is None
    assert Protection(frozenset({3})).writable().sum() == 255
    assert Protection(only=3).writable().sum() == 1
    assert Protection(frozenset({3}), 3).writable().sum() == 0
