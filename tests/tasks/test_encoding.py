"""Tasks with encoders: who is real, whose graph is carried, what codes and reconstructions are."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from gan_lab.contracts import Encodes, Sample, Task
from gan_lab.game import GAN
from gan_lab.losses import NonSaturating, Symmetric
from gan_lab.models import (
    ClassAndStyle,
    Encoder,
    GaussianEncoder,
    JointScores,
    MLPBackbone,
    MLPGenerator,
    OneHotLabels,
    Scores,
)
from gan_lab.priors import Clustered
from gan_lab.tasks import (
    AdversarialAutoencoder,
    Bidirectional,
    Clustering,
    SortingAutoencoder,
    VariationalGAN,
)
from gan_lab.terms import (
    GaussianPrior,
    GradientPenalty,
    LearnedSimilarity,
    Reconstruction,
    Sorting,
)
from tests.game.playing import assert_one_side_moves_at_a_time, assert_resumes_bitwise

IMAGE, DIM, CLUSTERS = (1, 4, 4), 5, 3
MLP = partial(MLPBackbone, hidden=(8,))


def generator() -> MLPGenerator:
    return MLPGenerator(DIM, IMAGE, (8,))


def encoder(kind: type[Encoder] = Encoder) -> Encoder:
    return kind(MLP, IMAGE, DIM)


def prior() -> Clustered:
    return Clustered(DIM, CLUSTERS)


def bigan(kind: type[Encoder] = Encoder) -> GAN:
    task = Bidirectional(generator(), encoder(kind))
    return GAN(task, JointScores(MLP, IMAGE, DIM, units=8), Symmetric(NonSaturating()))


def aae() -> GAN:
    task = AdversarialAutoencoder(generator(), encoder())
    judge = Scores(MLP, (DIM,), reads=("z",))
    return GAN(task, judge, NonSaturating(), [Reconstruction(1.0, distance="l2")])


def sorting() -> GAN:
    task = SortingAutoencoder(generator(), encoder(), prior())
    terms = [
        Reconstruction(1.0, distance="l2"),
        Sorting(made="labelled_class", target="labelled_label"),
    ]
    return GAN(task, ClassAndStyle(DIM, CLUSTERS, (8,)), NonSaturating(), terms)


def clustering() -> GAN:
    task = Clustering(generator(), encoder(), prior())
    terms = [
        Reconstruction(10.0, made="recovered", target="normal", distance="l2"),
        Sorting(10.0),
        GradientPenalty(),
    ]
    return GAN(task, Scores(MLP, IMAGE), NonSaturating(), terms)


def vaegan() -> GAN:
    task = VariationalGAN(generator(), GaussianEncoder(MLP, IMAGE, DIM))
    return GAN(task, Scores(MLP, IMAGE), NonSaturating(), [GaussianPrior(), LearnedSimilarity()])


GAMES: dict[str, Callable[[], GAN]] = {
    "bigan": bigan,
    "ali": partial(bigan, GaussianEncoder),
    "aae": aae,
    "sorting": sorting,
    "clustering": clustering,
    "vaegan": vaegan,
}
every_game = pytest.mark.parametrize("name", GAMES)


def batch(random: torch.Generator) -> Sample:
    x, labelled = (torch.rand(8, *IMAGE, generator=random) * 2 - 1 for _ in range(2))
    label = torch.randint(CLUSTERS, (8,), generator=random)
    return {"x": x, "label": label.neg(), "labelled_x": labelled, "labelled_label": label}


def a_batch(seed: int = 0) -> Sample:
    return batch(torch.Generator().manual_seed(seed))


@every_game
def test_every_network_moves_one_side_at_a_time(name: str) -> None:
    torch.manual_seed(0)
    assert_one_side_moves_at_a_time(GAMES[name](), batch, 2)


def test_a_game_with_an_encoder_that_draws_resumes_bitwise(tmp_path: Path) -> None:
    assert_resumes_bitwise(vaegan, batch, tmp_path)


@every_game
def test_samples_are_drawn_again_from_their_codes(name: str) -> None:
    torch.manual_seed(0)
    task = GAMES[name]().task.eval()
    assert isinstance(task, Encodes)
    samples = a_batch()["x"]
    codes = task.codes(samples)
    assert codes["z"].shape == (8, DIM)
    again = task.reconstruct(samples)
    assert torch.equal(again, task.generator(codes["z"]))
    assert torch.equal(task.codes(samples)["z"], codes["z"])  # nothing is drawn
    if name in ("sorting", "clustering"):
        assert codes["class"].shape == (8, CLUSTERS)
        hot = nn.functional.one_hot(codes["class"].argmax(1), CLUSTERS).float()
        assert torch.equal(codes["z"][:, :CLUSTERS], hot)
    assert task.sample(6)["x"].shape == (6, *IMAGE)


def moves(task: Task, value: Tensor) -> set[str]:
    """Return which parts of a task a value has a gradient to."""
    found = set()
    for part in ("generator", "encoder"):
        parameters = list(getattr(task, part).parameters())
        slopes = torch.autograd.grad(value, parameters, allow_unused=True, retain_graph=True)
        if any(slope is not None and bool(slope.any()) for slope in slopes):
            found.add(part)
    return found


def test_a_bidirectional_games_real_side_carries_the_encoders_graph() -> None:
    torch.manual_seed(0)
    task = bigan().task
    round = task(a_batch())
    assert torch.equal(round.real["x"], a_batch()["x"])
    assert moves(task, round.real["z"].sum()) == {"encoder"}
    assert moves(task, round.fake["x"].sum()) == {"generator"}
    assert not round.fake["z"].requires_grad


def test_a_joint_discriminator_reads_samples_and_codes() -> None:
    torch.manual_seed(0)
    judge = JointScores(MLP, IMAGE, DIM, units=8)
    sample = {"x": a_batch()["x"], "z": torch.randn(8, DIM)}
    logits = judge(sample).logits["x"]
    for name in ("x", "z"):
        other = {**sample, name: sample[name].flip(0)}
        assert not torch.allclose(judge(other).logits["x"], logits)
    both = {name: value.flip(0) for name, value in sample.items()}
    torch.testing.assert_close(judge(both).logits["x"], logits.flip(0))


def test_an_autoencoders_real_side_is_the_prior() -> None:
    torch.manual_seed(0)
    task = aae().task
    round = task(a_batch())
    assert round.real["z"].requires_grad is False
    assert moves(task, round.fake["z"].sum()) == {"encoder"}
    assert moves(task, round.fake["x"].sum()) == {"generator", "encoder"}
    torch.testing.assert_close(round.fake["x"], task.reconstruct(a_batch()["x"]))


def test_a_sorted_code_is_a_class_and_a_style() -> None:
    torch.manual_seed(0)
    task = sorting().task
    round = task(a_batch())
    torch.testing.assert_close(round.fake["y"].sum(1), torch.ones(8))
    assert torch.equal(round.real["y"].sort(1).values, torch.eye(CLUSTERS)[-1].expand(8, -1))
    assert round.real["style"].shape == round.fake["style"].shape == (8, DIM - CLUSTERS)
    logits = task.parts(a_batch()["labelled_x"])["class"]
    torch.testing.assert_close(round.made["labelled_class"], logits)


def test_a_clustering_encoder_is_asked_for_both_parts_of_the_latents() -> None:
    torch.manual_seed(0)
    task = clustering().task
    round = task(a_batch())
    hot, normal = round.fake["z"].split([CLUSTERS, DIM - CLUSTERS], dim=1)
    assert torch.equal(hot.argmax(1), round.fake["cluster"])
    assert torch.equal(round.made["normal"], normal)
    logits, recovered = task.encoder(round.fake["x"]).split([CLUSTERS, DIM - CLUSTERS], dim=1)
    torch.testing.assert_close(round.made["class"], logits)
    torch.testing.assert_close(round.made["recovered"], recovered)


def test_the_game_of_a_variational_autoencoder_moves_no_encoder() -> None:
    torch.manual_seed(0)
    task = vaegan().task
    round = task(a_batch())
    assert round.fake["x"].shape == (16, *IMAGE)
    assert moves(task, round.fake["x"].sum()) == {"generator"}
    assert moves(task, round.made["again"].sum()) == {"generator", "encoder"}
    assert moves(task, round.made["mean"].sum()) == {"encoder"}


def test_a_gaussian_encoder_draws_what_its_moments_say() -> None:
    torch.manual_seed(0)
    drawing = GaussianEncoder(MLP, IMAGE, 2)
    with torch.no_grad():
        drawing.linear.bias.copy_(torch.tensor([1.0, -2.0, 0.5, -1.5]))
    samples = a_batch()["x"][:1].expand(20_000, -1, -1, -1)
    with torch.no_grad():
        mean, log_variance = drawing.moments(samples)
        draws = drawing(samples)
        torch.testing.assert_close(draws.mean(0), mean[0], atol=0.05, rtol=0)
        torch.testing.assert_close(draws.var(0), log_variance[0].exp(), atol=0.05, rtol=0)
        assert torch.equal(drawing.eval()(samples), mean)


def test_parts_that_do_not_fit_are_refused_by_a_sentence() -> None:
    with pytest.raises(ValueError, match="make code_dim and latent_dim equal"):
        Bidirectional(generator(), Encoder(MLP, IMAGE, DIM + 1))
    with pytest.raises(ValueError, match="takes no labels"):
        Bidirectional(MLPGenerator(DIM, IMAGE, (8,), labels=OneHotLabels(2)), encoder())
    with pytest.raises(ValueError, match="clusters must be between"):
        Clustered(4, 4)
    with pytest.raises(ValueError, match="deviation must be positive"):
        Clustered(4, 2, deviation=0)
    with pytest.raises(ValueError, match="code_dim - classes"):
        ClassAndStyle(10, 10)


def test_latents_lie_in_clusters_drawn_evenly() -> None:
    drawn = Clustered(6, 4, deviation=0.1)(8000, torch.Generator().manual_seed(0))
    shares = drawn["cluster"].bincount() / 8000
    torch.testing.assert_close(shares, torch.full((4,), 0.25), atol=0.02, rtol=0)
    assert torch.equal(drawn["z"][:, :4], torch.eye(4)[drawn["cluster"]])
    assert drawn["z"][:, 4:].std().item() == pytest.approx(0.1, rel=0.03)
