"""The window's side of the instant learner with a learner that is played: who proposes, kept."""

import numpy as np
import pytest

from unet_gui.core.progress import drain
from unet_gui.unet.arbiter import pair
from unet_gui.unet.instant.live import Answer, View
from unet_gui.unet.instant.proposing import INSTANT, Proposer

SHAPE = (60, 60)
ROUND = "round-001"


class Played:
    """A learner that says what it is given."""

    speck = 32
    trusted = worth = True

    def worth_showing(self, _view, _answer):
        return self.worth

    def leave(self, view, _labels):
        self.left = view.name

    def resume(self, path):
        self.resumed = path

    def store(self, path):
        self.stored = path

    def __init__(self):
        self.says = None
        self.studied = []

    def prepare(self, _view):
        yield

    def study(self, view, _labels):
        self.studied.append(view.name)
        yield

    def stay_with(self, names):
        self.stays = names

    def answer(self, _view, _near):
        yield
        return self.says


def view(name="a.png"):
    return View(name, SHAPE, lambda _rect: None)


def truth():
    mask = np.zeros(SHAPE, np.uint8)
    mask[:, 20:40], mask[:, 40:] = 1, 2
    return mask


def mistaken(class_id, other):
    """Half of a class taken for another."""
    mask = truth()
    rows = np.zeros(SHAPE, bool)
    rows[::2] = True
    mask[rows & (mask == class_id)] = other
    return mask


def sure(value=200):
    return np.full(SHAPE, value, np.uint8)


@pytest.fixture
def played():
    return Played()


def label(proposer, played, name, instant, rival):
    """An image from its first proposal to the whole mask; the offer after it."""
    blank = np.full(SHAPE, 255, np.uint8)
    played.says = Answer(instant, sure())
    rival = (ROUND, rival, sure())
    first = drain(proposer.offer(view(name), blank, rival=rival))
    return first, drain(proposer.offer(view(name), truth(), rival=rival))


def test_both_together_from_the_first_image_on(played):
    proposer = Proposer(played)
    instant, rival = mistaken(2, 0), mistaken(1, 0)
    first, _ = label(proposer, played, "a.png", instant, rival)
    assert first.verdict.chosen == pair(INSTANT, ROUND)
    assert first.verdict.images == 0
    first, after = label(proposer, played, "b.png", instant, rival)
    assert first.verdict.chosen == pair(INSTANT, ROUND)
    owners = {i: claim.owner for i, claim in after.verdict.claims.items()}
    assert (owners[1], owners[2]) == (INSTANT, ROUND)
    assert after.verdict.chosen == pair(INSTANT, ROUND)
    assert after.proposes
    third, _ = label(proposer, played, "c.png", instant, rival)
    right = (third.mask == truth())[third.mask != 255].mean()
    assert right > max((instant == truth()).mean(), (rival == truth()).mean())


def test_on_an_image_like_none_before_the_round_proposes_alone(played):
    proposer = Proposer(played)
    instant, rival = mistaken(2, 0), mistaken(1, 0)
    for name in ("a.png", "b.png"):
        label(proposer, played, name, instant, rival)
    played.worth = False
    first, _ = label(proposer, played, "c.png", instant, rival)
    assert (first.verdict.chosen, first.proposes) == (ROUND, False)
    played.worth = True
    first, _ = label(proposer, played, "d.png", instant, rival)
    assert first.verdict.chosen == pair(INSTANT, ROUND)


def test_a_learner_that_costs_more_than_it_saves_waits_until_it_is_judged(played):
    proposer = Proposer(played)
    played.trusted = False
    first, _ = label(proposer, played, "a.png", mistaken(2, 0), mistaken(1, 0))
    assert first.verdict.chosen == ROUND
    first, _ = label(proposer, played, "b.png", mistaken(2, 0), mistaken(1, 0))
    assert first.verdict.chosen == pair(INSTANT, ROUND)


def test_a_new_round_is_judged_by_the_one_before(played):
    proposer = Proposer(played)
    for name in ("a.png", "b.png"):
        label(proposer, played, name, mistaken(2, 0), mistaken(1, 0))
    assert proposer.arbiter.decide(INSTANT, "round-009").images == 0
    proposer.succeed("round-009", [ROUND])
    before, now = (proposer.arbiter.decide(INSTANT, name) for name in (ROUND, "round-009"))
    assert now.images == before.images > 0
    assert now.scores["round-009"] == before.scores[ROUND]


