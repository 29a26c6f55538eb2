"""What is found of the images that one method makes, and the figures that are read from it."""

from collections.abc import Callable

import torch
from torch import Tensor

from gan_lab.metrics.features import FeatureNetwork
from gan_lab.metrics.fid import fitted, frechet_distance
from gan_lab.metrics.pairs import (
    WINDOW,
    absolute_error,
    colourfulness,
    detail,
    ms_ssim,
    pixel_agreement,
    psnr,
    saturation,
    scales_of,
    ssim,
    unit,
)

IDEALS = {
    "psnr": float("inf"),
    "ssim": 1.0,
    "ms_ssim": 1.0,
    "absolute_error": 0.0,
    "pixel_agreement": 1.0,
    "feature_distance": 0.0,
    "fid": 0.0,
    "class_accuracy": 1.0,
    "target_accuracy": 1.0,
    "saturation_ratio": 1.0,
    "colourfulness_ratio": 1.0,
    "variance_ratio": 1.0,
    "detail_ratio": 1.0,
    "cycle_error": 0.0,
}
"""Every figure of translations, and what the truth itself would have."""

Plain = Callable[[Tensor], Tensor]


class Spread:
    """Mean variance of values over samples, from running sums."""

    def __init__(self) -> None:
        self.count, self.total, self.squares = 0, torch.zeros(()), torch.zeros(())

    def update(self, images: Tensor) -> None:
        """Take in a minibatch (N, ...)."""
        values = unit(images).double().cpu()
        self.count += len(values)
        self.total = self.total + values.sum(0)
        self.squares = self.squares + values.square().sum(0)

    def compute(self) -> Tensor:
        """Return the variance over samples, averaged over values."""
        variance = self.squares / self.count - (self.total / self.count).square()
        return variance.clamp(min=0).mean()


class Tally:
    """What is found of the images of one method, one by one.

    Args:
        network: Of features, or None where it does not take these images.
        plain: Makes of images what the network knows, such as black on white to white on black.
    """

    def __init__(self, network: FeatureNetwork | None, plain: Plain) -> None:
        self.network, self.plain = network, plain
        self.columns: dict[str, list[Tensor]] = {}
        self.spread = Spread()

    def add(self, name: str, values: Tensor) -> None:
        """Keep what was found of each image."""
        self.columns.setdefault(name, []).append(values.detach().double().cpu())

    def look(self, images: Tensor, labels: Tensor) -> None:
        """Take in a minibatch of images (N, C, H, W) in [-1, 1] and the classes they show (N,)."""
        self.spread.update(images)
        self.add("detail", detail(images))
        if images.shape[1] == 3:
            self.add("saturation", saturation(images))
            self.add("colourfulness", colourfulness(images))
        if self.network is None:
            return
        found = self.network(self.plain(images))
        self.add("features", found.features)
        if found.logits is not None and found.logits.shape[1] == 10:
            self.add("class_accuracy", found.logits.argmax(1) == labels)

    def compare(self, made: Tensor, truth: Tensor) -> None:
        """Take in a minibatch of images and what they should be."""
        for function in (psnr, absolute_error, pixel_agreement):
            self.add(function.__name__, function(made, truth))
        if min(made.shape[2:]) >= WINDOW:
            self.add("ssim", ssim(made, truth))
        if scales_of(*made.shape[2:]) > 1:
            self.add("ms_ssim", ms_ssim(made, truth))

    def figures(self, real: "Tally") -> dict[str, float]:
        """Return the figures that can be told, in the order of :data:`IDEALS`.

        Args:
            real: Of the samples that are translated to.
        """
        whole = {name: torch.cat(parts) for name, parts in self.columns.items()}
        other = {name: torch.cat(parts) for name, parts in real.columns.items()}
        found = {name: values.mean() for name, values in whole.items() if name in IDEALS}
        for name in ("saturation", "colourfulness", "detail"):
            if name in whole:
                found[f"{name}_ratio"] = ratio(whole[name].mean(), other[name].mean())
        found["variance_ratio"] = ratio(self.spread.compute(), real.spread.compute())
        if "features" in whole:
            made, true = whole["features"], other["features"]
            if len(made) > 1:
                found["fid"] = frechet_distance(*fitted(true), *fitted(made))
            if "psnr" in found:
                found["feature_distance"] = (made - true).norm(dim=1).mean()
        return {name: float(found[name]) for name in IDEALS if name in found}


def ratio(made: Tensor, real: Tensor) -> Tensor:
    """Return a quotient; 1 where both are nothing."""
    return torch.ones(()) if made == real == 0 else made / real.clamp(min=1e-12)
