"""Train the classifier of spoken digits that gan_lab.metrics ships, on what espeak-ng says.

    python -m benchmarks.train_speech_classifier

The same seed, thread count and versions of torch and espeakng-loader give the same weights. The
accuracy is that on voices that training never heard. Afterwards copy the printed line into
gan_lab/metrics/features.py.
"""

import argparse
import hashlib
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from benchmarks.train_classifier import WEIGHTS
from gan_lab.data import SpokenDigitsDataModule
from gan_lab.metrics.classifier import FEATURES
from gan_lab.metrics.speech import BANDS, LENGTH, NAME, SpeechClassifier

BATCH = 128


def main() -> None:
    """Read the command line, train, and write the weights."""
    layout = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=layout)
    parser.add_argument("--output", type=Path, default=WEIGHTS, help="folder of the weights")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    data = SpokenDigitsDataModule()
    data.setup("fit")
    train, test = (
        (data.medium.to_float(split.images), split.labels) for split in (data.train, data.test)
    )
    model = fit(*train, epochs=arguments.epochs)
    correct = accuracy(model, *test)
    path = arguments.output / f"{NAME}.safetensors"
    state = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file(state, path, metadata={"test_accuracy": f"{correct:.4f}"})
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    print(f"{path.name}: {path.stat().st_size} bytes, SHA-256 {digest}, accuracy {correct:.4f}")


def fit(sounds: Tensor, labels: Tensor, epochs: int) -> SpeechClassifier:
    """Return a classifier trained with AdamW, one learning-rate cycle, shifts, gains and noise.

    As of images, a linear decoder must draw the spectrum from the features as well, so that they
    tell variety within a class; see benchmarks/train_classifier.py.
    """
    torch.manual_seed(0)
    steps = len(sounds) // BATCH * epochs
    model = SpeechClassifier()
    decoder = torch.nn.Linear(FEATURES, BANDS * LENGTH // 128)
    parameters = [*model.parameters(), *decoder.parameters()]
    optimizer = torch.optim.AdamW(parameters, weight_decay=0.01, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=steps)
    for epoch in range(epochs):
        total = 0.0
        for index in torch.split(torch.randperm(len(sounds)), BATCH):
            if len(index) < BATCH:
                continue
            batch = augment(sounds[index])
            features, logits = model(batch)
            loss = functional.cross_entropy(logits, labels[index])
            spectrum = model.mel(batch).flatten(1) / 10
            loss = loss + functional.mse_loss(decoder(features), spectrum)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            total += loss.item() / (len(sounds) // BATCH)
        print(f"epoch {epoch + 1}/{epochs}: loss {total:.4f}", flush=True)
    return model.eval()


def augment(sounds: Tensor) -> Tensor:
    """Return each sound up to a twentieth of a second later, softer and a little noisy."""
    count, _, length = sounds.shape
    later = torch.randint(400, (count, 1))
    places = torch.arange(length)[None] - later
    moved = sounds[:, 0].gather(1, places.clamp(min=0)) * (places >= 0)
    loud = torch.rand(count, 1) * 0.7 + 0.3
    noise = 10 ** (-1.5 - 2.5 * torch.rand(count, 1)) * torch.randn(count, length)
    return ((moved * loud) + noise * loud).clamp(-1, 1)[:, None]


@torch.inference_mode()
def accuracy(model: SpeechClassifier, sounds: Tensor, labels: Tensor) -> float:
    """Return the share of sounds that the model classifies as labelled."""
    batches = zip(torch.split(sounds, 500), torch.split(labels, 500), strict=True)
    hits = sum(int((model(x)[1].argmax(1) == y).sum()) for x, y in batches)
    return hits / len(labels)


if __name__ == "__main__":
    main()
