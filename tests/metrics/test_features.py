"""Feature networks, 8-bit images, cached statistics and the whole evaluation."""

import hashlib
import logging
import math
import multiprocessing
import os
import socket
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from gan_lab.data import MNISTDataModule
from gan_lab.errors import LabError
from gan_lab.media import Image, Points, quantise, to_bytes
from gan_lab.metrics import (
    Activations,
    ClassHistogram,
    ClassifierFeatures,
    DensityCoverage,
    Evaluation,
    FrechetDistance,
    InceptionFeatures,
    InceptionScore,
    KernelDistance,
    Memorization,
    PrecisionRecall,
    RandomFeatures,
    RawFeatures,
    TwoSampleAccuracy,
    class_distance,
    divergence_from_uniform,
    expected_coverage,
    features,
    seeded_batches,
)
from gan_lab.metrics.features import DIGESTS, WEIGHTS, activations
from gan_lab.metrics.reference import cached_activations
from tests.children import children

ALL = {
    "fid": FrechetDistance,
    "kid": KernelDistance,
    "inception_score": InceptionScore,
    "precision_recall": PrecisionRecall,
    "density_coverage": DensityCoverage,
    "two_sample_accuracy": TwoSampleAccuracy,
    "class_histogram": ClassHistogram,
    "memorization": Memorization,
}


@pytest.fixture(scope="module")
def mnist(mnist_root: Path) -> MNISTDataModule:
    data = MNISTDataModule(mnist_root)
    data.setup()
    return data


@pytest.mark.parametrize("name", sorted(DIGESTS))
def test_shipped_weights_are_small_and_the_recorded_ones(name: str) -> None:
    path = WEIGHTS / f"{name}.safetensors"
    assert path.stat().st_size < 2_000_000
    assert hashlib.sha256(path.read_bytes()).hexdigest() == DIGESTS[name]


def test_the_classifier_is_right_on_mnist(mnist: MNISTDataModule) -> None:
    made = activations(ClassifierFeatures("mnist"), mnist.test.images)
    assert made.logits is not None
    accuracy = (made.logits.argmax(1) == mnist.test.labels).double().mean()
    assert accuracy >= 0.993
    spectrum = torch.linalg.eigvalsh(made.features.T.double().cov())
    assert spectrum[0] > 1e-4 * spectrum[-1]  # FID's covariance is well conditioned


def test_altered_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = bytearray((WEIGHTS / "mnist.safetensors").read_bytes())
    content[-1] ^= 1
    (tmp_path / "mnist.safetensors").write_bytes(content)
    monkeypatch.setattr(features, "WEIGHTS", tmp_path)
    with pytest.raises(LabError, match="not the file that was shipped"):
        ClassifierFeatures("mnist")


def test_real_and_generated_images_take_one_path(mnist: MNISTDataModule) -> None:
    medium, every = Image([1, 28, 28]), torch.arange(256, dtype=torch.uint8)
    assert torch.equal(to_bytes(medium.to_float(every)), every)
    values = torch.linspace(-1, 1, 1001)
    assert torch.equal(to_bytes(values), quantise(values))  # as a written PNG has them
    network, images = ClassifierFeatures("mnist"), mnist.test.images[:20]
    from_bytes, from_floats = network(images), network(medium.to_float(images))
    assert torch.equal(from_bytes.features, from_floats.features)
    padded = torch.nn.functional.pad(images, (2, 2, 2, 2))
    assert torch.equal(network(padded).features, from_bytes.features)


