"""The practical limit: the arithmetic of gan_lab in the fastest loop that plain torch allows.

Data in memory, a generated batch that both players share, one pass over real and generated samples
where nothing couples them, fused optimizers, no weight gradients that nobody uses, convolutions
channels last, bfloat16 where asked for; no logging, no checks, no framework.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

from benchmarks.pace import read_arguments
from benchmarks.setting import HIDDEN, Setting
from gan_lab.engine.arithmetic import multiply_fast
from gan_lab.engine.overhead import keep_freed_memory
from gan_lab.losses import AdversarialLoss, NonSaturating, Wasserstein
from gan_lab.models import (
    DCGANBackbone,
    DCGANGenerator,
    LinearReadout,
    MLPBackbone,
    MLPGenerator,
    Scores,
)
from gan_lab.models.normalisation import Norm
from gan_lab.terms import GradientPenalty, Side

LATENT = 100
CLIP = 0.01


def networks(setting: Setting) -> tuple[MLPGenerator | DCGANGenerator, Scores]:
    """Return gan_lab's generator and discriminator for ``setting``."""
    shape = (1, setting.image_size, setting.image_size)
    if setting.convolutional:
        norm: Norm = "none" if setting.loss == "wgan_gp" else "batch"
        return (
            DCGANGenerator(LATENT, shape, setting.width),
            Scores(partial(DCGANBackbone, width=setting.width, norm=norm), shape),
        )
    hidden = HIDDEN[setting.model]
    generator = MLPGenerator(LATENT, shape, hidden, batch_norm=len(hidden) > 1)
    return generator, Scores(MLPBackbone, shape)


class Alternation:
    """One step of Algorithm 1: n_critic discriminator updates, then a generator update.

    Args:
        setting: What is trained.
        generator: Its networks, where they shall live.
        discriminator: Likewise.
    """

    def __init__(self, setting: Setting, generator: nn.Module, discriminator: Scores) -> None:
        self.generator = generator
        # What Scores does to images alone, without its mappings.
        assert isinstance(discriminator.readout, LinearReadout)
        self.backbone, self.linear = discriminator.backbone, discriminator.readout.linear
        self.parameters = list(discriminator.parameters())
        self.device = self.parameters[0].device
        self.n_critic = setting.n_critic
        adversarial = setting.loss == "non_saturating"
        self.loss: AdversarialLoss = NonSaturating() if adversarial else Wasserstein()
        self.penalty = GradientPenalty() if setting.loss == "wgan_gp" else None
        self.clip = setting.loss == "wgan"
        self.jointly = not any(isinstance(x, nn.BatchNorm2d) for x in discriminator.modules())
        self.bfloat16 = setting.precision == "bf16-mixed"
        build: Callable[..., torch.optim.Optimizer] = torch.optim.Adam
        options = {"fused": True, **setting.adam}
        if setting.loss == "wgan":
            build, options = torch.optim.RMSprop, {"foreach": True, "lr": 5e-5}
        self.optimizers = (
            build(self.parameters, **options),
            build(generator.parameters(), **options),
        )

    def autocast(self) -> torch.autocast:
        """Return a context for one forward pass."""
        # A cast that two passes share would add their gradients in bfloat16.
        kind = self.device.type
        return torch.autocast(kind, torch.bfloat16, enabled=self.bfloat16, cache_enabled=False)

    def discriminator(self, images: Tensor) -> Tensor:
        """Return logits (N,)."""
        logits: Tensor = self.linear(self.backbone(images)).squeeze(-1)
        return logits

    def __call__(self, batch: Tensor) -> None:
        """Make one step on n_critic minibatches of real samples in [-1, 1], joined."""
        for k, real in enumerate(batch.chunk(self.n_critic), start=1):
            noise = torch.randn(len(real), LATENT, device=self.device)
            with torch.set_grad_enabled(k == self.n_critic), self.autocast():
                fake = self.generator(noise)
            self.update_discriminator(real, fake.detach())
        self.update_generator(fake)

    def update_discriminator(self, real: Tensor, fake: Tensor) -> None:
        """Move the discriminator."""
        for parameter in self.parameters:
            parameter.requires_grad_(True)
        with self.autocast():
            if self.jointly:
                real_logits, fake_logits = self.discriminator(torch.cat([real, fake])).chunk(2)
            else:
                real_logits, fake_logits = self.discriminator(real), self.discriminator(fake)
        loss = self.loss.discriminator(real_logits.float(), fake_logits.float())
        if self.penalty is not None:
            sides = Side(self.discriminator, real), Side(self.discriminator, fake)
            loss = loss + self.penalty.weight * self.penalty.penalty(*sides)
        self.optimizers[0].zero_grad()
        loss.backward()
        self.optimizers[0].step()
        if self.clip:
            with torch.no_grad():
                for parameter in self.parameters:
                    parameter.clamp_(-CLIP, CLIP)

    def update_generator(self, fake: Tensor) -> None:
        """Move the generator."""
        for parameter in self.parameters:
            parameter.requires_grad_(False)
        with self.autocast():
            logits = self.discriminator(fake).float()
        loss = self.loss.generator(logits[:0], logits)
        self.optimizers[1].zero_grad()
        loss.backward()
        self.optimizers[1].step()


def batches(samples: Tensor, size: int) -> Iterator[Tensor]:
    """Yield shuffled batches in [-1, 1] of uint8 images for ever."""
    while True:
        order = torch.randperm(len(samples), device=samples.device)
        for index in order[: len(order) // size * size].split(size):
            yield samples[index].float().div_(127.5).sub_(1.0)


def main() -> None:
    """Train on command."""
    setting, pace, arguments = read_arguments(__doc__)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    path = Path(arguments.root) / "MNIST" / "raw" / "train-images-idx3-ubyte"
    pixels = torch.frombuffer(bytearray(path.read_bytes()), dtype=torch.uint8, offset=16)
    samples = pixels.reshape(-1, 1, 28, 28)[: setting.data_size]
    margin = (setting.image_size - samples.shape[-1]) // 2
    samples = nn.functional.pad(samples, [margin] * 4).to(device)
    if device.type == "cpu":
        multiply_fast()
        keep_freed_memory()
    generator, discriminator = networks(setting)
    alternation = Alternation(setting, generator.to(device), discriminator.to(device))
    for batch in batches(samples, setting.batch * setting.n_critic):
        alternation(batch)
        if not pace.step():
            return


if __name__ == "__main__":
    main()
