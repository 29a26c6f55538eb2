"""Pictures of the plane."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from gan_lab.callbacks import DensityPanels
from gan_lab.callbacks.density import density_panels, lattice
from gan_lab.data import Mixture
from gan_lab.data.mixtures import ring


def test_panels_show_the_points_the_truth_and_the_landscape() -> None:
    mixture = Mixture(ring(4), 0.2)
    points = mixture.sample(200, torch.Generator().manual_seed(0)).images
    asked: list[Tensor] = []

    def critic(places: Tensor) -> Tensor:
        asked.append(places.detach())
        return places.square().sum(1)

    both = density_panels(mixture, points, critic)
    alone = density_panels(mixture, points, None)
    assert both.dtype == np.uint8 and both.shape[2] == 3
    assert both.shape[1] > 1.5 * alone.shape[1]
    assert [len(places) for places in asked] == [96**2, 16**2]
    elsewhere = density_panels(mixture, points + 0.5, None)
    changed = (alone != elsewhere).any(axis=2)
    assert changed.sum() > 200


def test_the_lattice_covers_the_square() -> None:
    places = lattice(2.0, 5)
    assert places.shape == (25, 2)
    assert (places.min(), places.max()) == (-2, 2)


@pytest.mark.parametrize("name", ["every_n_steps", "num_samples"])
def test_numbers_must_be_positive(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        DensityPanels("folder", **{name: 0})


@pytest.mark.usefixtures("_clean_environment")
def test_a_run_in_the_plane_leaves_pictures_an_animation_and_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gan_lab.train import main

    overrides = [
        "data=grid",
        "loss=rpgan",
        "regularizer=r1r2",
        "data.train_size=20_000",
        "data.test_size=500",
        "trainer.max_steps=5",
        "trainer.accelerator=cpu",
        "callbacks.density.every_n_steps=2",
        "callbacks.evaluation.final_num_samples=500",
        f"hydra.run.dir={tmp_path}",
    ]
    monkeypatch.setattr(sys, "argv", ["train", *overrides])
    main()
    names = sorted(path.name for path in (tmp_path / "samples").glob("density*"))
    assert names == [f"density_step={step:06d}.png" for step in (2, 4, 5)]
    with Image.open(tmp_path / "samples" / "training.gif") as animation:
        assert animation.n_frames == 3  # type: ignore[attr-defined]
    final = json.loads((tmp_path / "summary.json").read_text())["final"]
    assert 0 <= final["modes/points_500"] <= 25
    assert 0 <= final["high_quality/points_500"] <= 1
