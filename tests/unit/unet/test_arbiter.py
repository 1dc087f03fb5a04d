"""Who proposes, when nobody does, and how sure a proposal has to be."""

import numpy as np
import pytest

from unet_gui.unet.arbiter import SHOWN, Arbiter, pair
from unet_gui.unet.records import load_records, save_records
from unet_gui.unet.sureness import ENOUGH, LEAST, USUAL

SIZE = (40, 50)


def note(
    arbiter, learner, image, share_right, *, labelled=1.0, confidence=200, classes=2, quarrel=None
):
    rng = np.random.default_rng(0)
    truth = rng.integers(0, classes, SIZE, dtype=np.uint8)
    shares = np.broadcast_to(share_right, classes)[truth]
    said = np.where(rng.random(SIZE) < shares, truth, (truth + 1) % classes).astype(np.uint8)
    now = truth.copy()
    now[round(SIZE[0] * labelled) :] = 255
    sure = np.full(SIZE, confidence, np.uint8)
    disputed = None if quarrel is None else np.full(SIZE, quarrel)
    return arbiter.note(
        learner, image, (said, sure), now=now, new=now != 255, disputed=disputed
    )  # fmt: skip


def test_nothing_is_concluded_from_little():
    arbiter = Arbiter()
    assert np.isnan(arbiter.miou("a"))
    assert arbiter.helps("a")
    assert arbiter.threshold("a") == USUAL
    assert SIZE[0] * SIZE[1] > ENOUGH
    note(arbiter, "a", "1", 0.0, labelled=0.1)
    assert np.isnan(arbiter.miou("a"))


def test_the_better_one_is_preferred_on_images_that_both_saw():
    arbiter = Arbiter()
    note(arbiter, "a", "1", 0.9)
    assert not arbiter.prefers("a", "b")
    note(arbiter, "b", "2", 0.1)
    assert not arbiter.prefers("a", "b")
    note(arbiter, "b", "1", 0.7)
    assert arbiter.prefers("a", "b")
    assert not arbiter.prefers("b", "a")
    assert arbiter.miou("a") == pytest.approx(0.9 / 1.1, abs=0.03)


def test_images_in_the_making_decide_only_where_none_is_finished():
    arbiter = Arbiter()
    note(arbiter, "a", "1", 0.9, labelled=0.6)
    note(arbiter, "b", "1", 0.2, labelled=0.6)
    assert arbiter.prefers("a", "b")
    note(arbiter, "a", "4", 0.3)
    note(arbiter, "b", "4", 0.8)
    assert not arbiter.prefers("a", "b")


def test_a_learner_is_as_good_as_it_was_lately():
    arbiter = Arbiter()
    for image, mine in (("1", 0.3), ("2", 0.5), ("3", 0.8), ("4", 0.9), ("5", 0.95)):
        note(arbiter, "a", image, mine)
        note(arbiter, "b", image, 0.74)
    images = list("12345")
    assert arbiter.miou("a", images) < arbiter.miou("b", images)
    assert arbiter.prefers("a", "b")
    assert arbiter.decide("a", "b").better == "a"


def test_what_was_accepted_as_it_was_shown_decides_nothing():
    arbiter = Arbiter()
    note(arbiter, "a", "1", 0.9)
    note(arbiter, "b", "1", 1.0)
    note(arbiter, SHOWN, "1", 1.0)
    assert arbiter.decide("a", "b").images == 0
    note(arbiter, SHOWN, "1", 0.99)
    assert arbiter.decide("a", "b").images == 1


def test_each_class_belongs_to_the_one_that_knows_it():
    arbiter = Arbiter()
    note(arbiter, "a", "1", (0.99, 0.4, 0.95), classes=3)
    note(arbiter, "b", "1", (0.6, 0.9, 0.95), classes=3)
    verdict = arbiter.decide("a", "b")
    assert verdict.claims[0].owner == "a"
    assert verdict.claims[1].owner == "b"
    assert verdict.claims[0].score > verdict.claims[0].other
    assert verdict.images == 1
    # both together until they were judged
    assert verdict.chosen == pair("a", "b")
    note(arbiter, pair("a", "b"), "1", (0.99, 0.9, 0.95), classes=3)
    assert arbiter.decide("a", "b").chosen == pair("a", "b")
    note(arbiter, pair("a", "b"), "1", (0.3, 0.3, 0.3), classes=3)
    assert arbiter.decide("a", "b").chosen == verdict.better


