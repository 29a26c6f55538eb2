"""Two domains without pairs: what goes where, and the pool of old translations."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from gan_lab.contracts import Player, Round, Sample, Turn
from gan_lab.game import GAN
from gan_lab.losses import LeastSquares
from gan_lab.media import Image
from gan_lab.models import PatchBackbone, PatchReadout, PerKey, ResNetTranslator, Scores
from gan_lab.tasks import Cycle
from gan_lab.tasks.pool import Pool
from gan_lab.terms import CycleConsistency
from tests.game.playing import assert_one_side_moves_at_a_time, assert_resumes_bitwise, play

A, B = (1, 8, 8), (3, 8, 8)
SMALL = partial(ResNetTranslator, width=2, blocks=1, halvings=1)


def domains(random: torch.Generator, a: Any = A, b: Any = B) -> Sample:
    return {
        "a": torch.rand(4, *a, generator=random) * 2 - 1,
        "b": torch.rand(4, *b, generator=random) * 2 - 1,
    }


def cycle(pool: int = 6, **options: Any) -> Cycle:
    return Cycle(SMALL(1, 3), SMALL(3, 1), Image(B), pool=pool, **options)


def game(pool: int = 6) -> GAN:
    network = partial(PatchBackbone, width=2, layers=1, norm="instance")
    parts = {
        name: Scores(network, shape, reads=(name,), readout=PatchReadout)
        for name, shape in (("a", A), ("b", B))
    }
    return GAN(cycle(pool), PerKey(**parts), LeastSquares(), [CycleConsistency()])


def test_domains_play_one_side_at_a_time_and_resume_bitwise(tmp_path: Path) -> None:
    torch.manual_seed(0)
    assert_one_side_moves_at_a_time(game(), domains)
    assert_resumes_bitwise(game, domains, tmp_path)


def test_a_round_goes_there_and_back() -> None:
    task, batch = cycle(), domains(torch.Generator())
    round = task(batch)
    b, a = task.forth(batch["a"]), task.back(batch["b"])
    torch.testing.assert_close(dict(round.fake), {"a": a, "b": b})
    made = {"cycle_a": task.back(b), "cycle_b": task.forth(a)}
    torch.testing.assert_close(dict(round.made), made)


def test_identity_gives_each_translator_its_own_target() -> None:
    task = Cycle(SMALL(), SMALL(), Image(A), identity=True)
    batch = domains(torch.Generator(), A, A)
    made = task(batch).made
    torch.testing.assert_close(made["same_a"], task.back(batch["a"]))
    torch.testing.assert_close(made["same_b"], task.forth(batch["b"]))
    with pytest.raises(ValueError, match="these have 1 and 3 channels; use identity=false"):
        cycle(identity=True)


def test_both_directions_are_offered() -> None:
    task, batch = cycle().eval(), domains(torch.Generator())
    for direction, (source, target) in task.directions.items():
        given = task.sources(batch, direction=direction)
        assert torch.equal(given["source"], batch[source])
        assert task.source_medium(direction).shape == batch[source].shape[1:]
        assert task.translate(given, direction)["x"].shape == batch[target].shape
        assert task.truth(batch, direction) is batch[target]


@pytest.mark.parametrize(
    ("forth", "back", "medium", "sentence"),
    [
        (SMALL(1, 3), SMALL(1, 1), Image(B), "one must take what the other makes"),
        (SMALL(1, 3), SMALL(3, 1), Image(A), r"b has 1 channel\(s\) and its translator makes 3"),
    ],
)
def test_channels_that_do_not_meet_are_refused(
    forth: Any, back: Any, medium: Any, sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        Cycle(forth, back, medium)


def numbered(first: int, count: int) -> torch.Tensor:
    return torch.arange(first, first + count, dtype=torch.float32).reshape(-1, 1, 1, 1)


def test_a_pool_shows_half_old_samples_and_loses_none() -> None:
    torch.manual_seed(0)
    pool, shown, old = Pool(50, (1, 1, 1)), [], 0
    for step in range(400):
        fresh = numbered(8 * step, 8)
        seen = pool(fresh)
        assert seen.shape == fresh.shape
        old += int((seen < 8 * step).sum()) if step >= 7 else 0
        shown.append(seen.flatten())
    everything = torch.cat([*shown, pool.held.flatten()])
    assert torch.equal(everything[: 8 * 6], numbered(0, 48).flatten())  # while there is room
    counts = everything.long().bincount()
    assert counts.min() == 1 and counts.max() <= 2  # shown, or kept and shown; none twice old
    assert old / (8 * 393) == pytest.approx(0.5, abs=0.04)


@pytest.mark.parametrize(("size", "batch"), [(0, 4), (3, 8), (5, 4)])
def test_a_pool_takes_batches_of_any_size(size: int, batch: int) -> None:
    pool = Pool(size, (1, 1, 1))
    for step in range(5):
        seen = pool(numbered(batch * step, batch))
        assert len(seen) == batch
        assert step < 2 or len(seen.unique()) == batch  # all are others once there was room
    assert pool.filled == min(size, 5 * batch)
    with pytest.raises(ValueError, match="pool must not be negative, got -1"):
        Pool(-1, (1,))


def test_the_pool_stands_before_the_discriminator_alone() -> None:
    torch.manual_seed(0)
    seen: list[tuple[Player, torch.Tensor]] = []

    class Watched(GAN):
        def objective(self, player: Player, round: Round) -> tuple[torch.Tensor, Turn]:
            seen.append((player, round.fake["b"].detach().clone()))
            return super().objective(player, round)

    module = game(pool=4)
    module.__class__ = Watched
    play(module, domains, 4)
    judged = torch.stack([fakes for player, fakes in seen if player == "discriminator"])
    drawn = torch.stack([fakes for player, fakes in seen if player == "generator"])
    assert torch.equal(judged[0], drawn[0])  # there was room
    assert not torch.equal(judged, drawn)
    before = drawn.flatten(0, 1).flatten(1)
    for step in range(4):  # nothing but what was drawn by then
        for fake in judged[step].flatten(1):
            assert (before[: 4 * (step + 1)] == fake).all(1).any()
