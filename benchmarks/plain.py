"""The baseline: a GAN script as it is copied from one repository to the next.

Per-image transforms in a DataLoader, optimizers with their defaults, a sigmoid at the end of the
discriminator and BCE, weight gradients that nobody uses, and an ``.item()`` in every step.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Subset
from torchvision import datasets, transforms

from benchmarks.pace import read_arguments
from benchmarks.setting import HIDDEN, Setting

LATENT = 100
N_CRITIC = 5
CLIP = 0.01
PENALTY = 10.0


def mlp_generator(hidden: tuple[int, ...], size: int) -> nn.Module:
    layers: list[nn.Module] = []
    inputs = LATENT
    for i, outputs in enumerate(hidden):
        layers.append(nn.Linear(inputs, outputs))
        if i > 0:
            layers.append(nn.BatchNorm1d(outputs))
        layers.append(nn.LeakyReLU(0.2, inplace=True))
        inputs = outputs
    layers += [nn.Linear(inputs, size * size), nn.Tanh(), nn.Unflatten(1, (1, size, size))]
    return nn.Sequential(*layers)


def mlp_discriminator(size: int, sigmoid: bool) -> nn.Module:
    layers = [nn.Flatten(), nn.Linear(size * size, 512), nn.LeakyReLU(0.2, inplace=True)]
    layers += [nn.Linear(512, 256), nn.LeakyReLU(0.2, inplace=True), nn.Linear(256, 1)]
    return nn.Sequential(*layers, *([nn.Sigmoid()] if sigmoid else []))


def dcgan_generator(width: int) -> nn.Module:
    return nn.Sequential(
        nn.Unflatten(1, (LATENT, 1, 1)),
        nn.ConvTranspose2d(LATENT, 2 * width, 7, bias=False),
        nn.BatchNorm2d(2 * width),
        nn.ReLU(True),
        nn.ConvTranspose2d(2 * width, width, 4, 2, 1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(True),
        nn.ConvTranspose2d(width, 1, 4, 2, 1),
        nn.Tanh(),
    )


def dcgan_discriminator(width: int, norm: bool, sigmoid: bool) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, width, 4, 2, 1),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(width, 2 * width, 4, 2, 1, bias=not norm),
        nn.BatchNorm2d(2 * width) if norm else nn.Identity(),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Flatten(),
        nn.Linear(2 * width * 49, 1),
        *([nn.Sigmoid()] if sigmoid else []),
    )


def upsampling_generator() -> nn.Module:
    return nn.Sequential(
        nn.Linear(LATENT, 128 * 8 * 8),
        nn.Unflatten(1, (128, 8, 8)),
        nn.BatchNorm2d(128),
        nn.Upsample(scale_factor=2),
        nn.Conv2d(128, 128, 3, padding=1),
        nn.BatchNorm2d(128, 0.8),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Upsample(scale_factor=2),
        nn.Conv2d(128, 64, 3, padding=1),
        nn.BatchNorm2d(64, 0.8),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(64, 1, 3, padding=1),
        nn.Tanh(),
    )


def dropping_discriminator(norm: bool, sigmoid: bool) -> nn.Module:
    layers: list[nn.Module] = []
    inputs = 1
    for outputs in (16, 32, 64, 128):
        layers += [nn.Conv2d(inputs, outputs, 3, 2, 1), nn.LeakyReLU(0.2, inplace=True)]
        layers.append(nn.Dropout2d(0.25))
        if norm and inputs > 1:
            layers.append(nn.BatchNorm2d(outputs, 0.8))
        inputs = outputs
    layers += [nn.Flatten(), nn.Linear(128 * 2 * 2, 1)]
    return nn.Sequential(*layers, *([nn.Sigmoid()] if sigmoid else []))


def networks(setting: Setting) -> tuple[nn.Module, nn.Module]:
    sigmoid = setting.loss == "non_saturating"
    norm = setting.loss != "wgan_gp"
    if setting.model == "dcgan_32":
        return upsampling_generator(), dropping_discriminator(norm, sigmoid)
    if setting.model == "dcgan":
        return dcgan_generator(setting.width), dcgan_discriminator(setting.width, norm, sigmoid)
    hidden = HIDDEN[setting.model]
    return mlp_generator(hidden, 28), mlp_discriminator(28, sigmoid)


def images(setting: Setting, root: str, device: torch.device) -> Iterator[Tensor]:
    transform = transforms.Compose(
        [
            transforms.Resize(setting.image_size),
            transforms.ToTensor(),
            transforms.Normalize([0.5], [0.5]),
        ]
    )
    dataset = datasets.MNIST(root, train=True, transform=transform)
    subset = Subset(dataset, range(setting.data_size))
    loader = DataLoader(subset, batch_size=setting.batch, shuffle=True, drop_last=True)
    while True:
        for batch, _ in loader:
            yield batch.to(device)


def gradient_penalty(discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    alpha = torch.rand(real.size(0), 1, 1, 1, device=real.device)
    between = (alpha * real + (1 - alpha) * fake).requires_grad_(True)
    score = discriminator(between)
    (gradients,) = torch.autograd.grad(
        score, between, torch.ones_like(score), create_graph=True, retain_graph=True
    )
    return ((gradients.reshape(len(real), -1).norm(2, dim=1) - 1) ** 2).mean()


def main() -> None:
    setting, pace, arguments = read_arguments(__doc__)
    torch.manual_seed(arguments.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    generator, discriminator = (network.to(device) for network in networks(setting))
    if setting.loss == "wgan":
        optimizer_g = torch.optim.RMSprop(generator.parameters(), lr=5e-5)
        optimizer_d = torch.optim.RMSprop(discriminator.parameters(), lr=5e-5)
    else:
        optimizer_g = torch.optim.Adam(generator.parameters(), **setting.adam)
        optimizer_d = torch.optim.Adam(discriminator.parameters(), **setting.adam)
    bce = nn.BCELoss()

    def draw(count: int) -> Tensor:
        generator.eval()
        with torch.no_grad():
            drawn: Tensor = generator(torch.randn(count, LATENT, device=device)).cpu()
        generator.train()
        return drawn

    for i, real in enumerate(images(setting, arguments.root, device), start=1):
        if setting.loss == "non_saturating":
            valid = torch.ones(len(real), 1, device=device)
            optimizer_g.zero_grad()
            fake = generator(torch.randn(len(real), LATENT, device=device))
            g_loss = bce(discriminator(fake), valid)
            g_loss.backward()
            optimizer_g.step()
            optimizer_d.zero_grad()
            real_loss = bce(discriminator(real), valid)
            fake_loss = bce(discriminator(fake.detach()), torch.zeros_like(valid))
            d_loss = (real_loss + fake_loss) / 2
            d_loss.backward()
            optimizer_d.step()
            print_losses(i, d_loss, g_loss)
            if not pace.step(draw):
                return
            continue
        optimizer_d.zero_grad()
        fake = generator(torch.randn(len(real), LATENT, device=device)).detach()
        d_loss = -torch.mean(discriminator(real)) + torch.mean(discriminator(fake))
        if setting.loss == "wgan_gp":
            d_loss = d_loss + PENALTY * gradient_penalty(discriminator, real, fake)
        d_loss.backward()
        optimizer_d.step()
        if setting.loss == "wgan":
            for parameter in discriminator.parameters():
                parameter.data.clamp_(-CLIP, CLIP)
        if i % N_CRITIC == 0:
            optimizer_g.zero_grad()
            fake = generator(torch.randn(len(real), LATENT, device=device))
            g_loss = -torch.mean(discriminator(fake))
            g_loss.backward()
            optimizer_g.step()
            print_losses(i, d_loss, g_loss)
            if not pace.step(draw):
                return


def print_losses(batch: int, d_loss: Tensor, g_loss: Tensor) -> None:
    print(f"[batch {batch}] [D loss: {d_loss.item():f}] [G loss: {g_loss.item():f}]")


if __name__ == "__main__":
    main()
