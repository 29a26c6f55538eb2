r"""Gradients of expectations over what a policy chose: likelihood ratios, returns, baselines.

A policy :math:`\pi_\theta` makes choices :math:`a_1, \dots, a_T`, such as tokens or actions, and is
rewarded for them. No gradient flows through a choice, but

.. math::
    \nabla_\theta E[R]
    = E\Bigl[\sum_t \nabla_\theta \log \pi_\theta(a_t \mid s_t)\,(Q_t - b_t)\Bigr]

for any baseline :math:`b_t` that does not depend on :math:`a_t` given the state. These are
functions of tensors alone, whatever made them; time is the second dimension everywhere.

References:
    Simple Statistical Gradient-Following Algorithms for Connectionist Reinforcement Learning
    (Williams 1992), theorem 1. Policy Gradient Methods for Reinforcement Learning with Function
    Approximation (Sutton et al. 1999), theorem 1.
"""

import torch
from torch import Tensor


def reinforce(
    log_probabilities: Tensor, advantages: Tensor, counted: Tensor | None = None
) -> Tensor:
    r"""Return what to minimise: its gradient is the estimate of that of the negative reward.

    .. math:: -\frac1N \sum_n \sum_t \log \pi(a_{nt} \mid s_{nt})\, A_{nt}

    Args:
        log_probabilities: Of the choices that were made, shape (N, T) or (N,).
        advantages: A, of that shape; no gradient flows through them.
        counted: Whether each step counts, of that shape; those after an episode's end do not.

    Raises:
        ValueError: If the shapes differ.

    Example:
        >>> reinforce(torch.tensor([[-1.0, -2.0]]), torch.tensor([[3.0, 0.5]]))
        tensor(4.)
    """
    require_alike(log_probabilities=log_probabilities, advantages=advantages)
    weighted = log_probabilities * advantages.detach()
    if counted is not None:
        require_alike(log_probabilities=log_probabilities, counted=counted)
        weighted = torch.where(counted.bool(), weighted, torch.zeros_like(weighted))
    return -weighted.sum() / len(weighted)


def returns(rewards: Tensor, discount: float = 1.0, ends: Tensor | None = None) -> Tensor:
    r"""Return the rewards to go, :math:`R_t = \sum_{k \ge t} \gamma^{k-t} r_k`, shape (N, T).

    Args:
        rewards: Of each step, shape (N, T).
        discount: :math:`\gamma`, in [0, 1].
        ends: Whether an episode ends with each step, shape (N, T): what follows is another's.

    Raises:
        ValueError: If the discount is out of range or the shapes differ.

    Example:
        >>> returns(torch.tensor([[1.0, 1.0, 1.0]]), discount=0.5)
        tensor([[1.7500, 1.5000, 1.0000]])
    """
    zeros = torch.zeros_like(rewards[:, :1])
    return advantages(rewards, torch.zeros_like(rewards), zeros[:, 0], discount, 1.0, ends)


def advantages(
    rewards: Tensor,
    values: Tensor,
    last_value: Tensor,
    discount: float = 0.99,
    trace: float = 0.95,
    ends: Tensor | None = None,
) -> Tensor:
    r"""Return generalised advantages, shape (N, T).

    .. math::
        \delta_t = r_t + \gamma V_{t+1} - V_t, \qquad
        A_t = \delta_t + \gamma\lambda\, A_{t+1}

    With :math:`\lambda` = 1 that is the return less the value; with 0 one step's error.

    References:
        High-Dimensional Continuous Control Using Generalized Advantage Estimation (Schulman et al.
        2016), equation 16, arXiv 1506.02438.

    Args:
        rewards: Of each step, shape (N, T).
        values: V of the state that each step began in, shape (N, T).
        last_value: V of the state after the last step, shape (N,); not asked where that ends an
            episode.
        discount: :math:`\gamma`, in [0, 1].
        trace: :math:`\lambda`, in [0, 1].
        ends: Whether an episode ends with each step, shape (N, T): no value follows there. Where
            an episode is only cut off, a value does.

    Raises:
        ValueError: If a number is out of range or the shapes differ.
    """
    for name, number in [("discount", discount), ("trace", trace)]:
        if not 0 <= number <= 1:
            raise ValueError(f"{name} must be in [0, 1], got {number}")
    require_alike(rewards=rewards, values=values)
    goes_on = torch.ones_like(rewards)
    if ends is not None:
        require_alike(rewards=rewards, ends=ends)
        goes_on = 1 - ends.to(rewards.dtype)
    found = torch.empty_like(rewards)
    ahead, following = torch.zeros_like(last_value), last_value
    for t in reversed(range(rewards.shape[1])):
        error = rewards[:, t] + discount * goes_on[:, t] * following - values[:, t]
        ahead = error + discount * trace * goes_on[:, t] * ahead
        found[:, t], following = ahead, values[:, t]
    return found


def less_the_others(values: Tensor) -> Tensor:
    r"""Return values (N, ...) less the mean of the other N - 1: a baseline without bias.

    The mean over all would contain the value itself, and so shrink the gradient by 1 - 1/N.

    References:
        Buy 4 REINFORCE Samples, Get a Baseline for Free! (Kool et al. 2019), equation 8.

    Raises:
        ValueError: If there is only one.

    Example:
        >>> less_the_others(torch.tensor([1.0, 2.0, 6.0]))
        tensor([-3.0000, -1.5000,  4.5000])
    """
    count = len(values)
    if count < 2:
        raise ValueError("a baseline of the other samples needs at least 2 samples, got 1")
    return (values - values.mean(0, keepdim=True)) * (count / (count - 1))


def standardised(values: Tensor, counted: Tensor | None = None, epsilon: float = 1e-8) -> Tensor:
    """Return values with mean 0 and deviation 1 over all that count: a scale, and a small bias.

    Args:
        values: Of any shape.
        counted: Whether each counts, of that shape.
        epsilon: Added to the deviation.
    """
    chosen = values if counted is None else values[counted.bool()]
    return (values - chosen.mean()) / (chosen.std(unbiased=False) + epsilon)


def require_alike(**tensors: Tensor) -> None:
    """Raise ValueError where tensors differ in shape."""
    shapes = {name: list(tensor.shape) for name, tensor in tensors.items()}
    if len(set(map(tuple, shapes.values()))) > 1:
        told = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise ValueError(f"these must be of one shape: {told}")
