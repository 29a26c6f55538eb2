"""Train the classifiers that gan_lab.metrics ships, from the IDX files of their data sets.

    python -m benchmarks.train_classifier mnist data/MNIST/raw
    python -m benchmarks.train_classifier fashion_mnist /usr/share/datasets/fashion-mnist

The same seed, thread count and torch version give the same weights. Afterwards copy the printed
line into gan_lab/metrics/features.py.
"""

import argparse
import gzip
import hashlib
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from gan_lab.metrics.classifier import FEATURES, Classifier

BATCH = 128
WEIGHTS = Path(__file__).parents[1] / "gan_lab" / "metrics" / "weights"


def main() -> None:
    """Read the command line, train, and write the weights."""
    layout = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=layout)
    parser.add_argument("name", help="of the weights: mnist or fashion_mnist")
    parser.add_argument("folder", type=Path, help="that holds the four IDX files, gzipped or not")
    parser.add_argument("--output", type=Path, default=WEIGHTS, help="folder of the weights")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    train = read_split(arguments.folder, "train")
    test = read_split(arguments.folder, "t10k")
    mirror = arguments.name == "fashion_mnist"  # a mirrored shoe is a shoe, a mirrored 3 no digit
    model = fit(*train, epochs=arguments.epochs, mirror=mirror)
    correct = accuracy(model, *test)
    path = arguments.output / f"{arguments.name}.safetensors"
    state = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file(state, path, metadata={"test_accuracy": f"{correct:.4f}"})
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    print(f"{path.name}: {path.stat().st_size} bytes, SHA-256 {digest}, accuracy {correct:.4f}")


def fit(images: Tensor, labels: Tensor, epochs: int, mirror: bool) -> Classifier:
    """Return a classifier trained with AdamW, one learning-rate cycle and random shifts.

    A linear decoder must draw the image from the features as well: a pure
    classifier shrinks each class to a point (neural collapse, Papyan et al.
    2020, arXiv 2008.08186) and would measure no variety within a class.
    """
    torch.manual_seed(0)
    steps = len(images) // BATCH * epochs
    model = Classifier().to(memory_format=torch.channels_last)
    decoder = torch.nn.Linear(FEATURES, 28 * 28)
    parameters = [*model.parameters(), *decoder.parameters()]
    optimizer = torch.optim.AdamW(parameters, weight_decay=0.01, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=steps)
    for epoch in range(epochs):
        total = 0.0
        for index in torch.split(torch.randperm(len(images)), BATCH):
            if len(index) < BATCH:
                continue
            batch = augment(images[index], mirror)
            features, logits = model(batch)
            loss = functional.cross_entropy(logits, labels[index])
            loss = loss + functional.mse_loss(decoder(features), batch.flatten(1))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            total += loss.item() / (len(images) // BATCH)
        print(f"epoch {epoch + 1}/{epochs}: loss {total:.4f}", flush=True)
    return model.eval()


def augment(images: Tensor, mirror: bool) -> Tensor:
    """Return each image shifted by up to two pixels either way, and mirrored half of the time."""
    shift = 2
    padded = functional.pad(images, [shift] * 4, value=-1.0)
    rows = torch.randint(2 * shift + 1, (len(images), 1)) + torch.arange(28)
    columns = torch.randint(2 * shift + 1, (len(images), 1)) + torch.arange(28)
    if mirror:
        flipped = torch.rand(len(images), 1) < 0.5
        columns = torch.where(flipped, columns.flip(1), columns)
    index = torch.arange(len(images))[:, None, None]
    return padded[index, 0, rows[:, :, None], columns[:, None, :]].unsqueeze(1)


@torch.inference_mode()
def accuracy(model: Classifier, images: Tensor, labels: Tensor) -> float:
    """Return the share of images that the model classifies as labelled."""
    batches = zip(torch.split(images, 1000), torch.split(labels, 1000), strict=True)
    hits = sum(int((model(x)[1].argmax(1) == y).sum()) for x, y in batches)
    return hits / len(labels)


def read_split(folder: Path, prefix: str) -> tuple[Tensor, Tensor]:
    """Return images (N, 1, 28, 28) in [-1, 1] and labels (N,) of a split."""
    images = read_idx(folder / f"{prefix}-images-idx3-ubyte", header=16).view(-1, 1, 28, 28)
    labels = read_idx(folder / f"{prefix}-labels-idx1-ubyte", header=8)
    return images.float() / 127.5 - 1, labels.long()


def read_idx(path: Path, header: int) -> Tensor:
    """Return the bytes of an IDX file after its header."""
    compressed = path.with_name(path.name + ".gz")
    data = path.read_bytes() if path.exists() else gzip.decompress(compressed.read_bytes())
    return torch.from_numpy(np.frombuffer(data, np.uint8, offset=header).copy())


if __name__ == "__main__":
    main()