def test_both_together_until_one_alone_is_clearly_better():
    arbiter = Arbiter()
    for image in "12345678":
        note(arbiter, "a", image, 0.95)
        note(arbiter, "b", image, 0.90)
        note(arbiter, pair("a", "b"), image, 0.93)
        chosen = arbiter.decide("a", "b").chosen
        if image == "1":
            assert chosen == pair("a", "b"), "one image says little"
    assert chosen == "a"


def test_a_class_hardly_seen_goes_to_the_better_one_on_the_whole():
    arbiter = Arbiter()
    truth = np.zeros(SIZE, np.uint8)
    truth[:20], truth[0, :9] = 1, 2
    wrong = truth.copy()
    wrong[15:25] = 0
    wrong[25:30] = 1
    sure, every = np.full(SIZE, 200, np.uint8), np.ones(SIZE, bool)
    said = truth.copy()
    said[0, :2], wrong[0, :9] = 1, 0
    arbiter.note("a", "1", (said, sure), now=truth, new=every)
    arbiter.note("b", "1", (wrong, sure), now=truth, new=every)
    claim = arbiter.decide("a", "b").claims[2]
    assert claim.owner == "a"
    assert np.isnan(claim.score)


def test_without_anything_known_both_propose():
    verdict = Arbiter().decide("instant", "round-001")
    assert verdict.chosen == pair("instant", "round-001")
    assert (verdict.better, verdict.claims, verdict.images) == ("round-001", {}, 0)


def test_only_finished_images_say_that_proposals_cost_more_than_they_save():
    arbiter = Arbiter()
    note(arbiter, "a", "1", 0.0, labelled=0.5)
    assert arbiter.helps("a")
    note(arbiter, "a", "1", 0.0)
    assert not arbiter.helps("a")
    for image in "2345678":
        note(arbiter, "a", image, 1.0)
    assert arbiter.helps("a")


def test_one_class_that_is_mostly_right_is_enough():
    arbiter = Arbiter()
    truth = np.zeros(SIZE, np.uint8)
    truth[:, 25:] = 1
    said = truth.copy()
    said[:, 15:25], said[:15, 25:] = 1, 2
    arbiter.note("a", "1", (said, np.full(SIZE, 99, np.uint8)), now=truth, new=truth >= 0)
    assert arbiter.helps("a")


def test_silent_pixels_are_not_judged():
    arbiter = Arbiter()
    silent = np.full(SIZE, 255, np.uint8)
    now = np.zeros(SIZE, np.uint8)
    arbiter.note("a", "1", (silent, silent), now=now, new=now == 0)
    assert np.isnan(arbiter.miou("a"))


def test_the_threshold_is_where_nine_in_ten_were_right():
    arbiter = Arbiter()
    note(arbiter, "a", "1", 0.95, confidence=240)
    note(arbiter, "a", "2", 0.6, confidence=180)
    assert arbiter.threshold("a") == pytest.approx(0.74, abs=0.16)
    assert arbiter.threshold("a") > 180 / 256
    note(arbiter, "b", "1", 1.0, confidence=10)
    assert arbiter.threshold("b") == LEAST
    note(arbiter, "c", "1", 0.5, confidence=250)
    assert arbiter.threshold("c") == 0.9


def test_calibration_never_falls_with_confidence_and_trusts_what_was_seen():
    arbiter = Arbiter()
    plain = arbiter.calibration("a")
    assert abs(int(plain[3, 128]) - 128) < 8
    note(arbiter, "a", "1", 0.5, confidence=250)
    table = arbiter.calibration("a")
    assert (np.diff(table.astype(int), axis=1) >= 0).all()
    assert table[0, 250] < 215 < plain[0, 250]
    assert table[7, 250] == plain[7, 250]


def test_little_corrected_later_does_not_replace_what_was_judged_before():
    arbiter = Arbiter()
    assert note(arbiter, "a", "1", 1.0)
    assert not note(arbiter, "a", "1", 0.0, labelled=0.1)
    assert arbiter.miou("a") == 1.0


def test_few_learners_and_images_are_remembered_but_the_whole_curve():
    arbiter = Arbiter()
    for number in range(70):
        note(arbiter, SHOWN, str(number), 1.0)
        note(arbiter, "a", str(number), 1.0)
    for number in range(20):
        note(arbiter, f"round-{number}", "1", 1.0)
    assert len(arbiter.curve()) == 70
    assert len(arbiter.records) == 8
    note(arbiter, "b", "1", 1.0)
    assert "b" in arbiter.records


