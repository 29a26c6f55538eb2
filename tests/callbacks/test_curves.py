"""Points of curves: means over the steps since the last one."""

import copy
import statistics
from functools import partial
from typing import Any

import pytest
import torch
from torch import nn

from gan_lab.callbacks.curves import PENDING, Reduce, Window, summarise
from gan_lab.contracts import Report
from gan_lab.losses import (
    F_DIVERGENCES,
    FDivergence,
    Hinge,
    LeastSquares,
    NonSaturating,
    RelativisticAverage,
    RelativisticPairing,
    Wasserstein,
)
from gan_lab.models import MLPBackbone, Packs, PerKey, Scores


def scores(packing: int = 1) -> Scores:
    return Scores(MLPBackbone, (2,), inputs=[Packs(packing)])


def reduce(loss: Any) -> Reduce:
    return partial(summarise, loss, scores())


def reports(count: int) -> list[Report]:
    random = torch.Generator().manual_seed(0)
    made: list[Report] = []
    for step in range(count):
        logits = torch.randn(2, 8, generator=random)
        report = {
            "logits/real": logits[0] + 1,
            "logits/fake": logits[1],
            "loss/generator": logits.sum(),
        }
        if step % 3 == 0:  # a lazy term
            report["term/r1"] = torch.tensor(float(step))
        made.append(report)
    return made


@pytest.mark.parametrize("count", [1, 7, PENDING, 2 * PENDING + 3])
@pytest.mark.parametrize("loss", [NonSaturating(), RelativisticAverage()])
def test_a_point_is_the_mean_over_its_window(loss: Any, count: int) -> None:
    window, seen = Window(), reports(count)
    for report in seen:
        window.add(reduce(loss), report)
    means = {name: float(value) for name, value in window.means(reduce(loss)).items()}
    for name in ("logits/real", "logits/fake", "loss/generator", "term/r1"):
        expected = statistics.fmean(float(r[name].mean()) for r in seen if name in r)
        assert means[name] == pytest.approx(expected, rel=1e-5, abs=1e-5)
    if loss.real_threshold is not None:
        right = statistics.fmean(float((r["logits/real"] > 0).float().mean()) for r in seen)
        assert means["accuracy/real"] == pytest.approx(right)
    (name,) = (name for name in means if name.startswith("divergence/"))
    each = [float(loss.divergence(r["logits/real"], r["logits/fake"])) for r in seen]
    assert means[name] == pytest.approx(statistics.fmean(each), rel=1e-4, abs=1e-5)
    window.add(reduce(loss), seen[0])  # the next window knows nothing of this one
    assert float(window.means(reduce(loss))["logits/real"]) == pytest.approx(
        float(seen[0]["logits/real"].mean()), rel=1e-6
    )


def test_a_critic_has_no_accuracy() -> None:
    window = Window()
    window.add(reduce(Wasserstein()), reports(1)[0])
    assert not [name for name in window.means(reduce(Wasserstein())) if name.startswith("accuracy")]


@pytest.mark.parametrize("cut", [3, PENDING, PENDING + 20])
def test_a_window_that_was_saved_gives_the_same_bits(cut: int) -> None:
    loss, seen = NonSaturating(), reports(2 * PENDING + 5)
    whole, resumed = Window(), Window()
    for step, report in enumerate(seen):
        whole.add(reduce(loss), report)
        if step == cut:
            saved = copy.deepcopy((resumed.pending, resumed.reduced))
            resumed = Window()
            resumed.pending, resumed.reduced = saved
        resumed.add(reduce(loss), report)
    first, second = whole.means(reduce(loss)), resumed.means(reduce(loss))
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_what_a_replayed_graph_overwrites_is_kept() -> None:
    window, shared = Window(), torch.ones(4)
    window.add(reduce(NonSaturating()), {"loss/generator": shared})
    shared.zero_()
    assert float(window.means(reduce(NonSaturating()))["loss/generator"]) == 1


def test_minibatches_of_unlike_sizes_count_alike() -> None:
    window = Window()
    for size in (2, 6):
        window.add(reduce(NonSaturating()), {"logits": torch.full((size,), float(size))})
    assert float(window.means(reduce(NonSaturating()))["logits"]) == 4


def test_a_divergences_tag_is_short_and_its_own() -> None:
    losses = [NonSaturating(), Hinge(), LeastSquares(), RelativisticPairing(), Wasserstein()]
    losses += [FDivergence(name) for name in F_DIVERGENCES]
    tags = []
    for loss in losses:
        window = Window()
        window.add(reduce(loss), reports(1)[0])
        tags += [name for name in window.means(reduce(loss)) if name.startswith("divergence/")]
    assert len(set(tags)) >= len(losses) - 2  # a few f-divergences are those of other losses
    assert max(map(len, tags)) <= 50
    assert {"divergence/jensen-shannon", "divergence/total_variation"} <= set(tags)
    assert "divergence/jensen-shannon_of_pairs" in tags


def test_a_divergence_between_packs_says_so() -> None:
    """Logits of m packed samples estimate JS(p^m, q^m), which is larger than JS(p, q)."""
    report = {"logits/real": torch.ones(4), "logits/fake": -torch.ones(4)}
    alone, packed = (summarise(NonSaturating(), scores(m), [report]) for m in (1, 4))
    name = "divergence/jensen-shannon"
    assert name in alone
    assert name not in packed
    assert packed[f"{name}_between_packs_of_4"] == alone[name]


def test_each_part_has_the_packs_of_its_own() -> None:
    report = {f"logits/{kind}/{part}": torch.zeros(2) for kind in ("real", "fake") for part in "ab"}
    both = PerKey(a=scores(), b=scores(2))
    names = [n for n in summarise(Wasserstein(), both, [report]) if n.startswith("divergence")]
    assert names[0].endswith("wasserstein-1/a")
    assert names[1].endswith("wasserstein-1_between_packs_of_2/b")
    own = nn.Module()  # a discriminator of one part that gives two kinds of logits
    own.packing, own.parts = 1, lambda: [own]  # type: ignore[assignment]
    assert summarise(Wasserstein(), own, [report])[names[0]] == 0


@pytest.mark.parametrize(
    ("loss", "real", "fake"),
    [(LeastSquares(), 0.9, 0.1), (LeastSquares(1.0, 0.0, 0.0), 0.1, 0.9)],
)
def test_accuracy_follows_the_targets(loss: LeastSquares, real: float, fake: float) -> None:
    """With the targets exchanged it was inverted."""
    report = {
        "logits/real": torch.tensor([real, real, real, fake]),
        "logits/fake": torch.tensor([fake, fake, real, real]),
    }
    found = summarise(loss, scores(), [report])
    assert found["accuracy/real"] == 0.75
    assert found["accuracy/fake"] == 0.5
    assert not any(n.startswith("accuracy") for n in summarise(Wasserstein(), scores(), [report]))
