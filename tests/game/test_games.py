"""Games of every kind take steps on the contracts: one side moves at a time, resume is bitwise."""

import copy
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Categorical
from torch.nn.functional import cross_entropy, one_hot, softplus

from gan_lab.contracts import (
    NOTHING,
    Medium,
    Player,
    Report,
    Round,
    Sample,
    Task,
    Term,
    Turn,
)
from gan_lab.game import GAN
from gan_lab.game.updates import held_fixed
from gan_lab.losses import BoundaryEquilibrium, LeastSquares, NonSaturating, Symmetric
from gan_lab.media import Image, Points
from gan_lab.models import Backbone, Energy, MLPBackbone, MLPGenerator, PerKey, Scores
from gan_lab.priors import Normal
from gan_lab.tasks import Generation
from gan_lab.terms import R1, Classification, GradientPenalty, Reconstruction
from tests.game.playing import (
    Make,
    assert_one_side_moves_at_a_time,
    assert_resumes_bitwise,
    play,
)

MLP = partial(MLPBackbone, hidden=(8,))
IMAGE = (1, 4, 4)


def mlp(*sizes: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(sizes):
        layers += [nn.Linear(fan_in, fan_out), nn.Tanh()]
    return nn.Sequential(*layers[:-1])


def images(*names: str) -> Make:
    """Return what makes minibatches of eight small images under each name."""

    def make(random: torch.Generator) -> Sample:
        return {name: torch.rand(8, *IMAGE, generator=random) * 2 - 1 for name in names}

    return make


def translator() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.Tanh(), nn.Conv2d(4, 1, 3, padding=1))


class Toy(Task):
    """A task of tests: samples are not asked for."""

    medium: Medium = Image(IMAGE)

    def sample(self, count: int, given: Sample = NOTHING) -> Sample:
        raise NotImplementedError


# Images from images


class Translation(Toy):
    def __init__(self) -> None:
        super().__init__()
        self.network = translator()

    def forward(self, batch: Sample) -> Round:
        made = self.network(batch["source"])
        return Round(batch, {"x": made, "source": batch["source"]})


def translation() -> GAN:
    judge = Scores(MLP, (2, 4, 4), reads=("x", "source"))
    return GAN(Translation(), judge, NonSaturating(), [Reconstruction(100.0), R1(every=2)])


class Restoration(Toy):
    """The source is made of x."""

    def __init__(self) -> None:
        super().__init__()
        self.network = translator()

    def forward(self, batch: Sample) -> Round:
        seen = batch["x"] * (torch.rand_like(batch["x"]) < 0.5)
        return Round(batch, {"x": self.network(seen)}, {"seen": seen})


def restoration() -> GAN:
    judge = Scores(MLP, IMAGE)
    terms = [Reconstruction(1.0, distance="l2")]
    return GAN(Restoration(), judge, NonSaturating(), terms, adversarial_weight=1e-3)


# Two domains


class Cycle(Toy):
    def __init__(self) -> None:
        super().__init__()
        self.forth, self.back = translator(), translator()

    def forward(self, batch: Sample) -> Round:
        b, a = self.forth(batch["a"]), self.back(batch["b"])
        made = {"cycle_a": self.back(b), "cycle_b": self.forth(a)}
        made |= {"same_a": self.back(batch["a"]), "same_b": self.forth(batch["b"])}
        return Round(batch, {"a": a, "b": b}, made)


def cycle() -> GAN:
    judge = PerKey(a=Scores(MLP, IMAGE, reads=("a",)), b=Scores(MLP, IMAGE, reads=("b",)))
    terms = {
        f"{kind}_{name}": Reconstruction(weight, made=f"{kind}_{name}", target=name)
        for kind, weight in (("cycle", 10.0), ("same", 5.0))
        for name in ("a", "b")
    }
    return GAN(Cycle(), judge, LeastSquares(), terms)


