"""Samples of classes that a generator never saw."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning import Callback, Trainer
from torch import Tensor, nn

from gan_lab.callbacks.accuracy import tell
from gan_lab.errors import LabError
from gan_lab.game import GAN
from gan_lab.game.module import evaluating
from gan_lab.game.updates import held_fixed
from gan_lab.media.files import save_png
from gan_lab.metrics import shuffled
from gan_lab.metrics.anomaly import Scores, anomaly_scores, descended
from gan_lab.metrics.membership import separation


class AnomalyDetection(Callback):
    r"""Tells samples of the classes that were left out of training from others, when it ends.

    An encoder learns to draw training samples again, with the generator as it is:

    .. math:: \|x - G(E(x))\|^2 / n + \kappa \|f(x) - f(G(E(x)))\|^2 / n_f

    and the same sum is a sample's score. Logs, under ``anomaly/``, areas under the curve on the
    test split, .5 for guessing: ``f_anogan``, ``residual`` alone, the discriminator's ``logits``
    and, if asked for, ``anogan``, whose codes are found by descent for each sample. No label
    teaches anything but what is left out.

    References:
        f-AnoGAN (Schlegl et al. 2019), section 2.2, Medical Image Analysis 54. AnoGAN (Schlegl et
        al. 2017), section 2.2, arXiv 1703.05921.

    Args:
        encoder: Samples (N, *shape) to latents (N, latent_dim).
        folder: Where anomalies.png goes.
        steps: Of the encoder, positive.
        lr: Of its Adam, positive.
        batch_size: Samples of each, positive.
        weight: :math:`\kappa`, not negative.
        num_samples: Of the test split, positive.
        projected: Of them that AnoGAN is tried on; 0 for none, as each is a descent of its own.
        projection_steps: Of each descent, positive.
        seed: Of the encoder's batches.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(
        self,
        encoder: nn.Module,
        folder: str | Path,
        steps: int = 2000,
        lr: float = 1e-3,
        batch_size: int = 64,
        weight: float = 1.0,
        num_samples: int = 10_000,
        projected: int = 0,
        projection_steps: int = 500,
        seed: int = 0,
    ) -> None:
        for name, value, least in (
            ("steps", steps, 1),
            ("batch_size", batch_size, 1),
            ("num_samples", num_samples, 1),
            ("projected", projected, 0),
            ("projection_steps", projection_steps, 1),
            ("weight", weight, 0),
        ):
            if value < least:
                raise ValueError(f"{name} must be at least {least}, got {value}")
        if not lr > 0:
            raise ValueError(f"lr must be positive, got {lr}")
        self.encoder, self.folder, self.steps, self.lr = encoder, Path(folder), steps, lr
        self.batch_size, self.weight, self.num_samples = batch_size, weight, num_samples
        self.projected, self.projection_steps, self.seed = projected, projection_steps, seed

    def on_train_start(self, trainer: Trainer, pl_module: GAN) -> None:  # type: ignore[override]
        """See that there are anomalies, and latents and features to find them by.

        Raises:
            LabError: If there are not.
        """
        data: Any = trainer.datamodule  # type: ignore[attr-defined]
        if not getattr(data, "leave_out", ()):
            raise LabError("nothing is left out of training; give data.leave_out=[CLASS]")
        task = pl_module.task
        if task.num_classes or task.reads_data or "features" not in pl_module.discriminator.gives:
            raise LabError(
                "anomalies are told by an unconditional generator's samples of latents and a "
                "discriminator's features; use task=generation with conditioning=none"
            )

    def on_train_end(self, trainer: Trainer, pl_module: GAN) -> None:  # type: ignore[override]
        """Let the encoder learn, and score the test split; not if training was cut short."""
        if trainer.global_step < trainer.max_steps or not trainer.is_global_zero:
            return
        data: Any = trainer.datamodule  # type: ignore[attr-defined]
        index = shuffled(data.test.size, self.seed)[: self.num_samples]
        images, labels = data.test.images[index], data.test.labels[index]
        strange = torch.isin(labels.cpu(), torch.tensor(data.leave_out))
        if strange.all() or not strange.any():
            raise LabError(
                f"among {len(strange)} test samples all or none are of the classes left out; "
                "raise callbacks.anomaly.num_samples"
            )
        samples = data.medium.to_float(images).to(pl_module.device)
        devices = [pl_module.device] if pl_module.device.type == "cuda" else []
        parts = pl_module.task, pl_module.discriminator
        with ExitStack() as stack:
            stack.enter_context(torch.random.fork_rng(devices))
            for part in parts:
                stack.enter_context(evaluating(part))
                stack.enter_context(held_fixed(part))
            torch.manual_seed(self.seed)
            self.learn(pl_module, data)
            figures = self.figures(pl_module, samples, strange)
        tell(trainer, {f"anomaly/{name}": value for name, value in figures.items()})

    def learn(self, module: GAN, data: Any) -> None:
        """Let the encoder learn from training samples."""
        encoder = self.encoder.to(module.device).train()
        optimizer = torch.optim.Adam(encoder.parameters(), lr=self.lr)
        for _ in range(self.steps):
            index = torch.randint(data.train.size, (min(self.batch_size, data.train.size),))
            samples = data.medium.to_float(data.train.images[index]).to(module.device)
            loss = scored(module, samples, encoder(samples)).joined(self.weight).mean()
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
        encoder.eval()

    def figures(self, module: GAN, samples: Tensor, strange: Tensor) -> dict[str, float]:
        """Return the areas under the curves, and draw what is strangest."""
        found: dict[str, list[Tensor]] = {"f_anogan": [], "residual": [], "logits": []}
        with torch.no_grad():
            for batch in torch.split(samples, 500):
                scores = scored(module, batch, self.encoder(batch))
                found["f_anogan"].append(scores.joined(self.weight).cpu())
                found["residual"].append(scores.residual.cpu())
                found["logits"].append(-module.loss.real_sign * judged(module, batch).cpu())
        joined = {name: torch.cat(parts).double() for name, parts in found.items()}
        self.draw(
            module, samples[joined["f_anogan"].argsort(descending=True)[:8].to(samples.device)]
        )
        if self.projected:
            some = samples[: self.projected]
            joined["anogan"] = self.descend(module, some).double().cpu()
        return {
            name: separation(scores[strange[: len(scores)]], scores[~strange[: len(scores)]])
            for name, scores in joined.items()
        }

    def descend(self, module: GAN, samples: Tensor) -> Tensor:
        """Return AnoGAN's scores (n,) of samples, a code being found for each."""
        z = module.task.latents(len(samples), torch.Generator(samples.device).manual_seed(0))["z"]
        z = z.clone().requires_grad_()
        optimizer = torch.optim.Adam([z], lr=0.05)
        for _ in range(self.projection_steps):
            optimizer.zero_grad()
            descended(scored(module, samples, z)).sum().backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        with torch.no_grad():
            return descended(scored(module, samples, z))

    @torch.no_grad()
    def draw(self, module: GAN, samples: Tensor) -> None:
        """Draw samples above what the generator makes of their codes."""
        medium = module.task.medium
        again = module.task.sample(len(samples), {"z": self.encoder(samples)})["x"]
        rows = medium.to_raw(torch.cat([samples, again.to(samples)]).cpu())
        picture = medium.picture(rows, len(samples))
        if picture is not None:
            save_png(picture, self.folder / "anomalies.png")


def scored(module: GAN, samples: Tensor, codes: Tensor) -> Scores:
    """Return the scores of samples with these codes (N, latent_dim)."""
    again = module.task.sample(len(samples), {"z": codes})["x"].to(samples)
    features = [module.discriminator({"x": x}).heads["features"] for x in (samples, again)]
    return anomaly_scores(samples, again, *features)


def judged(module: GAN, samples: Tensor) -> Tensor:
    """Return the mean of each sample's logits, shape (N,)."""
    logits = module.discriminator({"x": samples}).logits.values()
    return torch.stack([v.float().reshape(len(samples), -1).mean(1) for v in logits]).mean(0)
