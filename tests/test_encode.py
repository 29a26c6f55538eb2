"""Codes, reconstructions and traversals of small runs."""

from functools import partial

import pytest
import torch

from gan_lab import encode
from gan_lab.errors import LabError
from gan_lab.models import (
    Encoder,
    MLPBackbone,
    MLPGenerator,
    OneHotLabels,
    StyleGAN2Generator,
    principal_directions,
)
from gan_lab.priors import Coded, Normal, Uniform
from gan_lab.sample import truncate
from gan_lab.tasks import Bidirectional, Generation

SHAPE, DIM = (1, 4, 4), 3


def bigan() -> Bidirectional:
    torch.manual_seed(0)
    network = partial(MLPBackbone, hidden=(8,))
    return Bidirectional(
        MLPGenerator(DIM, SHAPE, (8,)), Encoder(network, SHAPE, DIM), Uniform(DIM)
    ).eval()


def infogan() -> Generation:
    torch.manual_seed(0)
    labels = OneHotLabels(3)
    return Generation(MLPGenerator(DIM, SHAPE, (8,), labels=labels), Coded(DIM, 2, 3)).eval()


@torch.inference_mode()
def test_codes_are_the_encoders_whatever_the_batch() -> None:
    task, images = bigan(), torch.randn(7, *SHAPE)
    codes = encode.coded(task, images, batch_size=3)
    torch.testing.assert_close(codes["z"], task.encoder(images))


@torch.inference_mode()
def test_panels_show_reconstructions_below_what_they_are_of() -> None:
    task, images = bigan(), torch.randn(6, *SHAPE)
    again = task.reconstruct(images)
    rows = encode.panels(images, again, columns=3).unflatten(0, (4, 3))
    assert torch.equal(rows[0], images[:3]) and torch.equal(rows[2], images[3:])
    torch.testing.assert_close(rows[1], again[:3])
    torch.testing.assert_close(rows[3], again[3:])


@torch.inference_mode()
def test_a_strip_moves_one_coordinate_and_holds_the_others() -> None:
    task = bigan()
    z = task.latents(1, torch.Generator().manual_seed(4))["z"]
    strips = encode.traversal(task, 8, 5, torch.Generator().manual_seed(4), [2])
    assert strips.shape == (5, *SHAPE)
    moved = z.repeat(5, 1)
    moved[:, 2] = torch.linspace(-1, 1, 5)  # the prior is bounded
    torch.testing.assert_close(strips, task.generator(moved))
    every = encode.traversal(task, 2, 5, torch.Generator().manual_seed(4))
    assert len(every) == 2 * 5


@torch.inference_mode()
def test_infogans_strips_are_its_codes() -> None:
    task = infogan()
    strips = encode.traversal(task, 8, 6, torch.Generator().manual_seed(1))
    categorical, first, second = strips.unflatten(0, (3, 6))  # the noise has none
    torch.testing.assert_close(categorical[:3], categorical[3:])  # three classes, twice
    assert not torch.equal(first, second)
    assert len({tuple(x.flatten().tolist()) for x in first}) == 6


def test_what_cannot_be_done_is_said_in_a_line() -> None:
    random = torch.Generator()
    with pytest.raises(LabError, match="has no encoder, and its samples are not of latents alone"):
        encode.coded(infogan(), torch.zeros(2, *SHAPE), 2)
    with pytest.raises(LabError, match="directions are those of an unconditional generator"):
        encode.directions(infogan(), 1, 2, random)
    with pytest.raises(LabError, match="coordinates must be below 3, got 5"):
        encode.traversal(bigan(), 1, 2, random, [5])


def test_a_projection_finds_the_latents_of_what_a_generator_can_draw() -> None:
    torch.manual_seed(0)
    task = Generation(MLPGenerator(DIM, SHAPE, (16,))).eval()
    latent = torch.randn(4, DIM)
    with torch.no_grad():
        images = task.generator(latent)
        start = task.generator(task.latents(4, torch.Generator().manual_seed(0))["z"])
        found = encode.coded(task, images, 4, steps=300)["z"]
        again = task.generator(found)
    assert (again - images).square().mean() < 0.02 * (start - images).square().mean()


def test_directions_are_those_that_the_first_map_stretches_most() -> None:
    torch.manual_seed(0)
    task = Generation(MLPGenerator(DIM, SHAPE, (8,))).eval()
    weight = next(m for m in task.generator.modules() if isinstance(m, torch.nn.Linear)).weight
    found = principal_directions(weight.detach(), 3)
    torch.testing.assert_close(found @ found.T, torch.eye(3), atol=1e-5, rtol=0)
    lengths = (weight.detach() @ found.T).norm(dim=0)
    torch.testing.assert_close(lengths, torch.linalg.svdvals(weight.detach()))
    z = task.latents(1, torch.Generator().manual_seed(2))["z"]
    with torch.no_grad():
        strips = encode.directions(task, 2, 5, torch.Generator().manual_seed(2))
        assert strips.shape == (10, *SHAPE)
        torch.testing.assert_close(strips[2], task.generator(z)[0])  # the middle of a strip
        torch.testing.assert_close(strips[9], task.generator(z + 3 * found[1])[0])


def test_truncation_redraws_what_lies_far_out_and_nothing_else() -> None:
    task = bigan()
    task.prior = Normal(DIM)
    given = dict(task.latents(200, torch.Generator().manual_seed(3)))
    before = given["z"].clone()
    truncate(task, given, 0.8, torch.Generator().manual_seed(5))
    assert given["z"].abs().max() <= 0.8
    near = before.abs() <= 0.8
    assert torch.equal(given["z"][near], before[near]) and not near.all()
    truncate(task, given, None, torch.Generator())
    with pytest.raises(LabError, match="truncation must be a positive number or null, got 0"):
        truncate(task, given, 0, torch.Generator())


def test_a_generator_with_styles_is_truncated_in_them() -> None:
    small = {"width": 2, "most": 4, "style": 4, "depth": 1}
    task = Generation(StyleGAN2Generator(DIM, (1, 28, 28), **small)).eval()
    given = dict(task.latents(5, torch.Generator().manual_seed(3)))
    before = given["z"].clone()
    truncate(task, given, 0.5, torch.Generator())
    assert task.generator.truncation == 0.5 and torch.equal(given["z"], before)