def test_stacked_digits_have_a_class_for_every_combination(mnist: MNISTDataModule) -> None:
    images, labels = mnist.test.images[:300].view(100, 3, 28, 28), mnist.test.labels[:300]
    made = ClassifierFeatures("mnist", channels=3)(images)
    assert made.features.shape == (100, 192)
    assert made.logits is not None
    torch.testing.assert_close(made.logits.exp().sum(1), torch.ones(100))
    a, b, c = labels.view(100, 3).T
    assert (made.logits.argmax(1) == 100 * a + 10 * b + c).double().mean() > 0.95


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (torch.full((3, 1, 28, 28), torch.nan), "3 of 3 samples hold NaN"),
        (torch.full((3, 1, 28, 28), 7.0), r"must lie in \[-1, 1\]"),
        (torch.zeros(3, 3, 28, 28), "images of 1 channel"),
        (torch.zeros(3, 1, 20, 20), "at least 28×28"),
        (torch.zeros(3, 2), "got samples of shape"),
    ],
)
def test_unfit_samples_are_refused(samples: Tensor, message: str) -> None:
    with pytest.raises(LabError, match=message):
        ClassifierFeatures("mnist")(samples)


def test_unknown_classifiers_are_refused() -> None:
    with pytest.raises(ValueError, match=r"one of \['fashion_mnist', 'mnist'\], got 'cifar'"):
        ClassifierFeatures("cifar")


def test_inception_without_its_weights_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="choose metrics/features=mnist"):
        InceptionFeatures(str(tmp_path / "absent.pth"))


def test_points_are_their_own_features() -> None:
    points = torch.randn(10, 2)
    assert torch.equal(RawFeatures(Points([2]))(points).features, points)
    with pytest.raises(LabError, match="hold NaN"):
        RawFeatures(Points([2]))(points / 0 * 0)


def test_histograms() -> None:
    even, skewed = torch.tensor([10, 10, 0, 0]), torch.tensor([0, 1, 1, 2])
    assert class_distance(even, skewed).item() == pytest.approx(0.75)
    assert divergence_from_uniform(even).item() == pytest.approx(torch.tensor(2.0).log().item())
    samples = torch.randint(1000, (26_000,), generator=torch.Generator().manual_seed(0))
    floor = divergence_from_uniform(samples.bincount(minlength=1000)).item()
    assert floor == pytest.approx(999 / (2 * 26_000), rel=0.1)


def test_cached_statistics_are_exact_and_keyed_by_content(tmp_path: Path) -> None:
    network = ClassifierFeatures("mnist")
    images = torch.randint(256, (50, 1, 28, 28), dtype=torch.uint8)
    computed = cached_activations(network, images, "noise-test", tmp_path)
    (path,) = tmp_path.iterdir()
    assert path.name.startswith("noise-test-50-mnist_classifier-")
    network.forward = None  # type: ignore[assignment,method-assign]
    cached = cached_activations(network, images, "noise-test", tmp_path)
    assert torch.equal(cached.features, computed.features)
    with pytest.raises(TypeError):  # another image is another key, so the network is asked
        cached_activations(network, images.flip(0), "noise-test", tmp_path)
    sound = path.read_bytes()
    for damage in (b"half a file", sound[:-1] + bytes([sound[-1] ^ 1])):  # the latter: one bit
        path.write_bytes(damage)
        with pytest.raises(LabError, match="damaged"):
            cached_activations(network, images, "noise-test", tmp_path)


def test_statistics_that_cannot_be_kept_are_computed_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    network = RawFeatures(Image((1, 4, 4)))
    images = torch.randint(256, (9, 1, 4, 4), dtype=torch.uint8)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    found = cached_activations(network, images, "noise-test", tmp_path)
    assert torch.equal(found.features, cached_activations(network, images, "x").features)
    assert "No space left on device" in caplog.text
    assert list(tmp_path.iterdir()) == []


def test_statistics_are_computed_where_they_cannot_be_kept(tmp_path: Path) -> None:
    (tmp_path / "data").touch()  # so that no folder can be made below it
    images = torch.randint(256, (50, 1, 28, 28), dtype=torch.uint8)
    network = ClassifierFeatures("mnist")
    made = cached_activations(network, images, "noise", tmp_path / "data" / "statistics")
    assert torch.equal(made.features, cached_activations(network, images, "noise").features)


