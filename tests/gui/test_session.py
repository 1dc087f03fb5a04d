"""The session without any widget: what is painted reaches the disk, whatever happens between."""

import numpy as np
import pytest
from PIL import Image

from unet_gui.core.classes import UNLABELLED, ClassTable
from unet_gui.core.errors import MaskWriteError
from unet_gui.core.geometry import Rect
from unet_gui.dataset.project import Project, Status
from unet_gui.gui.class_edits import ClassEdits, Touched
from unet_gui.gui.documents import Ghost
from unet_gui.gui.saver import SaveState
from unet_gui.gui.session import Session

SIZE = (40, 30)  # width, height


@pytest.fixture
def project(tmp_path):
    images = tmp_path / "images"
    images.mkdir()
    rng = np.random.default_rng(0)
    for i in range(4):
        pixels = rng.integers(0, 255, (SIZE[1], SIZE[0], 3), dtype=np.uint8)
        Image.fromarray(pixels).save(images / f"{i}.png")
    table = ClassTable.from_names(["ground", "cell", "core"])
    return Project.create(tmp_path / "project", images=images, classes=table)


@pytest.fixture
def session(qtbot, project):
    session = Session()
    with qtbot.waitSignal(session.image_opened):
        session.use_project(project)
    yield session
    session.shutdown()


def on_disk(session, name):
    entry = session.project.entry(name)
    return np.asarray(Image.open(entry.mask_path)) if entry.mask_path.exists() else None


def paint(session, value=1, at=(10.5, 10.5), to=(20.5, 10.5)):
    session.begin_stroke(at, value, "Brush")
    session.stroke_to(at, 5)
    session.stroke_to(to, 5)
    session.end_stroke()


def ghost(session, value=2):
    shape = session.document.mask.shape
    return Ghost(np.full(shape, value, np.uint8), np.full(shape, 200, np.uint8), "round-001")


def wait_saved(qtbot, session):
    qtbot.waitUntil(lambda: session.save_state is SaveState.SAVED and not session.saver.pending)


def test_the_first_image_is_open_and_unlabelled(session):
    assert session.entry.name == "0.png"
    assert session.image.shape == (30, 40, 3)
    assert (session.document.mask == UNLABELLED).all()


def test_a_stroke_is_announced_and_saved(session, qtbot):
    rects = []
    session.mask_changed.connect(rects.append)
    paint(session)
    assert rects
    assert not rects[0].empty
    wait_saved(qtbot, session)
    assert np.array_equal(on_disk(session, "0.png"), session.document.mask)


def test_many_strokes_at_once_end_with_the_last_on_disk(session, qtbot):
    for i in range(20):
        paint(session, value=i % 3, at=(i, i), to=(30 - i, i))
    wait_saved(qtbot, session)
    assert np.array_equal(on_disk(session, "0.png"), session.document.mask)


def test_undo_and_redo_are_saved_too(session, qtbot):
    paint(session)
    session.undo()
    wait_saved(qtbot, session)
    assert (on_disk(session, "0.png") == UNLABELLED).all()
    session.redo()
    wait_saved(qtbot, session)
    assert (on_disk(session, "0.png") == 1).any()


def test_switching_in_the_middle_of_a_stroke_keeps_it(session, qtbot):
    session.begin_stroke((5, 5), 1, "Brush")
    session.stroke_to((15, 5), 5)
    with qtbot.waitSignal(session.image_opened):
        session.next_image()
    assert session.entry.name == "1.png"
    wait_saved(qtbot, session)
    assert (on_disk(session, "0.png") == 1).any()


def test_undo_survives_going_away_and_back(session, qtbot):
    paint(session)
    with qtbot.waitSignal(session.image_opened):
        session.next_image()
    session.previous_image()
    qtbot.waitUntil(lambda: session.entry.name == "0.png" and session.document is not None)
    assert session.document.history.can_undo
    session.undo()
    assert (session.document.mask == UNLABELLED).all()


def test_the_ends_of_the_list_say_so(session, qtbot):
    with qtbot.waitSignal(session.noticed):
        session.previous_image()
    assert session.entry.name == "0.png"


def test_only_the_image_asked_for_last_is_shown(session, qtbot):
    shown = []
    session.image_opened.connect(lambda: shown.append(session.entry.name))
    session.open_image("2.png")
    session.open_image("3.png")
    qtbot.waitUntil(lambda: session.document is not None and bool(shown))
    assert shown[-1] == "3.png"
    assert "2.png" not in shown


