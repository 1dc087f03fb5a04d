"""Two proposals in one, and an arbiter that is never much worse than the better of the two."""

import numpy as np
import pytest

from unet_gui.unet.arbiter import Arbiter, pair
from unet_gui.unet.merging import Credit, merge, most_useful, surest

SIZE = (40, 50)


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
