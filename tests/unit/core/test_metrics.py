import numpy as np
import pytest

from unet_gui.core.metrics import ConfusionMatrix


def scored(predicted, truth, n=3):
    matrix = ConfusionMatrix(n)
    matrix.update(np.array([predicted], np.uint8), np.array([truth], np.uint8))
    return matrix


def test_iou_and_dice_by_hand():
    m = scored([0, 0, 1, 1], [0, 1, 1, 1])
    assert m.iou[:2].tolist() == [0.5, 2 / 3]
    assert m.dice[:2].tolist() == [2 / 3, 0.8]
    assert np.isnan(m.iou[2])
    assert m.miou == pytest.approx((0.5 + 2 / 3) / 2)
    assert m.pixel_accuracy == 0.75


def test_unlabelled_truth_counts_nowhere():
    m = scored([0, 1, 2], [0, 255, 255])
    assert m.labelled_pixels == 1
    assert m.pixel_accuracy == 1.0


def test_an_unlabelled_prediction_is_a_miss_of_the_true_class_and_of_nothing_else():
    m = scored([255, 0], [1, 0])
    assert m.iou[:2].tolist() == [1.0, 0.0]


def test_nothing_labelled_has_no_score():
    m = scored([0], [255])
    assert np.isnan(m.miou)
    assert np.isnan(m.pixel_accuracy)


def test_adding_two_is_counting_both():
    a, b = scored([0, 1], [0, 0]), scored([2, 2], [2, 1])
    both = scored([0, 1, 2, 2], [0, 0, 2, 1])
    assert np.array_equal((a + b).matrix, both.matrix)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="shapes"):
        ConfusionMatrix(2).update(np.zeros((2, 2), np.uint8), np.zeros((2, 3), np.uint8))
    with pytest.raises(ValueError, match="class 7"):
        scored([0], [7])