def test_a_new_round_is_as_good_as_the_one_before_until_it_is_judged():
    arbiter = Arbiter()
    both = pair("instant", "round-002")
    for image in "123":
        note(arbiter, "instant", image, 0.9)
        note(arbiter, "round-002", image, 0.5)
        note(arbiter, both, image, 0.95)
    arbiter.inherit("round-009", ["round-008"], "instant")
    assert arbiter.decide("instant", "round-009").images == 0
    arbiter.inherit("round-004", ["round-003", "round-002", "round-001"], "instant")
    assert arbiter.decide("instant", "round-004").images == 3
    assert arbiter.decide("instant", "round-004").chosen == pair("instant", "round-004")
    assert arbiter.miou("round-004") == arbiter.miou("round-002")
    for image in "456":
        note(arbiter, "instant", image, 0.9)
        note(arbiter, "round-004", image, 0.99)
    assert arbiter.miou("round-004") > 0.9 > arbiter.miou("round-002")
    # nothing that was inherited is left
    assert list(arbiter.records["round-004"]) == ["4", "5", "6"]
    arbiter.inherit("round-004", ["round-002"], "instant")
    assert len(arbiter.records["round-004"]) == 3


def test_stepping_through_many_rounds_forgets_neither_learner():
    arbiter = Arbiter()
    for name in ("round-001", "instant", pair("instant", "round-001"), SHOWN):
        note(arbiter, name, "1", 0.8)
    for number in range(2, 9):
        arbiter.inherit(f"round-00{number}", [f"round-00{number - 1}"], "instant")
    assert {"instant", SHOWN, "round-008"} <= arbiter.records.keys()
    assert arbiter.decide("instant", "round-008").images == 1


def test_a_first_stroke_changes_nothing():
    arbiter = Arbiter()
    for name in ("instant", "round", pair("instant", "round")):
        note(arbiter, name, "1", 0.7, labelled=0.05)
    verdict = arbiter.decide("instant", "round")
    assert np.isnan(verdict.scores["round"])
    assert verdict.chosen == pair("instant", "round")


# -- on disk -------------------------------------------------------------------------------------


def test_records_come_back_as_they_were(tmp_path):
    arbiter = Arbiter()
    note(arbiter, "a", "ü/1.png", 0.9)
    note(arbiter, SHOWN, "1", 0.8)
    note(arbiter, "round", "2", 0.5, quarrel=True)
    note(arbiter, "round", "3", 0.9, quarrel=False)
    arbiter.inherit("round-2", ["round"], "instant")
    assert arbiter.changed
    assert save_records(arbiter, tmp_path / "x" / "records.json")
    assert not arbiter.changed
    again = load_records(tmp_path / "x" / "records.json", [0, 1, 2])
    assert not again.changed
    assert again.miou("a") == arbiter.miou("a")
    assert again.threshold("a") == arbiter.threshold("a")
    assert len(again.curve()) == 1
    assert again.records["round-2"]["2"].inherited
    for disputed in (False, True):
        found, wanted = (each.calibration("round", disputed=disputed) for each in (again, arbiter))
        assert (found == wanted).all()
    save_records(again, tmp_path / "twice.json")
    first = (tmp_path / "x" / "records.json").read_bytes()
    assert (tmp_path / "twice.json").read_bytes() == first


def test_classes_that_are_gone_are_not_counted(tmp_path):
    arbiter = Arbiter()
    note(arbiter, "a", "1", 0.5)
    save_records(arbiter, tmp_path / "r.json")
    kept = load_records(tmp_path / "r.json", [1]).confusion("a")
    assert kept[1, 1] == kept.sum() > 0


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", '{"format": 1}',
     '{"format": 2, "steps": 64, "learners": {"a": {"i": 3}}}',
     '{"format": 2, "steps": 64, "learners": {"a": {"i": {"finished": true, '
     '"inherited": false, "codes": [1], "counts": []}}}}',
     '{"format": 2, "steps": 64, "learners": {"a": {"i": {"finished": true, '
     '"inherited": false, "codes": [-1], "counts": [1]}}}}',
     '{"format": 2, "steps": 64, "learners": {"a": {"i": {"finished": true, "inherited": false, '
     '"codes": [4194304], "counts": [1]}}}}',
     '{"format": 1, "bins": 32, "learners": {"a": {"i": {"finished": true, "codes": [1], '
     '"counts": [1]}}}}'],
)  # fmt: skip
def test_a_damaged_file_is_as_good_as_none(tmp_path, content):
    path = tmp_path / "records.json"
    path.write_text(content)
    arbiter = load_records(path, [0, 1])
    assert not arbiter.records
    note(arbiter, "a", "1", 0.5)
    assert save_records(arbiter, path)
    assert load_records(path, [0, 1]).records


def test_a_folder_that_cannot_be_written_does_no_harm(tmp_path):
    (tmp_path / "file").write_text("")
    assert not save_records(Arbiter(), tmp_path / "file" / "records.json")
