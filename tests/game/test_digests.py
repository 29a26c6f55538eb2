"""Weights after twenty steps, bit for bit those of the trunk that knew one game only.

But for three, whose recipes were held against their authors' code since: infogan (codes and noise
from U(-1, 1), Q's own layer, information weight 1), ada (DiffAugment's contrast) and projection
(SNGAN's blocks and initialisation).
"""

import json
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from gan_lab.engine.arithmetic import multiply_fast
from gan_lab.models.base import draw_weights

RECORDED = json.loads(Path(__file__).with_name("digests.json").read_text())

WIDTH = "model.width=8"
SMALL = ["model=dcgan", WIDTH]
CASES = {
    "non_saturating": SMALL,
    "non_saturating_mlp": ["model=mlp"],
    "wgan": ["loss=wgan", *SMALL],
    "wgan_gp": ["loss=wgan_gp", *SMALL],
    "hinge_spectral_norm": ["loss=hinge", "regularizer=spectral_norm", *SMALL],
    "rpgan_r1r2": ["loss=rpgan", "regularizer=r1r2", *SMALL],
    "cgan": ["conditioning=concatenation", *SMALL],
    "acgan": ["conditioning=auxiliary_classifier", *SMALL],
    "infogan": [
        "conditioning=infogan",
        "model=infogan",
        "model.units=32",
        "optimizer.lr=2e-4",
        WIDTH,
    ],
    "pacgan": ["data=ring", "packing=4"],
    "ada": ["augmentation=adaptive", *SMALL],
    "projection": [
        "conditioning=projection",
        "model.generator.labels._target_=gan_lab.models.NormLabels",
        "model=resnet",
        "regularizer=spectral_norm",
        "loss=hinge",
        WIDTH,
    ],
    "lazy_r1": ["regularizer=r1", "regularizer.r1.every=4", "n_critic=2", *SMALL],
    "fresh_noise": [
        "model=mlp",
        "fresh_noise=true",
        "scheduler=linear",
        "gradient_clip_val=0.1",
        "optimizer.generator.fused=false",
        "optimizer.discriminator.fused=false",
    ],
}


def digest(tensors: list[Tensor]) -> str:
    total = sha256()
    for tensor in tensors:
        total.update(tensor.detach().contiguous().numpy().tobytes())
    return total.hexdigest()


def arithmetic() -> str:
    """Return what this processor makes of the sums that training consists of."""
    random = torch.Generator().manual_seed(0)
    layers = nn.Sequential(
        nn.Linear(100, 16 * 49),
        nn.Unflatten(1, (16, 7, 7)),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.ConvTranspose2d(16, 8, 4, stride=2, padding=1),
        nn.Tanh(),
        nn.Conv2d(8, 16, 4, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(16 * 49, 1),
        nn.Softplus(),
    )
    with torch.no_grad():
        for parameter in layers.parameters():
            parameter.normal_(generator=random)
            parameter.mul_(0.1)
    draw_weights(layers)
    parameters = list(layers.parameters())
    optimizer = torch.optim.Adam(parameters, lr=1e-3)
    value = layers(torch.randn(64, 100, generator=random)).mean()
    value.backward()
    gradients = [parameter.grad.clone() for parameter in parameters]
    optimizer.step()
    return digest([value, *gradients, *parameters])


@pytest.fixture(scope="module")
def same_processor() -> bool:
    """Tell whether this processor computes like the one that the digests were recorded on."""
    multiply_fast()
    return bool(arithmetic() == RECORDED["arithmetic"])


Weights = Callable[..., list[Tensor]]


@pytest.fixture
def weights(
    mnist_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _clean_environment: None
) -> Weights:
    """Train by the command line in this process and return both sides' weights."""

    def run(*overrides: str) -> list[Tensor]:
        from gan_lab.train import main

        arguments = [
            *overrides,
            f"hydra.run.dir={tmp_path}",
            "trainer.accelerator=cpu",
            "trainer.max_steps=20",
            "trainer.precision=32-true",
            "callbacks.evaluation=null",
            "callbacks.nearest_neighbours=null",
            "callbacks.samples=null",
            "logger.tensorboard=null",
        ]
        if "data=ring" not in overrides:
            arguments.append(f"data.root={mnist_root}")
        monkeypatch.setattr(sys, "argv", ["train", *arguments])
        main()
        state = torch.load(tmp_path / "checkpoints/last.ckpt", weights_only=True)["state_dict"]
        return [v for name, v in state.items() if name.startswith(("task.", "discriminator."))]

    return run


@pytest.mark.parametrize("name", CASES)
def test_weights_after_twenty_steps_are_what_they_were(
    name: str, weights: Weights, same_processor: bool
) -> None:
    found, recorded = weights(*CASES[name]), RECORDED["weights"][name]
    assert sum(tensor.numel() for tensor in found) == recorded["n"]
    size = sum(tensor.double().abs().sum().item() for tensor in found)
    assert size == pytest.approx(recorded["sum"], rel=1e-3)
    if same_processor:
        assert digest(found) == recorded["digest"]
