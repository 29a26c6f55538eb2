"""Differentially private descent of the discriminator."""

import math
import warnings
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from gan_lab.contracts import Game, Player, Round, Sample, Task, Turn
from gan_lab.descents.plain import Plain
from gan_lab.errors import LabError

Account = list[tuple[float, float, int]]
"""Noise multiplier, sampling rate and updates of each part of a run."""


class Private(Plain):
    r"""Clip what each sample adds to the discriminator's gradient, and add noise to the sum.

    .. math:: g = \frac1B \Bigl( \sum_i \nabla \ell_i \min\bigl(1, C / \|\nabla \ell_i\|\bigr)
        + N(0, \sigma^2 C^2 I) \Bigr)

    over a minibatch that holds each real sample with a chance of its own, B of them in the mean,
    and B generated ones. The generator learns from the discriminator alone, so whatever it draws is
    private too. Gradients by sample, clipping, noise, sampling and the account are Opacus's.

    The generator is played on a stand-in of B blank samples and labels drawn evenly, as neither the
    number nor the labels of the real ones are public, and the discriminator's turns report nothing,
    as their curves would be of real samples.

    References:
        Deep Learning with Differential Privacy (Abadi et al. 2016), algorithm 1, arXiv 1607.00133.
        Differentially Private Generative Adversarial Network (Xie et al. 2018), algorithm 1, arXiv
        1802.06739. Private GANs, Revisited (Bie et al. 2023), arXiv 2302.02936.

    Args:
        noise_multiplier: :math:`\sigma`, not negative; 0 is not private.
        max_grad_norm: C, positive, and finite where there is noise.
        delta: Of the guarantee, in (0, 1); below one over the number of training samples.
        target_epsilon: Of the guarantee, at which the run stops; None for none.

    Raises:
        ValueError: If a number is out of range.
        LabError: If Opacus is not installed.
    """

    private = True

    def __init__(
        self,
        noise_multiplier: float = 1.0,
        max_grad_norm: float = 1.0,
        delta: float = 1e-5,
        target_epsilon: float | None = None,
    ) -> None:
        super().__init__()
        if not 0 <= noise_multiplier < math.inf:
            raise ValueError(f"noise_multiplier must not be negative, got {noise_multiplier}")
        if not max_grad_norm > 0 or (noise_multiplier and math.isinf(max_grad_norm)):
            raise ValueError(
                "max_grad_norm must be positive, and finite where there is noise, "
                f"got {max_grad_norm}"
            )
        if not 0 < delta < 1:
            raise ValueError(f"delta must lie between 0 and 1, got {delta}")
        if target_epsilon is not None and not target_epsilon > 0:
            raise ValueError(f"target_epsilon must be positive, got {target_epsilon}")
        try:
            from opacus.accountants import RDPAccountant
        except ImportError as error:
            raise LabError(
                "descent=private needs Opacus: pip install 'gan-lab[privacy]'"
            ) from error
        self.noise_multiplier, self.max_grad_norm = noise_multiplier, max_grad_norm
        self.delta, self.target_epsilon = delta, target_epsilon
        self.accountant = RDPAccountant()
        self.batch_size, self.sample_rate = 0, 0.0

    def prepare(self, game: Game) -> None:
        """See that Opacus can tell the discriminator's gradients by sample.

        Raises:
            ValueError: If it cannot.
        """
        from opacus.grad_sample import GradSampleHooks

        network = game.discriminator
        for layer in network.modules():  # which would write over what hooks are to see
            if getattr(layer, "inplace", False):
                layer.inplace = False  # type: ignore[assignment]
        try:
            GradSampleHooks.validate(network, strict=True)
        except Exception as error:
            raise ValueError(
                f"descent=private cannot tell this discriminator's gradients by sample ({error}); "
                "use model=infogan, dcgan or mlp with discriminator_norm=none"
            ) from error

    def begin(self, samples: int, batch_size: int) -> None:
        """Learn how real samples are drawn: each of so many with the chance batch_size / samples.

        Raises:
            LabError: If delta is too large for so few samples.
        """
        if self.delta >= 1 / samples:
            raise LabError(
                f"delta={self.delta:g} promises nothing about {samples} training samples; "
                f"descent.delta must be below 1/{samples} = {1 / samples:.2g}"
            )
        self.batch_size, self.sample_rate = batch_size, batch_size / samples

    def play(self, task: Task, minibatch: Sample) -> Round:
        """Let the task make its side of a round without the data."""
        x = minibatch["x"]
        count = self.batch_size or len(x)
        blank: dict[str, Tensor] = {"x": x.new_zeros(count, *x.shape[1:])}
        if task.num_classes and not task.labels_are_drawn:
            blank["label"] = torch.randint(task.num_classes, (count,), device=x.device)
        played: Round = task(blank)
        return Round(minibatch, played.fake, played.made)

    def forward(self, game: Game, player: Player, round: Round) -> Turn:
        if player == "generator":  # for whom there is no real sample
            blind = {name: tensor[:0] for name, tensor in round.real.items()}
            return super().forward(game, player, round._replace(real=blind))
        gradients, turn = self.gradients(game, player, round)
        turn.report.clear()
        game.move(player, gradients)
        return turn

    def gradients(
        self, game: Game, player: Player, round: Round, differentiable: bool = False
    ) -> tuple[list[Tensor], Turn]:
        if player == "generator":
            return super().gradients(game, player, round, differentiable)
        from opacus.grad_sample import GradSampleHooks
        from opacus.optimizers import DPOptimizer

        parameters = game.parameters_of(player)
        hooks = GradSampleHooks(game.discriminator, loss_reduction="sum")
        # The player's own optimizer takes the step; this one only carries parameters for Opacus.
        private = DPOptimizer(
            torch.optim.SGD(parameters, lr=1.0),
            noise_multiplier=self.noise_multiplier,
            max_grad_norm=min(self.max_grad_norm, LARGEST),
            expected_batch_size=self.batch_size or len(round.fake["x"]),
        )
        if self.sample_rate:
            private.attach_step_hook(self.accountant.get_optimizer_hook_fn(self.sample_rate))
        try:
            with torch.autocast(parameters[0].device.type, enabled=False):
                loss, turn = game.objective(player, round)
                by_sample(loss, turn)
                private.pre_step()
            found = [part.grad for part in parameters if part.grad is not None]
            private.zero_grad(set_to_none=True)
        finally:
            hooks.cleanup()
        return found, turn

    def epsilon(self, more: int = 0) -> float:
        """Return the epsilon that is spent, for the delta, after so many more updates; 0 of none.

        It is infinite where there is no noise.
        """
        account = type(self.accountant)()
        account.history = list(self.accountant.history)
        if more:
            account.history.append((self.noise_multiplier, self.sample_rate, more))
        if any(not noise for noise, _, _ in account.history):
            return math.inf
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that some other order might prove a smaller one
            return float(account.get_epsilon(self.delta))

    def updates_left(self, most: int) -> int:
        """Return how many more updates the target allows, at most so many."""
        if self.target_epsilon is None or self.epsilon(most) <= self.target_epsilon:
            return most
        low, high = 0, most  # the last that is allowed, the first that is known not to be
        while high - low > 1:
            middle = (low + high) // 2
            if self.epsilon(middle) <= self.target_epsilon:
                low = middle
            else:
                high = middle
        return low

    def account(self) -> dict[str, Any]:
        """Return the account as plain values."""
        return {
            "epsilon": self.epsilon(),
            "delta": self.delta,
            "mechanism": self.accountant.mechanism(),
            "max_grad_norm": self.max_grad_norm,
            "history": [list(part) for part in self.accountant.history],
        }

    def resume(self, account: Any) -> None:
        """Take an account up.

        Raises:
            LabError: If it is none.
        """
        self.accountant.history = history(account)


