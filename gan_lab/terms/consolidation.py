"""What a generator learnt before is not to be forgotten."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch
from torch import Tensor, nn

from gan_lab.contracts import Discriminator, Task, Term, Turn
from gan_lab.errors import LabError


class ElasticWeights(Term):
    r"""The generator's weights stay near those they start with, the more so where these matter.

    .. math:: \sum_i F_i\,(\theta_i - \theta_i^0)^2, \qquad
        F_i = E_z\Bigl[\Bigl(\frac{\partial}{\partial \theta_i}
        \ell_G(D(G(z)))\Bigr)^2\Bigr]_{\theta^0}

    the Fisher information, estimated from samples of the pretrained pair at the first step of a
    run, one by one, with the generator's own objective for the likelihood. Weights, and what
    matters, are kept in checkpoints.

    References:
        Few-shot Image Generation with Elastic Weight Consolidation (Li et al. 2020), equations 3
        and 4, arXiv 2012.02780; there the weight is 5e2 for StyleGAN. Overcoming catastrophic
        forgetting in neural networks (Kirkpatrick et al. 2017), equation 3, arXiv 1612.00796.

    Args:
        weight: Multiplies the formula, positive.
        every: See :class:`Term`.
        samples: That the information is estimated from, positive.

    Raises:
        ValueError: If a number is not positive.
    """

    players = ("generator",)
    begun: Tensor

    def __init__(self, weight: float = 500.0, every: int = 1, samples: int = 64) -> None:
        super().__init__(weight, every)
        if samples < 1:
            raise ValueError(f"samples must be at least 1, got {samples}")
        self.samples = samples
        self.register_buffer("begun", torch.zeros((), dtype=torch.bool))

    def check(self, task: Task, discriminator: Discriminator) -> None:
        """Make room for the weights and what matters of them."""
        for index, parameter in enumerate(task.parameters()):
            for kind in ("start", "information"):
                zeros = torch.zeros_like(parameter, requires_grad=False)
                self.register_buffer(f"{kind}_{index}", zeros)

    def forward(self, turn: Turn) -> Tensor:
        parameters = list(turn.task.parameters())
        if not self.begun:
            self.begin(turn, parameters)
        parts = [
            (self.get_buffer(f"information_{index}") * drift.square()).sum()
            for index, parameter in enumerate(parameters)
            if parameter.requires_grad
            for drift in [parameter - self.get_buffer(f"start_{index}")]
        ]
        return torch.stack(parts).sum()

    @torch.no_grad()
    def begin(self, turn: Turn, parameters: list[nn.Parameter]) -> None:
        """Note where the weights are, and estimate how much each matters there.

        Raises:
            LabError: If the task makes samples of others, or the loss looks at real ones.
        """
        loss = turn.loss
        if turn.task.needs or loss is None or loss.needs_real:
            raise LabError(
                "ElasticWeights estimates what matters from samples of latents and a loss of "
                "generated samples alone, such as loss=non_saturating"
            )
        moving = [index for index, p in enumerate(parameters) if p.requires_grad]
        for index, parameter in enumerate(parameters):
            self.get_buffer(f"start_{index}").copy_(parameter)
        with evaluating(turn.task, turn.discriminator), torch.enable_grad():
            for _ in range(self.samples):
                logits = turn.discriminator(turn.task.sample(1)).logits.values()
                value = torch.stack([loss.generator(v[:0], v.float()) for v in logits]).sum()
                with torch.autocast(value.device.type, enabled=False):
                    slopes = torch.autograd.grad(
                        value, [parameters[index] for index in moving], materialize_grads=True
                    )
                for index, slope in zip(moving, slopes, strict=True):
                    information = self.get_buffer(f"information_{index}")
                    information.add_(slope.detach().square(), alpha=1 / self.samples)
        self.begun.fill_(True)


@contextmanager
def evaluating(*networks: nn.Module) -> Iterator[None]:
    """Put networks into evaluation mode for a while."""
    with ExitStack() as stack:
        for network in networks:
            stack.callback(network.train, network.training)
            network.eval()
        yield