def small_evaluation(mnist: MNISTDataModule, count: int = 400) -> Evaluation:
    network = ClassifierFeatures("mnist")
    order = torch.randperm(10_000, generator=torch.Generator().manual_seed(0))  # mixes the writers
    real = activations(network, mnist.test.images[order[:800]])
    train = activations(network, mnist.train.images[:1500])
    return Evaluation(network, ALL, real, train, count)


def test_real_samples_measure_as_real(mnist: MNISTDataModule) -> None:
    evaluation = small_evaluation(mnist)
    floor = evaluation.floor
    assert set(floor) == set(evaluation.ideals)
    assert floor["fid"] < 5
    assert abs(floor["kid"]) < 0.1
    assert 8 < floor["inception_score"] <= 10
    assert floor["classes_covered"] == 10
    for name in ("precision", "recall", "coverage"):
        assert floor[name] > 0.75
    assert abs(floor["two_sample_accuracy"] - 0.5) < 0.1
    assert abs(floor["data_copying"]) < 3
    assert evaluation.better_than_real(floor | {"fid": floor["fid"] / 2}) == ["fid"]
    copies = evaluation([mnist.train.images[:400]])
    assert copies["nearest_train_ratio"] < 1e-5
    assert copies["data_copying"] < -5


def test_all_identical_samples_are_measured(
    mnist: MNISTDataModule, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        figures = small_evaluation(mnist)([mnist.test.images[:1].repeat(400, 1, 1, 1)])
    assert "the covariance of the generated samples is singular" in caplog.text
    assert figures["fid"] > 10
    assert figures["classes_covered"] == 1
    assert figures["inception_score"] == pytest.approx(1)


def test_the_same_samples_give_identical_figures(mnist: MNISTDataModule) -> None:
    evaluation = small_evaluation(mnist)
    first, second = (evaluation(mnist.test.images[800:1200].split(n)) for n in (100, 100))
    assert first == second
    assert evaluation.label("fid") == "fid/mnist_classifier_400"
    whole = evaluation(mnist.test.images[800:1200].split(400))
    assert whole == pytest.approx(first, rel=1e-4)


def test_a_figure_that_is_not_finite_is_refused() -> None:
    network = RawFeatures(Points([2]))
    real = network(torch.randn(30, 2))

    class Undefined(FrechetDistance):
        def compute(self) -> dict[str, Tensor]:
            return {"fid": torch.tensor(torch.nan)}

    evaluation = Evaluation(network, {"fid": Undefined}, real, real, 30)
    with pytest.raises(LabError, match="fid cannot be told of these samples"):
        evaluation([torch.randn(30, 2)])


def test_sorted_samples_measure_as_shuffled_ones(mnist: MNISTDataModule) -> None:
    """10,000 digits sorted by class scored an Inception Score of 1.02, shuffled 9.65."""
    images, order = mnist.train.images[1500:2500], mnist.train.labels[1500:2500].argsort()
    metrics = {"inception_score": InceptionScore, "two_sample_accuracy": TwoSampleAccuracy}
    network = ClassifierFeatures("mnist")
    real = activations(network, mnist.test.images[:300])
    evaluation = Evaluation(network, metrics, real, real, num_samples=1000)
    shuffled, by_class = evaluation(images.split(250)), evaluation(images[order].split(250))
    assert by_class == pytest.approx(shuffled, rel=1e-3)
    assert by_class["inception_score"] > 7


def test_the_ideals_are_what_a_perfect_generator_reaches(mnist: MNISTDataModule) -> None:
    evaluation = small_evaluation(mnist)
    expected = 1 - math.prod((400 - i) / (800 - i) for i in range(1, 6))
    assert evaluation.ideals["coverage"] == pytest.approx(expected)
    assert expected_coverage(10_000, 10_000) == pytest.approx(0.969, abs=5e-4)
    # 0.84, 0.87, 9.66 and 0.09 on real digits
    bounds = {"precision", "recall", "inception_score", "smallest_class"}
    assert evaluation.bounds == bounds
    for name in bounds:
        assert evaluation.floor[name] < 0.98 * evaluation.ideals[name]


def noise(count: int) -> Tensor:
    return torch.rand(count, 1, 28, 28)


@pytest.mark.parametrize("world_size", [1, 2, 3])
def test_batches_are_shared_without_changing_them_or_the_generator(world_size: int) -> None:
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    alone = list(seeded_batches(noise, 50, seed=1, batch_size=20))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert [len(batch) for batch in alone] == [20, 20, 10]
    shares = [
        list(seeded_batches(noise, 50, 1, 20, rank, world_size)) for rank in range(world_size)
    ]
    for index, batch in enumerate(alone):
        assert torch.equal(shares[index % world_size][index // world_size], batch)
    other = next(seeded_batches(noise, 50, seed=2, batch_size=20))
    assert not torch.equal(other, alone[0])


class Sketch(RawFeatures):
    """A network whose logits need no weights."""

    def forward(self, samples: Tensor) -> Activations:
        made = super().forward(samples)
        return Activations(made.features, made.features[:, :4])


def measure(rank: int, world_size: int, port: int, results: "multiprocessing.Queue") -> None:
    torch.set_num_threads(1)
    if world_size > 1:
        os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
        torch.distributed.init_process_group("gloo", rank=rank, world_size=world_size)
    network = Sketch(Points([6]))
    generator = torch.Generator().manual_seed(0)
    real, train = (network(torch.randn(n, 6, generator=generator)) for n in (150, 300))
    evaluation = Evaluation(network, ALL, real, train, num_samples=110)
    batches = seeded_batches(lambda n: torch.randn(n, 6), 110, 0, 20, rank, world_size)
    results.put((rank, evaluation(batches)))
    if world_size > 1:
        torch.distributed.destroy_process_group()


def test_two_processes_measure_what_one_does() -> None:
    context = children()
    results = context.Queue()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    processes = [context.Process(target=measure, args=(r, 2, port, results)) for r in range(2)]
    for process in processes:
        process.start()
    figures = dict(results.get(timeout=60) for _ in processes)
    for process in processes:
        process.join()
    assert figures[0] == figures[1]
    measure(0, 1, port, results)
    alone = results.get()[1]
    assert figures[0] == pytest.approx(alone, rel=1e-6)


def test_features_are_as_many_as_said() -> None:
    network = RandomFeatures(Image((1, 28, 28)))
    assert network(torch.zeros(2, 1, 28, 28)).features.shape == (2, network.num_features)


def test_inception_sees_grey_images_as_red_green_and_blue_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = pytest.importorskip("torch_fidelity.feature_extractor_inceptionv3")

    class Extractor(nn.Module):
        def __init__(self, *_: object) -> None:
            super().__init__()

        def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
            return images, images.flatten(1)

    monkeypatch.setattr(module, "FeatureExtractorInceptionV3", Extractor)
    grey = torch.linspace(-1, 1, 2 * 5 * 4).reshape(2, 1, 5, 4)
    seen = InceptionFeatures()(grey).features
    assert seen.shape == (2, 3, 5, 4) and seen.dtype == torch.uint8
    assert all(torch.equal(seen[:, [channel]], to_bytes(grey)) for channel in range(3))


@pytest.mark.parametrize("channels", [1, 3])
def test_random_filters_keep_the_scale_of_what_they_see(channels: int) -> None:
    shape = channels, 28, 28
    signs = torch.randn(50, *shape, generator=torch.Generator().manual_seed(0)).sign()
    features = RandomFeatures(Image(shape))(signs).features
    assert 0.1 < float(features.square().mean()) < 1  # of averages over places, of ±1