class Twins(Toy):
    """Two generators that share their first layers."""

    def __init__(self) -> None:
        super().__init__()
        self.prior, self.shared = Normal(3), mlp(3, 8, 8)
        self.ends = nn.ModuleDict({name: nn.Linear(8, 16) for name in ("a", "b")})

    def forward(self, batch: Sample) -> Round:
        high = self.shared(self.prior(len(batch["a"]))["z"])
        fake = {name: end(high).tanh().reshape(-1, *IMAGE) for name, end in self.ends.items()}
        return Round(batch, fake)


def twins() -> GAN:
    last = MLP(IMAGE)  # the discriminators share their last layers
    shared = partial(nn.Sequential, nn.Tanh(), nn.Linear(8, 8))

    class Shared(Backbone):
        features = 8

        def __init__(self, shape: tuple[int, ...], end: nn.Module) -> None:
            super().__init__(shape)
            self.start, self.end = copy.deepcopy(last), end

        def forward(self, inputs: Tensor) -> Tensor:
            features: Tensor = self.end(self.start(inputs))
            return features

    network = partial(Shared, end=shared())
    judge = PerKey(**{name: Scores(network, IMAGE, reads=(name,)) for name in ("a", "b")})
    return GAN(Twins(), judge, NonSaturating())


# Encoders


class Bidirectional(Toy):
    def __init__(self) -> None:
        super().__init__()
        self.prior = Normal(3)
        self.generator, self.encoder = mlp(3, 8, 16), mlp(16, 8, 3)

    def forward(self, batch: Sample) -> Round:
        x, z = batch["x"], self.prior(len(batch["x"]))["z"]
        made = self.generator(z).tanh().reshape(-1, *IMAGE)
        return Round({"x": x, "z": self.encoder(x.flatten(1))}, {"x": made, "z": z})


def bidirectional() -> GAN:
    judge = Scores(MLP, (16 + 3,), reads=("x", "z"))
    return GAN(Bidirectional(), judge, Symmetric(NonSaturating()), [R1(0.1)])


class Autoencoding(Toy):
    """The prior's latents are what is real, and an encoder's what is told from them."""

    def __init__(self) -> None:
        super().__init__()
        self.prior = Normal(3)
        self.encoder, self.decoder = mlp(16, 8, 3), mlp(3, 8, 16)

    def forward(self, batch: Sample) -> Round:
        code = self.encoder(batch["x"].flatten(1))
        again = self.decoder(code).reshape_as(batch["x"])
        real = {**self.prior(len(code)), "x": batch["x"]}
        return Round(real, {"z": code}, {"again": again})


def autoencoding() -> GAN:
    judge = Scores(MLP, (3,), reads=("z",))
    terms = [Reconstruction(1.0, made="again", target="x", distance="l2")]
    return GAN(Autoencoding(), judge, NonSaturating(), terms)


class Latent(Term):
    """Recover z from G(z), with the encoder held fixed."""

    players = ("generator",)

    def forward(self, turn: Turn) -> Tensor:
        task, fake = turn.task, turn.round.fake
        assert isinstance(task, Bidirectional)
        with held_fixed(task.encoder):
            return (task.encoder(fake["x"].flatten(1)) - fake["z"]).abs().mean()


# Energies


def generation() -> Generation:
    return Generation(MLPGenerator(3, IMAGE, (8,)))


def energy() -> GAN:
    autoencoder = nn.Sequential(nn.Flatten(), mlp(16, 8, 16), nn.Unflatten(1, IMAGE))
    return GAN(generation(), Energy(autoencoder), BoundaryEquilibrium(0.5, 0.1))


# Classes


class OnReal(Classification):
    """Recognise the class of real samples alone, as a semi-supervised discriminator does."""

    players = ("discriminator",)

    def forward(self, turn: Turn) -> Tensor:
        return cross_entropy(turn.real.heads[self.head], turn.round.real["label"])


def classes() -> GAN:
    judge = Scores(MLP, IMAGE, heads={"label": 3})
    return GAN(generation(), judge, NonSaturating(), [OnReal()], n_critic=2)


def labelled(random: torch.Generator) -> Sample:
    return images("x")(random) | {"label": torch.randint(3, (8,), generator=random)}


# Tokens

WORDS, LENGTH = 5, 6