def test_accepting_fills_only_what_nobody_has_decided(session):
    paint(session, value=1)
    before = session.document.mask.copy()
    session.set_prediction("0.png", ghost(session))
    taken = session.accept()
    mask = session.document.mask
    assert taken == (before == UNLABELLED).sum()
    assert np.array_equal(mask[before != UNLABELLED], before[before != UNLABELLED])
    assert (mask[before == UNLABELLED] == 2).all()
    session.undo()
    assert np.array_equal(session.document.mask, before)


def test_what_was_accepted_is_remembered_as_seen_and_kept(session, qtbot):
    paint(session, value=1)
    painted = session.document.mask == 1
    session.set_prediction("0.png", ghost(session))
    session.accept()
    mask = session.document.mask.copy()
    qtbot.waitUntil(lambda: session.project.viewed.kept("0.png", mask).any())
    np.testing.assert_array_equal(session.project.viewed.kept("0.png", mask), ~painted)


def test_accepting_inside_a_region_leaves_the_rest(session):
    session.set_prediction("0.png", ghost(session))
    inside = np.eye(6, dtype=bool)
    assert session.accept((Rect(3, 4, 9, 10), inside)) == 6
    assert (session.document.mask == 2).sum() == 6


def test_a_prediction_for_another_image_changes_nothing_here(session, qtbot):
    with qtbot.assertNotEmitted(session.ghost_changed):
        session.set_prediction("2.png", ghost(session))
    assert session.ghost is None


def test_a_discarded_ghost_cannot_be_accepted(session):
    session.set_prediction("0.png", ghost(session))
    session.discard_ghost()
    assert session.ghost is None
    assert session.accept() == 0


def test_accept_and_next_marks_done_and_skips_what_is_done(session, qtbot):
    session.project.set_done(session.project.entry("1.png"), True)
    session.set_prediction("0.png", ghost(session))
    with qtbot.waitSignal(session.image_opened):
        session.accept_and_next()
    assert session.entry.name == "2.png"
    assert session.project.status(session.project.entry("0.png")) is Status.DONE


def test_a_full_disk_is_said_once_and_nothing_is_lost(session, qtbot, monkeypatch):
    def full(*_args):
        raise MaskWriteError("The disk is full.", "Free some space.")

    real = session.project.save_mask_snapshot
    monkeypatch.setattr(session.project, "save_mask_snapshot", full)
    errors = []
    session.failed.connect(errors.append)
    paint(session)
    qtbot.waitUntil(lambda: session.save_state is SaveState.FAILED)
    paint(session, value=2, at=(30, 20), to=(35, 20))
    qtbot.waitUntil(lambda: not session.runner.busy)
    assert [e.message for e in errors] == ["The disk is full."]
    assert not session.close_project()  # refuses to let go of unsaved work
    monkeypatch.setattr(session.project, "save_mask_snapshot", real)
    paint(session, value=1, at=(5, 25), to=(9, 25))
    wait_saved(qtbot, session)
    assert np.array_equal(on_disk(session, "0.png"), session.document.mask)


def test_a_mask_of_the_wrong_size_is_an_error_and_stays_as_it_is(session, qtbot):
    path = session.project.entry("1.png").mask_path
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(np.zeros((7, 7), np.uint8)).save(path)
    before = path.read_bytes()
    with qtbot.waitSignal(session.image_failed) as failed:
        session.next_image()
    assert failed.args[0] == "1.png"
    assert "7" in failed.args[1].message
    paint(session)  # goes nowhere: there is no document
    assert path.read_bytes() == before
    with qtbot.waitSignal(session.image_opened):
        session.next_image()
    assert session.entry.name == "2.png"


def test_an_unreadable_image_is_an_error_and_the_next_one_opens(session, qtbot):
    session.project.entry("2.png").path.write_bytes(b"not an image")
    with qtbot.waitSignal(session.image_failed):
        session.open_image("2.png")
    with qtbot.waitSignal(session.image_opened):
        session.next_image()


def test_opening_nonsense_keeps_the_present_project(session, qtbot, tmp_path):
    with qtbot.waitSignal(session.failed):
        session.open_project(tmp_path / "nowhere")
    assert session.opening is None
    assert session.project is not None
    assert session.entry.name == "0.png"


