"""Data sets that need no files: digits come with scikit-learn, Yin-Yang is drawn."""

import numpy as np

from lava_sfdfa.data.samples import Dataset, Images, choose_test, split
from lava_sfdfa.types import Array

YIN_YANG_SEEDS = {"train": 42, "validation": 41, "test": 40}  # of the published parts
YIN_YANG_SIZES = {"train": 5000, "validation": 1000, "test": 1000}
TEST_SHARE_DIGITS = 0.2


def load_digits() -> Dataset:
    """The handwritten digits that come with scikit-learn, 8 by 8 pixels."""
    from sklearn import datasets  # slow to import

    pixels, labels = datasets.load_digits(return_X_y=True)  # 0..16
    images = np.rint(pixels * (255 / 16)).astype(np.uint8)
    labels = labels.astype(np.int64)
    samples = Images(images, labels)
    train, test = choose_test(len(samples), TEST_SHARE_DIGITS)
    return split("digits", (8, 8), 10, samples.take(train), samples.take(test))


def load_yin_yang() -> Dataset:
    """The Yin-Yang set as published, with its own validation part."""
    parts = {}
    for part, seed in YIN_YANG_SEEDS.items():
        features, labels = yin_yang(YIN_YANG_SIZES[part], seed)
        parts[part] = Images(np.rint(features * 255).astype(np.uint8), labels)
    train, validation, test = (parts[name] for name in YIN_YANG_SEEDS)
    return Dataset("yin-yang", (4,), 3, train, validation, test)


def yin_yang(count: int, seed: int) -> tuple[Array, Array]:
    """Points of the Yin-Yang set (Kriener et al., arXiv 2102.08211).

    Returns features (count, 4) float64, `x, y, 1-x, 1-y` in [0, 1], and labels
    (count,) int64: 0 yin, 1 yang, 2 dot. Seeds 42, 41 and 40 give the published
    training, validation and test parts, bit for bit.
    """
    generator = np.random.RandomState(seed)
    features, labels = np.empty((count, 4)), np.empty(count, np.int64)
    for sample in range(count):
        goal = generator.randint(3)
        while True:
            x, y = generator.rand(2)
            inside = np.hypot(x - 0.5, y - 0.5) <= 0.5
            if inside and _yin_yang_class(x, y) == goal:
                break
        features[sample] = x, y, 1 - x, 1 - y
        labels[sample] = goal
    return features, labels


def _yin_yang_class(x: float, y: float) -> int:
    right, left = np.hypot(x - 0.75, y - 0.5), np.hypot(x - 0.25, y - 0.5)
    if right < 0.1 or left < 0.1:
        return 2
    yang = right <= 0.1 or 0.1 < left <= 0.25 or (y > 0.5 and right > 0.25)
    return 1 if yang else 0
