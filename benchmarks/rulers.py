"""What the drawn samples of a race are measured by."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gan_lab import metrics
from gan_lab.callbacks.evaluation import build_evaluation
from gan_lab.data import MNISTDataModule
from gan_lab.media import Image

MEDIUM = Image((1, 28, 28))
Build = dict[str, Callable[[metrics.Reference], metrics.SampleMetric]]


class Rulers:
    """FID by three networks, coverage by the classifier's features; real samples beside them.

    Args:
        root: Folder of the data.
        count: Samples to measure.
    """

    def __init__(self, root: Path, count: int) -> None:
        data = MNISTDataModule(root)
        data.prepare_data()
        data.setup()
        fid: Build = {"fid": metrics.FrechetDistance}
        both: Build = {**fid, "density_coverage": metrics.DensityCoverage}
        networks: dict[metrics.FeatureNetwork, Build] = {
            metrics.ClassifierFeatures("mnist"): both,
            metrics.RandomFeatures(MEDIUM): fid,
            metrics.RawFeatures(MEDIUM): fid,
        }
        self.evaluations = [build_evaluation(n, m, data, count) for n, m in networks.items()]
        self.floor = {
            f"{name}/{e.network.name}": v for e in self.evaluations for name, v in e.floor.items()
        }

    def __call__(self, lap: dict[str, Any]) -> dict[str, Any]:
        """Return a lap with its figures in place of its file, which is removed."""
        path = Path(lap["file"])
        images = torch.from_numpy(np.load(path))
        top, left = ((size - 28) // 2 for size in images.shape[2:])  # digits have a margin
        images = images[:, :, top : top + 28, left : left + 28]
        figures = {
            f"{name}/{evaluation.network.name}": value
            for evaluation in self.evaluations
            for name, value in evaluation(torch.split(images, 500)).items()
        }
        path.unlink()
        return {k: v for k, v in lap.items() if k != "file"} | {"figures": figures}