def test_an_image_that_was_gone_and_is_back_is_studied_anew(played):
    proposer = Proposer(played)
    for _ in range(2):
        drain(proposer.offer(view("a.png"), truth()))
    drain(proposer.offer(view("b.png"), truth()))
    assert played.studied == ["a.png", "b.png"]
    proposer.stay_with({"b.png"})
    assert played.stays == {"b.png"}
    for name in ("a.png", "b.png"):
        drain(proposer.offer(view(name), truth()))
    assert played.studied == ["a.png", "b.png", "a.png"]


def test_what_was_shown_makes_the_curve(played):
    proposer = Proposer(played)
    label(proposer, played, "a.png", truth(), mistaken(1, 0))
    label(proposer, played, "b.png", truth(), mistaken(1, 0))
    first, second = proposer.arbiter.curve()
    # the round was shown first, the instant learner once it had done better
    assert first[1, 0] == 600
    assert second[1, 0] == 0


def test_records_outlive_the_program(played, tmp_path):
    path = tmp_path / "records.json"
    proposer = Proposer(played, path, [0, 1, 2])
    proposer.save()
    assert not path.exists()
    label(proposer, played, "a.png", truth(), mistaken(1, 0))
    proposer.save()
    assert played.stored == played.resumed == tmp_path / "instant.safetensors"
    again = Proposer(played, path, [0, 1, 2])
    assert again.arbiter.decide(INSTANT, ROUND) == proposer.arbiter.decide(INSTANT, ROUND)
    first, _ = label(again, played, "b.png", truth(), mistaken(1, 0))
    assert first.proposes
    assert first.verdict.claims[1].owner == INSTANT


def test_silent_where_proposals_of_this_confidence_were_often_wrong(played):
    proposer = Proposer(played)
    wrong = truth()
    wrong[30:] = (wrong[30:] + 1) % 3
    halves = sure(220)
    halves[30:] = 160
    played.says = Answer(wrong, halves)
    drain(proposer.offer(view(), np.full(SHAPE, 255, np.uint8)))
    offer = drain(proposer.offer(view(), truth()))
    assert (offer.mask[30:] == 255).all()
    assert (offer.mask[:30] == wrong[:30]).all()


def test_few_images_are_remembered_and_nothing_is_lost(played, tmp_path):
    proposer = Proposer(played, tmp_path / "records.json", [0, 1, 2])
    for number in range(12):
        label(proposer, played, f"{number}.png", truth(), truth())
    assert len(proposer.arbiter.curve()) == 12
    assert (tmp_path / "records.json").exists()


@pytest.mark.parametrize(("worth", "trusted"), [(False, True), (True, False)])
def test_nothing_is_shown_of_what_would_not_help(played, worth, trusted):
    proposer = Proposer(played)
    played.says = Answer(mistaken(1, 0), sure())
    blank = np.full(SHAPE, 255, np.uint8)
    assert drain(proposer.offer(view(), blank)).helps
    drain(proposer.leave(view(), truth()))
    assert played.left == "a.png"
    played.worth, played.trusted = worth, trusted
    offer = drain(proposer.offer(view("b.png"), blank))
    assert not offer.helps
    assert offer.strange is not worth


def test_trials_are_outvoted_where_nearly_all_was_right(played):
    proposer = Proposer(played)
    blank = np.full(SHAPE, 255, np.uint8)
    played.says = Answer(truth(), sure())
    played.trusted = False
    drain(proposer.offer(view(), blank))
    drain(proposer.leave(view(), truth()))
    assert drain(proposer.offer(view("b.png"), blank)).helps


def test_leaving_an_image_judges_what_was_proposed_for_it(played):
    proposer = Proposer(played)
    played.says = Answer(mistaken(1, 0), sure())
    drain(proposer.offer(view(), np.full(SHAPE, 255, np.uint8)))
    drain(proposer.leave(view(), truth()))
    assert proposer.arbiter.curve()[0][1, 0] == 600
