"""Least squares GAN."""

from torch import Tensor

from gan_lab.contracts import AdversarialLoss


class LeastSquares(AdversarialLoss):
    r"""Regression of the logits to target values.

    .. math::
        L_D = \tfrac12 E_p[(D(x) - b)^2] + \tfrac12 E_q[(D(x) - a)^2],
        \qquad L_G = \tfrac12 E_q[(D(x) - c)^2]

    At the optimal discriminator
    :math:`L_D = (b - a)^2 (2 - \Delta) / 8` with the triangular discrimination
    :math:`\Delta = \int (p - q)^2 / (p + q) \in [0, 2]`. With ``b - c = 1`` and
    ``b - a = 2`` the generator minimises Pearson's
    :math:`\chi^2(p + q \| 2q)`.

    References:
        Least Squares Generative Adversarial Networks (Mao et al. 2017),
        equations 2 and 9, arXiv 1611.04076.

    Args:
        fake_target: a, the discriminator's target for generated samples.
        real_target: b, the discriminator's target for real samples.
        generator_target: c, what the generator wants the logits to be.

    Raises:
        ValueError: If the real and the fake target are equal.
    """

    divergence_name = "triangular discrimination (0 to 2), lower bound"

    def __init__(
        self,
        fake_target: float = 0.0,
        real_target: float = 1.0,
        generator_target: float = 1.0,
    ) -> None:
        super().__init__()
        if fake_target == real_target:
            raise ValueError(
                f"real_target must differ from fake_target, got {real_target} for both"
            )
        self.fake_target = fake_target
        self.real_target = real_target
        self.generator_target = generator_target
        self.real_threshold = (fake_target + real_target) / 2
        self.real_sign = 1 if real_target > fake_target else -1

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return (
            (real - self.real_target).square().mean() + (fake - self.fake_target).square().mean()
        ) / 2

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        return (fake - self.generator_target).square().mean() / 2

    def divergence(self, real: Tensor, fake: Tensor) -> Tensor:
        scale = 8 / (self.real_target - self.fake_target) ** 2
        return 2 - scale * self.discriminator(real, fake)
