"""Who proposes, when nobody does, and how sure a proposal has to be."""

import numpy as np
import pytest

from unet_gui.unet.arbiter import SHOWN, Arbiter, pair
from unet_gui.unet.merging import Credit, merge, most_useful, surest
from unet_gui.unet.records import load_records, save_records
from unet_gui.unet.sureness import ENOUGH, LEAST, USUAL

SIZE = (40, 50)


def note(arbiter, learner, image, share_right, *, labelled=1.0, confidence=200, classes=2):
    rng = np.random.default_rng(0)
    truth = rng.integers(0, classes, SIZE, dtype=np.uint8)
    shares = np.broadcast_to(share_right, classes)[truth]
    said = np.where(rng.random(SIZE) < shares, truth, (truth + 1) % classes).astype(np.uint8)
    now = truth.copy()
    now[round(SIZE[0] * labelled) :] = 255
    sure = np.full(SIZE, confidence, np.uint8)
    return arbiter.note(learner, image, (said, sure), now=now, new=now != 255)


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


# -- on disk -------------------------------------------------------------------------------------


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


def test_records_come_back_as_they_were(tmp_path):
    arbiter = Arbiter()
    note(arbiter, "a", "ü/1.png", 0.9)
    note(arbiter, SHOWN, "1", 0.8)
    quarrel(arbiter, "2", weeds=0.5)
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


# -- two in one ----------------------------------------------------------------------------------


def grid(*rows):
    return np.array(rows, np.uint8)


def plain():
    return surest(np.broadcast_to(np.arange(256, dtype=np.uint8), (256, 256)).copy())


def test_how_two_proposals_become_one():
    #        same  first second first silent silent
    a = grid([0, 1, 1, 2, 255, 0])
    b = grid([0, 0, 2, 1, 2, 255])
    sure_a, sure_b = grid([90, 200, 9, 70, 0, 1]), grid([80, 9, 200, 60, 7, 0])
    mask, sure = merge((a, sure_a), (b, sure_b), credits_=(plain(), plain()), usual=True)
    assert mask.tolist() == [[0, 1, 2, 2, 2, 0]]
    assert sure.tolist() == [[90, 200, 200, 70, 7, 1]]


def test_a_draw_goes_to_the_usual_one():
    a, b, sure = grid([1]), grid([2]), grid([100])
    for usual, wanted in ((True, 1), (False, 2)):
        mask, _ = merge((a, sure), (b, sure), credits_=(plain(), plain()), usual=usual)
        assert mask[0, 0] == wanted
    silent = np.full((600, 3), 255, np.uint8)
    mask, _ = merge((silent, silent), (silent, silent), credits_=(plain(), plain()), usual=False)
    assert (mask == 255).all()


def test_calibrated_confidence_decides_not_what_a_learner_says_of_itself():
    boastful = plain().agreed.copy()
    boastful[1] = 50
    mask, sure = merge(
        (grid([1]), grid([250])), (grid([2]), grid([120])),
        credits_=(surest(boastful), plain()), usual=True,
    )  # fmt: skip
    assert (mask[0, 0], sure[0, 0]) == (2, 120)


def test_a_rare_class_is_worth_more_than_a_frequent_one_that_is_right_as_often():
    confusion = np.zeros((256, 256))
    # half of each union is right
    confusion[0, 0], confusion[1, 1], confusion[2, 2] = 900, 400, 20
    confusion[0, 4], confusion[1, 4], confusion[2, 4] = 900, 400, 20
    agreed, disputed = (np.full((256, 256), share, np.uint8) for share in (250, 204))
    credit = most_useful(agreed, disputed, confusion)
    union = np.array([1800, 800, 40])
    share = np.maximum(union / (union.sum() + 1320), 0.03)
    # right four times in five: 0.8 - 0.2 J
    np.testing.assert_allclose(credit.worth[:3, 7], 0.7 / share**0.25, rtol=1e-5)
    assert (np.diff(credit.worth[:3, 0]) > 0).all()
    a, b, sure = grid([0, 1]), grid([2, 1]), grid([9, 9])
    mask, confidence = merge((a, sure), (b, sure), credits_=(credit, credit), usual=True)
    assert mask.tolist() == [[2, 1]]
    assert confidence.tolist() == [[204, 250]]


def test_where_one_is_silent_nothing_is_disputed():
    agreed, disputed = (np.full((256, 256), share, np.uint8) for share in (250, 30))
    credit = Credit(agreed, disputed, disputed.astype(np.float32))
    a, b, sure = grid([255, 1, 255, 1]), grid([2, 255, 255, 2]), grid([9, 9, 9, 9])
    mask, confidence = merge((a, sure), (b, sure), credits_=(credit, credit), usual=False)
    assert mask.tolist() == [[2, 1, 255, 2]]
    assert confidence.tolist() == [[250, 250, 250, 30]]