LARGEST = 1e30
"""Stands for an infinite bound, which Opacus would multiply by no noise to no number."""


def by_sample(loss: Tensor, turn: Turn) -> None:
    """Run the backward pass of a mean as that of a sum, so that hooks see each sample's own part.

    The derivative of a mean of each side's own terms by a logit is, times their number, that of
    the term.
    """
    sides = [turn.real.logits, turn.fake.logits]
    logits = [value for side in sides for value in side.values()]
    slopes = torch.autograd.grad(loss, logits, retain_graph=True)
    with warnings.catch_warnings():  # samples need no gradients, which the first layer's hook tells
        warnings.filterwarnings("ignore", "Full backward hook is firing")
        torch.autograd.backward(logits, [s * len(v) for s, v in zip(slopes, logits, strict=True)])


def history(account: Any) -> Account:
    """Return the parts of an account out of a checkpoint.

    Raises:
        LabError: If it is none.
    """
    try:
        assert isinstance(account, Mapping)
        parts = [(float(noise), float(rate), int(n)) for noise, rate, n in account["history"]]
        assert all(noise >= 0 and 0 < rate <= 1 and n > 0 for noise, rate, n in parts)
    except (AssertionError, KeyError, TypeError, ValueError) as error:
        raise LabError(
            "the checkpoint holds no sound privacy account, and a run that goes on without would "
            "tell too small an epsilon; begin anew"
        ) from error
    return parts


__all__ = ["Account", "Private", "history"]
