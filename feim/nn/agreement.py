"""How well guessed labels agree with true ones: F1 of classes and of sets."""

import numpy as np


def f1_of_classes(guess: np.ndarray, truth: np.ndarray, classes: int) -> tuple[float, float, np.ndarray]:
    """(N,) class numbers each → F1 weighted by how often a class is true, its plain mean over the classes, and (classes,) single ones.

    A class that neither is true nor guessed has an F1 of 0.
    """
    single, often = np.zeros(classes), np.zeros(classes)
    for label in range(classes):
        single[label] = f1(guess == label, truth == label)
        often[label] = np.mean(truth == label)
    return float(single @ often), float(single.mean()), single


def f1(found: np.ndarray, wanted: np.ndarray) -> float:
    """Boolean arrays of one shape → 2·hits / (2·hits + too many + missed), over all their places at once; 0 where nothing is True."""
    hits = np.sum(found & wanted)
    return float(2 * hits / max(1, np.sum(found) + np.sum(wanted)))
