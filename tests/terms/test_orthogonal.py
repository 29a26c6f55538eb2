"""Orthogonal regularisation."""

import pytest
import torch
from torch import nn

from gan_lab.terms import OrthogonalRegularization


@pytest.mark.parametrize("unit_length", [False, True])
def test_orthogonal_regularisation_agrees_with_its_formula(unit_length: bool) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(2, 5, 3), nn.ReLU(), nn.Linear(4, 3), nn.Embedding(2, 2))
    penalty = OrthogonalRegularization(unit_length=unit_length)
    expected = 0.0
    for rows in (network[0].weight.flatten(1).tolist(), network[2].weight.tolist()):
        for i, a in enumerate(rows):
            for j, b in enumerate(rows):
                product = sum(x * y for x, y in zip(a, b, strict=True))
                if i != j:
                    expected += product**2
                elif unit_length:
                    expected += (product - 1) ** 2
    assert penalty.penalty(network).item() == pytest.approx(expected, rel=1e-5)


def test_orthogonal_rows_of_any_length_cost_nothing() -> None:
    layer = nn.Linear(6, 4, bias=False)
    nn.init.orthogonal_(layer.weight, gain=3.0)
    assert OrthogonalRegularization().penalty(layer).item() == pytest.approx(0, abs=1e-9)
    lengths = OrthogonalRegularization(unit_length=True).penalty(layer)
    assert lengths.item() == pytest.approx(4 * (9 - 1) ** 2, rel=1e-4)


@pytest.mark.parametrize("kind", [nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d])
def test_a_transposed_convolutions_rows_are_its_output_channels(kind: type[nn.Module]) -> None:
    layer = kind(2, 3, 2, bias=False)
    weight = layer.weight.detach().transpose(0, 1).flatten(1)
    gram = weight @ weight.T
    expected = gram.square().sum() - gram.diagonal().square().sum()
    torch.testing.assert_close(OrthogonalRegularization().penalty(layer).detach(), expected)


def test_descending_it_makes_rows_orthogonal() -> None:
    torch.manual_seed(0)
    layer = nn.Linear(8, 4, bias=False)
    penalty = OrthogonalRegularization()
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    before = penalty.penalty(layer).item()
    for _ in range(200):
        optimizer.zero_grad()
        penalty.penalty(layer).backward()
        optimizer.step()
    assert penalty.penalty(layer).item() < 1e-3 * before


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="weight must be positive"):
        OrthogonalRegularization(0.0)
    with pytest.raises(ValueError, match="player must be one of discriminator, generator"):
        OrthogonalRegularization(player="critic")  # type: ignore[arg-type]
