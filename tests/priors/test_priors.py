"""Where latents come from: laws, shapes, reproducibility, refusals."""

import inspect
from typing import Any

import pytest
import torch

from gan_lab import priors
from gan_lab.contracts import Prior
from gan_lab.priors import Coded, Normal, Uniform

PRIORS: list[type[Prior]] = [
    item
    for item in vars(priors).values()
    if inspect.isclass(item) and issubclass(item, Prior) and not inspect.isabstract(item)
]
every_prior = pytest.mark.parametrize("prior", PRIORS)


@every_prior
def test_latents_have_their_length_and_are_drawn_anew(prior: type[Prior]) -> None:
    drawn = prior(12)
    first, second = drawn(5), drawn(5)
    assert first["z"].shape == (5, 12)
    assert all(len(value) == 5 for value in first.values())
    assert not torch.equal(first["z"], second["z"])
    assert not any(value.requires_grad for value in first.values())


@every_prior
def test_a_generator_decides_alone_what_is_drawn(prior: type[Prior]) -> None:
    drawn, state = prior(12), torch.get_rng_state()
    first, second = (drawn(5, torch.Generator().manual_seed(3)) for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert torch.equal(state, torch.get_rng_state())


@every_prior
def test_a_prior_draws_in_the_precision_that_it_is_cast_to(prior: type[Prior]) -> None:
    drawn = prior(12).double()
    assert drawn(5)["z"].dtype == torch.float64
    assert drawn(5, torch.Generator())["z"].dtype == torch.float64
    assert not drawn.state_dict()  # checkpoints hold nothing of it


def test_normal_latents_have_mean_zero_and_unit_covariance() -> None:
    torch.manual_seed(0)
    z = Normal(3)(20_000)["z"]
    torch.testing.assert_close(z.mean(0), torch.zeros(3), atol=0.03, rtol=0)
    torch.testing.assert_close(z.T.cov(), torch.eye(3), atol=0.05, rtol=0)


def test_uniform_latents_fill_the_cube_about_zero() -> None:
    torch.manual_seed(0)
    z = Uniform(3)(20_000)["z"]
    assert -1 <= z.min() < -0.99 and 0.99 < z.max() <= 1
    torch.testing.assert_close(z.T.cov(), torch.eye(3) / 3, atol=0.03, rtol=0)


@pytest.mark.parametrize("noise", ["uniform", "normal"])
@pytest.mark.parametrize("law", ["uniform", "normal"])
def test_codes_are_the_first_coordinates_and_classes_are_drawn_evenly(law: Any, noise: Any) -> None:
    torch.manual_seed(0)
    drawn = Coded(5, codes=2, num_classes=4, law=law, noise=noise)(20_000)
    assert torch.equal(drawn["code"], drawn["z"][:, :2])
    assert (drawn["code"].abs().max() <= 1) == (law == "uniform")
    others = drawn["z"][:, 2:]
    assert others.std().item() == pytest.approx(1 if noise == "normal" else 3**-0.5, abs=0.03)
    assert (others.abs().max() <= 1) == (noise == "uniform")
    assert drawn["label"].dtype == torch.int64
    shares = drawn["label"].bincount(minlength=4) / 20_000
    torch.testing.assert_close(shares, torch.full((4,), 0.25), atol=0.02, rtol=0)


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: Normal(0), "latent_dim must be at least 1, got 0"),
        (lambda: Uniform(0), "latent_dim must be at least 1, got 0"),
        (lambda: Coded(2, codes=3), "codes must be between 0 and latent_dim=2, got 3"),
        (lambda: Coded(2, codes=-1), "codes must be between 0 and latent_dim=2, got -1"),
        (lambda: Coded(4, num_classes=0), "num_classes must be at least 1, got 0"),
        (lambda: Coded(4, law="cauchy"), "law must be one of uniform, normal, got 'cauchy'"),
        (lambda: Coded(4, noise="x"), "noise must be one of uniform, normal, got 'x'"),
    ],
)
def test_bad_arguments_are_refused(build: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        build()