def test_shutdown_saves_what_the_thread_had_no_time_for(qtbot, project):
    session = Session()
    with qtbot.waitSignal(session.image_opened):
        session.use_project(project)
    paint(session)
    assert session.shutdown() is None
    assert (on_disk(session, "0.png") == 1).any()


@pytest.fixture
def edits(session):
    return ClassEdits(session)


def test_classes_are_added_renamed_recoloured_and_reordered(session, edits):
    new = edits.add("wall")
    assert new == 3
    assert edits.rename(new, "membrane")
    assert edits.recolor(new, "#123456")
    assert edits.reorder([3, 2, 1, 0])
    again = Project.open(session.project.root)
    assert again.classes.ids == (3, 2, 1, 0)
    assert (again.classes[3].name, again.classes[3].color) == ("membrane", "#123456")


def test_a_doubled_name_is_refused_with_words(session, edits, qtbot):
    with qtbot.waitSignal(session.failed):
        assert edits.add("CELL") is None


def test_merging_rewrites_the_masks_and_the_open_image(session, edits, qtbot):
    paint(session, value=1)
    counted = []
    edits.count(1, counted.append, counted.append)
    qtbot.waitUntil(lambda: bool(counted))
    assert counted == [Touched(int(session.document.counts[1]), 1)]
    with qtbot.waitSignal(edits.finished):
        edits.merge(1, 2)
    qtbot.waitUntil(lambda: session.document is not None)
    assert session.document.counts[1] == 0
    assert session.document.counts[2] == counted[0].pixels
    assert session.project.classes.ids == (0, 2)


def test_deleting_a_class_makes_its_pixels_unlabelled_and_its_id_stays_retired(
    session, edits, qtbot
):
    paint(session, value=2)
    with qtbot.waitSignal(edits.finished):
        edits.delete(2)
    qtbot.waitUntil(lambda: session.document is not None)
    assert (session.document.mask == UNLABELLED).all()
    assert edits.add("another") == 3


def test_undo_and_redo_in_the_middle_of_a_stroke_lose_nothing(session, qtbot):
    paint(session)
    session.undo()
    session.begin_stroke((5, 25), 2, "Brush")
    session.stroke_to((15, 25), 5)
    session.redo()  # finishes the stroke; there is nothing left to redo
    session.end_stroke()
    wait_saved(qtbot, session)
    assert (on_disk(session, "0.png") == 2).any()
    assert np.array_equal(on_disk(session, "0.png"), session.document.mask)


def test_a_stroke_taken_back_never_reaches_the_disk(session, qtbot):
    paint(session)
    before = session.document.mask.copy()
    session.begin_stroke((5, 25), 2, "Brush")
    session.stroke_to((15, 25), 5)
    qtbot.waitUntil(lambda: not session.runner.busy)
    session.abort_stroke()
    wait_saved(qtbot, session)
    assert np.array_equal(session.document.mask, before)
    assert np.array_equal(on_disk(session, "0.png"), before)


def test_a_stroke_that_changes_nothing_does_not_hold_up_the_save(session, qtbot):
    paint(session)
    session.begin_stroke((10.5, 10.5), 1, "Brush")
    session.stroke_to((10.5, 10.5), 3)
    session.end_stroke()
    wait_saved(qtbot, session)
    assert np.array_equal(on_disk(session, "0.png"), session.document.mask)


def test_one_mask_that_cannot_be_written_does_not_keep_the_others_from_the_disk(
    session, qtbot, monkeypatch
):
    real = session.project.save_mask_snapshot
    broken = {"0.png"}

    def save(entry, *mask):
        if entry.name in broken:
            raise MaskWriteError("The disk is full.")
        real(entry, *mask)

    monkeypatch.setattr(session.project, "save_mask_snapshot", save)
    session.saver._retry.setInterval(30)
    paint(session)
    qtbot.waitUntil(lambda: session.save_state is SaveState.FAILED)
    with qtbot.waitSignal(session.image_opened):
        session.next_image()
    paint(session, value=2)
    qtbot.waitUntil(lambda: on_disk(session, "1.png") is not None)
    assert session.save_state is SaveState.FAILED
    broken.clear()  # the disk has room again, and nobody paints
    wait_saved(qtbot, session)
    assert (on_disk(session, "0.png") == 1).any()


def test_renaming_a_class_to_its_own_name_disturbs_nobody(session, edits, qtbot):
    with qtbot.assertNotEmitted(session.classes_changed):
        assert edits.rename(1, "cell")