def quarrel(arbiter, image, *, weeds):
    """Soil everywhere but for weed, which one learner finds and the other never does.

    Where both say soil they are right; `weeds` of what the one takes for weed is.
    """
    truth = np.zeros(SIZE, np.uint8)
    truth[:8] = 1
    finds = truth.copy()
    finds[20:24] = 2
    truth[20:24, : round(weeds * SIZE[1])] = 2
    misses = np.where(finds == 2, 0, finds).astype(np.uint8)
    both = {"instant": finds, "round": misses, pair("instant", "round"): finds}
    for name, mask in both.items():
        sure = np.full(SIZE, 128, np.uint8)
        arbiter.note(name, image, (mask, sure), now=truth, new=truth < 9, disputed=finds != misses)
    said = [(both[name], sure) for name in ("instant", "round")]
    marks = [arbiter.credit(name, pair("instant", "round")) for name in ("instant", "round")]
    return merge(*said, credits_=tuple(marks), usual=False)[0]


@pytest.mark.parametrize(("weeds", "found"), [(0.7, True), (0.1, False)])
def test_what_was_right_in_earlier_quarrels_is_believed(weeds, found):
    arbiter = Arbiter()
    for image in range(40):
        mask = quarrel(arbiter, str(image), weeds=weeds)
    assert (mask == 2).any() == found
    # over all pixels the one that says soil is right far more often
    soil, weed = arbiter.calibration("round")[0, 128], arbiter.calibration("instant")[2, 128]
    assert soil > weed + 30
    assert arbiter.calibration("round", disputed=True)[0, 128] != soil


class Simulated:
    """A learner that finds each class with a skill of its own, and knows more or less when."""

    def __init__(self, skills, honesty, seed):
        self.skills, self.honesty = np.asarray(skills), honesty
        self.rng = np.random.default_rng(seed)

    def propose(self, truth):
        draw = self.rng.random(truth.shape)
        right = draw < self.skills[truth]
        other = self.rng.integers(1, len(self.skills), truth.shape)
        said = np.where(right, truth, (truth + other) % len(self.skills)).astype(np.uint8)
        known = np.where(right, 0.9, 0.5) * self.honesty + 0.75 * (1 - self.honesty)
        sure = np.clip(known + self.rng.normal(0, 0.1, truth.shape), 0.2, 1)
        return said, (255 * sure).astype(np.uint8)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", ["complementary", "one better", "alike", "boastful"])
def test_the_arbiter_is_never_much_worse_than_the_better_of_the_two(kind, seed):
    rng = np.random.default_rng(seed)
    skills = rng.uniform(0.5, 0.98, (2, 4))
    if kind == "complementary":
        skills[0, :2], skills[1, :2] = 0.97, 0.6
        skills[0, 2:], skills[1, 2:] = 0.6, 0.97
    elif kind == "one better":
        skills[1] = np.minimum(0.99, skills[0] + 0.15)
    elif kind == "alike":
        skills[1] = skills[0] + rng.normal(0, 0.01, 4)
    honesty = (0.8, 0.8) if kind != "boastful" else (0.0, 1.0)
    learners = {
        name: Simulated(np.clip(skill, 0.05, 0.99), honest, 10 * seed + number)
        for number, (name, skill, honest) in enumerate(
            zip(("instant", "round"), skills, honesty, strict=True)
        )
    }
    arbiter, every = Arbiter(), np.ones((80, 80), bool)
    total = {name: np.zeros((4, 4)) for name in (*learners, "arbiter")}
    for image in range(24):
        sizes = rng.dirichlet(np.ones(4) * 3)
        truth = rng.choice(4, (80, 80), p=sizes).astype(np.uint8)
        said = {name: learner.propose(truth) for name, learner in learners.items()}
        verdict = arbiter.decide("instant", "round")
        said[pair("instant", "round")] = merge(
            said["instant"], said["round"],
            credits_=tuple(arbiter.credit(name, pair("instant", "round")) for name in learners),
            usual=verdict.better == "instant",
        )  # fmt: skip
        disputed = said["instant"][0] != said["round"][0]
        if image >= 3:
            for name in total:
                mask = said[verdict.chosen if name == "arbiter" else name][0]
                np.add.at(total[name], (truth, mask), 1)
        for name, proposed in said.items():
            arbiter.note(
                name, str(image), proposed, now=truth, new=every, disputed=disputed
            )  # fmt: skip

    def miou(table):
        hit = np.diag(table)
        return float((hit / (table.sum(0) + table.sum(1) - hit)).mean())

    best = max(miou(total[name]) for name in learners)
    assert miou(total["arbiter"]) >= best - 0.01
    if kind == "complementary":
        assert miou(total["arbiter"]) > best + 0.03
