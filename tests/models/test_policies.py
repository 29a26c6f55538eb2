"""What policies read, whatever they are made of."""

from functools import partial

import pytest
import torch

from gan_lab.models import LSTMPolicy, TokenBackbone, TransformerPolicy

POLICIES = {
    "lstm": partial(LSTMPolicy, 5, 6, 4, 5, deviation=1.0),
    "transformer": partial(TransformerPolicy, 5, 6, 4, 2, 2, deviation=1.0),
}


@pytest.mark.parametrize("name", POLICIES)
def test_what_is_written_next_depends_on_all_that_was_written_and_on_nothing_else(
    name: str,
) -> None:
    torch.manual_seed(0)
    policy = POLICIES[name]()
    tokens = torch.tensor([[0, 1, 2, 3, 4, 0]])
    before = policy(tokens)
    for place in range(6):
        other = tokens.clone()
        other[0, place] = (other[0, place] + 1) % 5
        changed = (policy(other) - before).abs().amax(dim=(0, 2)) > 1e-6
        assert changed.tolist() == [later > place for later in range(6)]


def test_tokens_are_embedded_as_vectors_of_length_one_on_average() -> None:
    torch.manual_seed(0)
    table = TokenBackbone((20,), 500, embedding=64).table
    assert float(table.detach().square().sum(1).mean()) == pytest.approx(1, rel=0.05)