class Text(Medium):
    """Tokens, which are names and never numbers: nothing scales them."""

    name: ClassVar[str] = "text"

    def to_float(self, raw: Tensor) -> Tensor:
        return raw

    def to_raw(self, samples: Tensor) -> Tensor:
        return samples

    def picture(self, samples: Tensor, columns: int | None = None) -> None:
        return None

    def write(self, samples: Tensor, folder: Any) -> list[Any]:
        return []

    def log(self, experiment: Any, tag: str, samples: Tensor, step: int) -> None:
        experiment.add_text(tag, str(samples.tolist()), step)


class Sequences(Toy):
    medium: Medium = Text((LENGTH,))

    def __init__(self) -> None:
        super().__init__()
        self.table, self.cell = nn.Embedding(WORDS + 1, 4), nn.GRUCell(4, 8)
        self.head = nn.Linear(8, WORDS)

    def forward(self, batch: Sample) -> Round:
        count = len(batch["x"])
        state, token = torch.zeros(count, 8), torch.full((count,), WORDS)
        tokens, log_probabilities = [], []
        for _ in range(LENGTH):
            state = self.cell(self.table(token), state)
            policy = Categorical(logits=self.head(state))
            token = policy.sample()
            tokens.append(token)
            log_probabilities.append(policy.log_prob(token))
        made = {"log_probability": torch.stack(log_probabilities, dim=1)}
        return Round(batch, {"x": torch.stack(tokens, dim=1)}, made)


class Words(Backbone):
    features = 8

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__(shape)
        self.table = nn.Embedding(WORDS, 4)
        self.layers = nn.Sequential(nn.Conv1d(4, 8, 3), nn.LeakyReLU(0.2))
        self.seen: set[torch.dtype] = set()

    def forward(self, inputs: Tensor) -> Tensor:
        self.seen.add(inputs.dtype)
        features: Tensor = self.layers(self.table(inputs).transpose(1, 2)).mean(2)
        return features


class PolicyGradient(Term):
    """Raise the probability of what is taken for real, above the mean."""

    players = ("generator",)

    def forward(self, turn: Turn) -> Tensor:
        (logits,) = turn.fake.logits.values()
        reward = -softplus(-logits.detach())
        advantage = (reward - reward.mean()) / (reward.std() + 1e-6)
        return -(advantage[:, None] * turn.round.made["log_probability"]).mean()


def sequences() -> GAN:
    judge = Scores(Words, (LENGTH,), spectral_norm=True)
    return GAN(Sequences(), judge, NonSaturating(), [PolicyGradient()], adversarial_weight=0.0)


def sentences(random: torch.Generator) -> Sample:
    return {"x": torch.randint(WORDS, (8, LENGTH), generator=random)}


# Clips

CLIP = (2, 4, 4, 4)  # channels, frames, height, width


class Clips(Toy):
    medium: Medium = Points((1,))  # there is none for clips here

    def __init__(self) -> None:
        super().__init__()
        self.prior = Normal(3)
        self.layers = nn.Sequential(
            nn.Linear(3, 32), nn.Unflatten(1, (4, 2, 2, 2)), nn.ConvTranspose3d(4, 2, 2, stride=2)
        )

    def forward(self, batch: Sample) -> Round:
        clips = self.layers(self.prior(len(batch["video"]))["z"]).tanh()
        time = torch.randint(CLIP[1], (1,)).item()
        real = {"video": batch["video"], "frame": batch["video"][:, :, time]}
        return Round(real, {"video": clips, "frame": clips[:, :, time]})


class Volumes(Backbone):
    features = 4

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__(shape)
        kind: Any = nn.Conv3d if len(shape) == 4 else nn.Conv2d
        self.layers = nn.Sequential(kind(shape[0], 4, 3, padding=1), nn.LeakyReLU(0.2))

    def forward(self, inputs: Tensor) -> Tensor:
        features: Tensor = self.layers(inputs)
        return features


def clips() -> GAN:
    judge = PerKey(
        video=Scores(Volumes, CLIP, reads=("video",), spectral_norm=True),
        frame=Scores(Volumes, (2, 4, 4), reads=("frame",)),
    )
    return GAN(Clips(), judge, NonSaturating(), [GradientPenalty(every=2)])


