"""Writes golden.json: predictions with the metrics that scikit-learn gives them (needs numpy and scikit-learn)."""

import json
import pathlib

import numpy as np
import sklearn
from sklearn import metrics
from sklearn.calibration import calibration_curve

rng = np.random.default_rng(7)


def classification(images, classes, absent=None, of=None, coarse=None):
    logits = rng.normal(size=(images, classes))
    labels = rng.integers(0, of or classes, size=images)  # of: the test set has images of the first classes alone
    if absent is not None:  # a class that is neither labeled nor predicted
        labels[labels == absent] = 0
        logits[:, absent] = -20
    logits[np.arange(images), labels] += 1.2
    p = np.exp(logits)
    p = p / p.sum(axis=1, keepdims=True)
    if coarse:  # many equal probabilities
        p = np.round(p * coarse) / coarse
    p = p.astype(np.float32).astype(np.float64)
    predicted = p.argmax(axis=1)
    all_labels = list(range(classes))
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        labels, predicted, labels=all_labels, zero_division=0)

    def average(kind):
        # Without labels=: over the classes that are labeled or predicted, as classification_report does.
        a = metrics.precision_recall_fscore_support(labels, predicted, average=kind, zero_division=0)
        return {"precision": a[0], "recall": a[1], "f1": a[2]}

    one_hot = np.eye(classes)[labels]
    present = [c for c in all_labels if 0 < one_hot[:, c].sum() < images]
    number = lambda v: None if np.isnan(v) else float(v)
    auc = [number(a) for a in metrics.roc_auc_score(one_hot, p, average=None)]  # nan, with a warning, for an absent class
    precisions = metrics.average_precision_score(one_hot, p, average=None)
    ranking = {
        "auc": auc,
        "precision": [float(a) if c in present else None for c, a in enumerate(precisions)],
        "macro_auc": metrics.roc_auc_score(one_hot[:, present], p[:, present], average="macro"),
        "macro_precision": metrics.average_precision_score(one_hot[:, present], p[:, present], average="macro"),
    }
    if len(present) == classes > 2 and not coarse:
        rows = p / p.sum(axis=1, keepdims=True)
        assert abs(metrics.roc_auc_score(labels, rows, multi_class="ovr") - ranking["macro_auc"]) < 1e-6
    thresholds = [
        [metrics.precision_score(labels, p[:, 1] >= t, zero_division=1), metrics.recall_score(labels, p[:, 1] >= t),
         metrics.f1_score(labels, p[:, 1] >= t, zero_division=0), metrics.accuracy_score(labels, p[:, 1] >= t)]
        for t in np.arange(101) / 100] if classes == 2 else []

    confidence, right = p.max(axis=1), predicted == labels
    true, mean = calibration_curve(right, confidence, n_bins=10)
    counts = np.histogram(confidence, bins=np.linspace(0, 1, 11))[0]
    counts = counts[counts > 0]
    return {
        "classes": classes,
        "ranking": ranking,
        "thresholds": thresholds,
        "probabilities": p.ravel().tolist(),
        "labels": labels.tolist(),
        "loss": float(-np.log(p[np.arange(images), labels]).mean()),
        "sklearn_log_loss": metrics.log_loss(labels, p / p.sum(axis=1, keepdims=True), labels=all_labels),
        "accuracy": metrics.accuracy_score(labels, predicted),
        "top3": metrics.top_k_accuracy_score(labels, p, k=3, labels=all_labels) if classes > 3 else 1.0,
        "precision": precision.tolist(), "recall": recall.tolist(), "f1": f1.tolist(), "support": support.tolist(),
        "macro": average("macro"), "weighted": average("weighted"),
        "confusion": metrics.confusion_matrix(labels, predicted, labels=all_labels).tolist(),
        "ece": float((counts / counts.sum() * np.abs(true - mean)).sum()),
    }


def multi(images, classes):
    p = rng.random((images, classes)).astype(np.float32).astype(np.float64)
    y = (rng.random((images, classes)) < p * 0.8).astype(int)
    precision, recall, f1, support = metrics.precision_recall_fscore_support(y, p > 0.5, zero_division=0)
    return {
        "classes": classes, "probabilities": p.ravel().tolist(), "targets": y.ravel().tolist(),
        "loss": float(np.mean([metrics.log_loss(y[:, c], p[:, c], labels=[0, 1]) for c in range(classes)])),
        "accuracy": 1 - metrics.hamming_loss(y, p > 0.5),
        "precision": precision.tolist(), "recall": recall.tolist(), "f1": f1.tolist(), "support": support.tolist(),
    }


def regression(images, outputs):
    y = rng.normal(size=(images, outputs)).astype(np.float32).astype(np.float64)
    x = (y + rng.normal(size=y.shape) * 0.3).astype(np.float32).astype(np.float64)
    return {
        "outputs": outputs, "predicted": x.ravel().tolist(), "targets": y.ravel().tolist(),
        "mse": metrics.mean_squared_error(y, x), "mae": metrics.mean_absolute_error(y, x), "r2": metrics.r2_score(y, x),
    }


golden = {
    "made_with": f"scikit-learn {sklearn.__version__}",
    "classification": [classification(60, 5), classification(40, 4, absent=2), classification(30, 10, of=3)],
    "multi": [multi(30, 3)],
    "regression": [regression(20, 2)],
}
golden["classification"].append(classification(50, 2))
tied = classification(60, 5, coarse=8)  # its rows do not sum to 1, so that scikit-learn has no loss of them
golden["ties"] = {name: tied[name] for name in ("classes", "probabilities", "labels", "ranking")}
pathlib.Path(__file__).with_name("golden.json").write_text(json.dumps(golden, indent=1) + "\n")
