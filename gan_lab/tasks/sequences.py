"""From nothing to sequences of tokens, one token after the other."""

from typing import Any

import torch
from torch import Tensor

from gan_lab.contracts import NOTHING, Likelihood, Round, Sample, Task
from gan_lab.errors import LabError
from gan_lab.media import Text, Vocabulary
from gan_lab.media.vocabulary import LONGEST
from gan_lab.models import Policy


class Sequences(Task, Likelihood):
    r"""Let a policy write, and hand its gradient on in one of two ways.

    Tokens are choices, through which nothing can be differentiated. Either rounds hold bare tokens,
    and a term scores the policy by rewards (:class:`gan_lab.terms.PolicyGradient`); or they hold
    relaxed choices, which the discriminator's gradient passes:

    .. math:: y = \operatorname{softmax}\bigl((\log\pi + g) / \tau\bigr), \quad
        g_i \sim \operatorname{Gumbel}(0, 1)

    straight through, forwards the one-hot code of the largest and backwards y. Gumbel's maximum
    follows the policy exactly; the gradient is biased, the less the smaller :math:`\tau`, and
    varies the more.

    References:
        SeqGAN (Yu et al. 2017), arXiv 1609.05473. Categorical Reparameterization with
        Gumbel-Softmax (Jang et al. 2017), sections 2.1 and 2.2, arXiv 1611.01144. RelGAN (Nie et
        al. 2019), section 2.2, for a temperature that falls.

    Args:
        policy: Which token comes next.
        medium: Texts of the policy's length and vocabulary.
        end: The token that ends a sequence, after which nothing is chosen; None where all tokens
            are alike and every sequence has the full length.
        relaxed: Whether rounds hold relaxed choices (N, T, V) in place of tokens (N, T).
        straight_through: Whether these are one-hot forwards; else they are y itself.

    Raises:
        ValueError: If policy and medium are not of one length and vocabulary, or there is no such
            end.
    """

    takes = ("x",)
    relaxation: Tensor
    spelling: Tensor
    medium: Text

    def __init__(
        self,
        policy: Policy,
        medium: Text,
        end: int | None = None,
        relaxed: bool = False,
        straight_through: bool = True,
    ) -> None:
        super().__init__()
        sizes = (policy.length,), policy.vocabulary_size
        if sizes != (medium.shape, medium.vocabulary_size):
            raise ValueError(
                f"the policy writes {policy.length} of {policy.vocabulary_size} tokens and the "
                f"medium holds {medium.shape[0]} of {medium.vocabulary_size}; make them equal"
            )
        if end is not None and not 0 <= end < policy.vocabulary_size:
            raise ValueError(f"end must be one of {policy.vocabulary_size} tokens, got {end}")
        self.policy, self.medium = policy, medium
        self.end, self.relaxed, self.straight_through = end, relaxed, straight_through
        self.register_buffer("relaxation", torch.ones(()))
        # A checkpoint holds tensors and plain values, and the vocabulary is known from the data.
        spelled = torch.zeros(policy.vocabulary_size, LONGEST, dtype=torch.uint8)
        self.register_buffer("spelling", spelled)
        hook: Any = self.register_load_state_dict_post_hook
        hook(lambda *_: self.spell())

    def meet(self, data: Any) -> None:
        """Take up the data's vocabulary, which a task out of a checkpoint must share."""
        vocabulary = getattr(getattr(data, "medium", None), "vocabulary", None)
        if not isinstance(vocabulary, Vocabulary):
            return
        found = spelled_out(vocabulary, len(self.spelling)).to(self.spelling.device)
        if self.spelling.any() and not torch.equal(found, self.spelling):
            raise ValueError(
                "the data's vocabulary is not the one that this policy has learnt; go on with the "
                "same texts, level and vocabulary_size"
            )
        self.spelling.copy_(found)
        self.spell()

    def spell(self) -> None:
        """Let the medium spell tokens as the buffer says."""
        if not self.spelling.any():
            return
        rows = (bytes(row).rstrip(b"\0") for row in self.spelling.cpu().numpy())
        tokens = [row.decode(errors="replace") for row in rows]
        shape, size, level = self.medium.shape, len(tokens), self.medium.level
        self.medium = Text(shape, size, level, Vocabulary(level, tokens))

    def forward(self, batch: Sample) -> Round:
        """Write as many sequences as the minibatch has."""
        real, count = batch["x"], len(batch["x"])
        if not self.relaxed:
            with torch.no_grad():
                tokens = self.write(torch.rand(count, self.policy.length, device=real.device))
            return Round({**batch, "tokens": real}, {"x": tokens, "tokens": tokens})
        relaxed, tokens = self.relax(count)
        exact = one_hot(real, self.policy.vocabulary_size, relaxed.dtype)
        return Round({**batch, "x": exact, "tokens": real}, {"x": relaxed, "tokens": tokens})

    def read(self, batch: Sample) -> Round:
        """Return tokens to learn from, and write none."""
        return Round({**batch, "tokens": batch["x"]}, NOTHING)

    def write(self, uniform: Tensor) -> Tensor:
        """Return tokens (N, T) that are a function of numbers (N, T) from [0, 1) alone."""
        count, length = uniform.shape
        tokens: list[Tensor] = []
        inputs, state = self.policy.first(count), None
        for place in range(length):
            logits, state = self.policy.step(inputs, state)
            tokens.append(self.chosen(logits, uniform[:, place], tokens[-1] if tokens else None))
            inputs = self.policy.embedded(tokens[-1])
        return torch.stack(tokens, dim=1)

    def chosen(self, logits: Tensor, uniform: Tensor, before: Tensor | None) -> Tensor:
        """Return tokens (N,) by inversion of their distribution; an end stays one."""
        cumulative = (logits.float() / self.temperature).softmax(-1).cumsum(-1)
        place = (uniform * cumulative[:, -1]).unsqueeze(-1)
        token = torch.searchsorted(cumulative, place, right=True).squeeze(-1)
        token = token.clamp(max=logits.shape[-1] - 1)
        return token if before is None else self.ended(token, before)

    def ended(self, token: Tensor, before: Tensor) -> Tensor:
        """Return tokens (N,), the end again where one was before."""
        if self.end is None:
            return token
        return torch.where(before == self.end, torch.full_like(token, self.end), token)

    def relax(self, count: int) -> tuple[Tensor, Tensor]:
        """Return relaxed choices (count, T, V), and the tokens (count, T) that are largest."""
        size, policy = self.policy.vocabulary_size, self.policy
        choices: list[Tensor] = []
        tokens: list[Tensor] = []
        inputs, state = policy.first(count), None
        for _ in range(policy.length):
            logits, state = policy.step(inputs, state)
            noise = torch.rand_like(logits.float()).clamp(min=torch.finfo(torch.float32).tiny)
            scores = logits.float() - (-noise.log()).log()
            token = scores.argmax(-1)
            if tokens:
                token = self.ended(token, tokens[-1])
            shown = choice = exact = one_hot(token, size, scores.dtype)
            if torch.is_grad_enabled() or not self.straight_through:
                soft = (scores / self.relaxation).softmax(-1)
                if tokens and self.end is not None:
                    soft = torch.where(tokens[-1].unsqueeze(-1) == self.end, exact, soft)
                choice = exact + soft - soft.detach()
                shown = choice if self.straight_through else soft
            tokens.append(token)
            choices.append(shown)
            inputs = policy.embedded(choice)
        return torch.stack(choices, dim=1), torch.stack(tokens, dim=1)

    def log_probabilities(self, samples: Tensor) -> Tensor:
        logits = self.policy(samples).float() / self.temperature
        chosen = logits.gather(2, samples[:, :, None]).squeeze(2)
        found = chosen - logits.logsumexp(2)
        return torch.where(self.counted(samples), found, torch.zeros_like(found))

    def counted(self, samples: Tensor) -> Tensor:
        counted = torch.ones_like(samples, dtype=torch.bool)
        if self.end is not None:
            counted[:, 1:] = (samples[:, :-1] != self.end).cumprod(1).bool()
        return counted

    @torch.no_grad()
    def continued(self, samples: Tensor, times: int) -> Tensor:
        count, length = samples.shape
        policy, inputs, state = self.policy, self.policy.first(count), None
        every = samples.expand(length - 1, times, count, length).clone()
        for kept in range(1, length):
            _, state = policy.step(inputs, state)
            before = samples[:, kept - 1]
            inputs = policy.embedded(before)
            running, following = policy.repeated(state, times), inputs.repeat(times, 1)
            token = before.repeat(times)
            for place in range(kept, length):
                logits, running = policy.step(following, running)
                uniform = torch.rand(len(token), device=token.device)
                token = self.chosen(logits, uniform, token)
                following = policy.embedded(token)
                every[kept - 1, :, :, place] = token.reshape(times, count)
        return every

    def latents(self, count: int, random: torch.Generator) -> Sample:
        """Return the numbers in [0, 1) that stand for chance, a row a sequence."""
        return {"uniform": torch.rand(count, self.policy.length, generator=random)}

    def sample(self, count: int, given: Sample = NOTHING) -> Sample:
        """Return sequences written at the present temperature."""
        device, length = self.policy.begin.device, self.policy.length
        uniform = given["uniform"] if "uniform" in given else torch.rand(count, length)
        if uniform.shape != (count, length):
            raise LabError(f"uniform must be of shape {[count, length]}, got {list(uniform.shape)}")
        return {"x": self.write(uniform.to(device)), "uniform": uniform}


def one_hot(tokens: Tensor, size: int, dtype: torch.dtype) -> Tensor:
    """Return codes (..., size), made in the precision that is asked for: torch's own are long."""
    codes = torch.zeros(*tokens.shape, size, dtype=dtype, device=tokens.device)
    return codes.scatter_(-1, tokens.unsqueeze(-1), 1.0)


def spelled_out(vocabulary: Vocabulary, size: int) -> Tensor:
    """Return a vocabulary's spellings as bytes (size, 24), filled up with zeros."""
    found = torch.zeros(size, LONGEST, dtype=torch.uint8)
    for row, token in zip(found, vocabulary.tokens, strict=False):
        spelled = list(token.encode()[:LONGEST])
        row[: len(spelled)] = torch.tensor(spelled, dtype=torch.uint8)
    return found