def videos(random: torch.Generator) -> Sample:
    return {"video": torch.rand(8, *CLIP, generator=random) * 2 - 1}


# Acting


class Imitation(Toy):
    """A policy meets the experts' states and is told from them by what it does."""

    medium: Medium = Points((2,))

    def __init__(self) -> None:
        super().__init__()
        self.policy = mlp(2, 8, 3)

    def forward(self, batch: Sample) -> Round:
        policy = Categorical(logits=self.policy(batch["state"]))
        action = policy.sample()
        made = {"log_probability": policy.log_prob(action)[:, None]}
        fake = {"state": batch["state"], "action": one_hot(action, 3).float()}
        return Round(batch, fake, made)


def imitation() -> GAN:
    judge = Scores(MLP, (2 + 3,), reads=("state", "action"))
    terms = [PolicyGradient(), GradientPenalty(1.0)]
    return GAN(Imitation(), judge, NonSaturating(), terms, adversarial_weight=0.0)


def experts(random: torch.Generator) -> Sample:
    state = torch.randn(8, 2, generator=random)
    return {"state": state, "action": one_hot((state > 0).sum(1), 3).float()}


GAMES: dict[str, tuple[Callable[[], GAN], Make]] = {
    "translation": (translation, images("x", "source")),
    "restoration": (restoration, images("x")),
    "cycle": (cycle, images("a", "b")),
    "twins": (twins, images("a", "b")),
    "bidirectional": (bidirectional, images("x")),
    "autoencoding": (autoencoding, images("x")),
    "energy": (energy, images("x")),
    "classes": (classes, labelled),
    "sequences": (sequences, sentences),
    "clips": (clips, videos),
    "imitation": (imitation, experts),
}
every_game = pytest.mark.parametrize("name", GAMES)


@every_game
def test_every_network_of_every_game_moves_one_side_at_a_time(name: str) -> None:
    torch.manual_seed(0)
    build, make = GAMES[name]
    assert_one_side_moves_at_a_time(build(), make)


@every_game
def test_every_game_resumes_bitwise(name: str, tmp_path: Path) -> None:
    build, make = GAMES[name]
    assert_resumes_bitwise(build, make, tmp_path)


@every_game
def test_every_game_has_finite_curves(name: str) -> None:
    reports: list[Report] = []

    class Watched(GAN):
        def descend(self, player: Player, round: Round) -> Report:
            reports.append(super().descend(player, round))
            return reports[-1]

    build, make = GAMES[name]
    module = build()
    module.__class__ = Watched
    play(module, make, 2)
    told = {key for report in reports for key in report}
    assert {"loss/discriminator", "loss/generator"} <= told
    assert {f"term/{term}" for term in module.terms} <= told
    for report in reports:
        assert all(value.isfinite().all() and not value.requires_grad for value in report.values())


def test_tokens_reach_the_discriminator_as_they_are() -> None:
    module = sequences()
    play(module, sentences, 2)
    assert module.discriminator.backbone.seen == {torch.int64}
    stored = torch.randint(WORDS, (4, LENGTH))
    assert Text((LENGTH,)).to_float(stored) is stored


def test_clips_lie_in_the_order_of_their_convolutions_and_are_bounded() -> None:
    module = clips()
    play(module, videos, 2)
    video = module.discriminator.networks["video"]
    weight = video.backbone.layers[0].parametrizations.weight.original
    assert weight.is_contiguous(memory_format=torch.channels_last_3d)
    for _ in range(30):
        bounded = video.backbone.layers[0].weight
    largest = torch.linalg.matrix_norm(bounded.detach().flatten(1), ord=2)
    assert largest.item() == pytest.approx(1, abs=0.05)
    frame = module.discriminator.networks["frame"].backbone.layers[0].weight
    assert frame.is_contiguous(memory_format=torch.channels_last)


