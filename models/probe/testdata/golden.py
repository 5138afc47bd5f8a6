"""Writes golden.json: the predictions of scikit-learn on small generated sets, for models/probe's tests.

    python golden.py    # needs scikit-learn 1.9 and numpy
"""

import json
import pathlib

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NearestCentroid
from sklearn.preprocessing import Normalizer, StandardScaler


def samples(seed, rows, cols, classes, spread):
    """Features as a rectified layer has them: at least 0, of very different sizes, some constant, some rows equal."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, rows)
    labels[:classes] = np.arange(classes)
    centers = random.normal(0, spread, (classes, cols))
    sizes = random.exponential(1, cols)
    features = np.maximum(0, (centers[labels] + random.normal(0, 1, (rows, cols))) * sizes)
    features[:, 0] = 0.5
    features[rows - 1] = features[rows - 2]
    return features.astype(np.float32).round(4), labels


def normalized(name, features):
    if name == "l2":
        return Normalizer().fit_transform(features.astype(np.float64))
    if name == "standard":
        return StandardScaler().fit_transform(features.astype(np.float64))
    return features.astype(np.float64)


def main():
    sets, cases = [], []
    for seed, (rows, cols, classes, spread) in enumerate([(30, 60, 3, 0.6), (60, 12, 4, 0.5), (24, 40, 2, 0.4)]):
        features, labels = samples(seed, rows, cols, classes, spread)
        random = np.random.default_rng(100 + seed)
        weights = random.uniform(0.5, 2, rows).round(3)
        sets.append({"rows": rows, "cols": cols, "classes": classes, "features": features.ravel().astype(float).round(4).tolist(),
                     "labels": labels.tolist(), "weights": weights.tolist(),
                     "centroid": NearestCentroid().fit(normalized("l2", features), labels).predict(normalized("l2", features)).tolist()})
        for name in ("raw", "l2", "standard"):
            for weighted in (False, True):
                x = normalized(name, features)
                for c in (0.001, 0.1, 10, 1000):
                    model = LogisticRegression(C=c, tol=1e-10, max_iter=100_000)
                    model.fit(x, labels, sample_weight=weights if weighted else None)
                    cases.append({"set": seed, "normalization": name, "weighted": weighted, "c": c,
                                  "probabilities": model.predict_proba(x).ravel().round(6).tolist()})
    text = json.dumps({"sets": sets, "cases": cases}, separators=(",", ":"))
    (pathlib.Path(__file__).parent / "golden.json").write_text(text + "\n")


main()
