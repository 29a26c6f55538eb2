"""Train the classifier of solids that gan_lab.metrics ships, on data=solids at 16³ and 32³.

    python -m benchmarks.train_solid_classifier

The same seed, thread count and torch version give the same weights. Afterwards copy the printed
line into gan_lab/metrics/features.py.
"""

import argparse
import hashlib
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from benchmarks.train_classifier import WEIGHTS
from gan_lab.data import SolidsDataModule
from gan_lab.media.image import to_float
from gan_lab.metrics.solid_features import EDGE, FEATURES, SolidClassifier

BATCH = 64
SEEN = 8
"""Edge of what a linear decoder draws from the features, which keeps variety within a class."""


def main() -> None:
    """Read the command line, train, and write the weights."""
    layout = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=layout)
    parser.add_argument("--output", type=Path, default=WEIGHTS, help="folder of the weights")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    data = {edge: solids(edge) for edge in (EDGE, 2 * EDGE)}
    model = fit(data, arguments.epochs)
    found = {edge: accuracy(model, *module.test) for edge, module in data.items()}
    path = arguments.output / "solids.safetensors"
    state = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file(state, path, metadata={f"test_accuracy_{e}": f"{a:.4f}" for e, a in found.items()})
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    print(f"{path.name}: {path.stat().st_size} bytes, SHA-256 {digest}, accuracy {found}")


def solids(edge: int) -> SolidsDataModule:
    """Return the data set with a seed of its own."""
    data = SolidsDataModule([1, edge, edge, edge], train_size=4000, seed=2**20)
    data.setup()
    return data


def fit(data: dict[int, SolidsDataModule], epochs: int) -> SolidClassifier:
    """Return a classifier trained with AdamW and one learning-rate cycle."""
    torch.manual_seed(0)
    model = SolidClassifier()
    decoder = torch.nn.Linear(FEATURES, SEEN**3)
    parameters = [*model.parameters(), *decoder.parameters()]
    optimizer = torch.optim.AdamW(parameters, weight_decay=0.01, fused=True)
    steps = epochs * sum(len(module.train.images) // BATCH for module in data.values())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=steps)
    for epoch in range(epochs):
        total = 0.0
        for module in data.values():
            images, labels = module.train
            for index in torch.randperm(len(images)).split(BATCH):
                if len(index) < BATCH:
                    continue
                batch = functional.adaptive_avg_pool3d(to_float(images[index]), EDGE)
                features, logits = model(batch)
                small = functional.adaptive_avg_pool3d(batch, SEEN).flatten(1)
                loss = functional.cross_entropy(logits, labels[index])
                loss = loss + functional.mse_loss(decoder(features), small)
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                schedule.step()
                total += loss.item() * epochs / steps
        print(f"epoch {epoch + 1}/{epochs}: loss {total:.4f}", flush=True)
    return model.eval()


@torch.inference_mode()
def accuracy(model: SolidClassifier, images: Tensor, labels: Tensor) -> float:
    """Return the share of solids that the model classifies as labelled."""
    parts = zip(images.split(250), labels.split(250), strict=True)
    hits = [model(to_float(x))[1].argmax(1) == y for x, y in parts]
    return float(torch.cat(hits).float().mean())


if __name__ == "__main__":
    main()