def test_the_balance_of_energies_follows_the_discriminators_updates_and_is_saved() -> None:
    torch.manual_seed(0)
    module = energy()
    expected: list[float] = []

    class Watched(GAN):
        def descend(self, player: Player, round: Round) -> Report:
            before = self.loss.balance.item()
            report = super().descend(player, round)
            after = before
            if player == "discriminator":
                real, fake = report["logits/real"].mean(), report["logits/fake"].mean()
                after = min(1.0, max(0.0, before + 0.1 * (fake - 0.5 * real).item()))
                assert report["balance"].item() == pytest.approx(after, abs=1e-6)
            expected.append(after)
            assert self.loss.balance.item() == pytest.approx(after, abs=1e-6)
            return report

    module.__class__ = Watched
    play(module, images("x"), 3)
    assert len(expected) == 6
    assert not module.loss.balance.requires_grad
    assert torch.equal(module.state_dict()["loss.balance"], module.loss.balance)


def test_an_encoder_held_fixed_is_not_moved_by_a_term_that_reads_it() -> None:
    """The term alone moves the generator; without the hold it would move the encoder too."""

    class Alone(NonSaturating):
        def __init__(self, share: float) -> None:  # no default, so that no study takes it up
            super().__init__()
            self.share = share

        def generator(self, real: Tensor, fake: Tensor) -> Tensor:
            return self.share * super().generator(real, fake)

    module = GAN(Bidirectional(), Scores(MLP, (19,), reads=("x", "z")), Alone(0.0), [Latent()])
    task = copy.deepcopy(module.task)
    play(module, images("x"), 2)
    for name, value in module.task.named_parameters():
        moved = not torch.equal(value, task.get_parameter(name))
        assert moved is name.startswith("generator."), name
        assert value.requires_grad


class Pool(nn.Module):
    """Some of the fakes that were judged before, for the discriminator in place of new ones."""

    held: Tensor
    filled: Tensor

    def __init__(self, size: int, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.register_buffer("held", torch.zeros(size, *shape))
        self.register_buffer("filled", torch.zeros((), dtype=torch.int64))

    def forward(self, fakes: Tensor) -> Tensor:
        shown = []
        for fake in fakes:
            if self.filled < len(self.held):
                self.held[self.filled] = fake
                self.filled.add_(1)
                shown.append(fake)
            elif torch.rand(()) < 0.5:
                place = torch.randint(len(self.held), ())
                shown.append(self.held[place].clone())
                self.held[place] = fake
            else:
                shown.append(fake)
        return torch.stack(shown)


class Pooled(GAN):
    """Shows the discriminator old fakes too (Zhu et al. 2017, section 4)."""

    def __init__(self, *parts: Any, **options: Any) -> None:
        super().__init__(*parts, **options)
        self.pools = nn.ModuleDict({name: Pool(10, IMAGE) for name in ("a", "b")})

    def descend(self, player: Player, round: Round) -> Report:
        if player == "discriminator":
            fake = {name: self.pools[name](round.fake[name]) for name in ("a", "b")}
            round = round._replace(fake=fake)
        return super().descend(player, round)


def pooled() -> GAN:
    parts = cycle()
    return Pooled(parts.task, parts.discriminator, parts.loss, dict(parts.terms.items()))


def test_a_pool_of_old_fakes_stands_before_the_discriminator_alone(tmp_path: Path) -> None:
    torch.manual_seed(0)
    seen: list[tuple[Player, Tensor]] = []

    class Watched(Pooled):
        def objective(self, player: Player, round: Round) -> tuple[Tensor, Turn]:
            seen.append((player, round.fake["a"].detach().clone()))
            return super().objective(player, round)

    module = pooled()
    module.__class__ = Watched
    play(module, images("a", "b"), 4)
    judged = [fakes for player, fakes in seen if player == "discriminator"]
    drawn = [fakes for player, fakes in seen if player == "generator"]
    assert torch.equal(judged[0], drawn[0])  # the pool was empty
    for step in (2, 3):
        fresh = {tuple(fake.flatten().tolist()) for fake in drawn[step]}
        old = {tuple(fake.flatten().tolist()) for earlier in drawn[:step] for fake in earlier}
        shown = {tuple(fake.flatten().tolist()) for fake in judged[step]}
        assert shown <= fresh | old and shown & old
    assert_resumes_bitwise(pooled, images("a", "b"), tmp_path)
