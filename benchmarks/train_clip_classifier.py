"""Train the classifier of clips that gan_lab.metrics ships, on data=shape_motion.

    python -m benchmarks.train_clip_classifier

The same seed, thread count and torch version give the same weights. Afterwards copy the printed
line into gan_lab/metrics/features.py. Clips are drawn anew for every epoch.
"""

import argparse
import hashlib
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from benchmarks.train_classifier import WEIGHTS
from gan_lab.data.shape_motion import draw
from gan_lab.media.image import to_float
from gan_lab.metrics.clip_classifier import FEATURES, FRAME_FEATURES, ClipClassifier

BATCH, CLIPS, EDGE, FRAMES = 32, 2000, 32, 16
SEEN = 8
"""Edge of what linear decoders draw from the features, which keeps variety within a class."""


def main() -> None:
    """Read the command line, train, and write the weights."""
    layout = argparse.RawTextHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=layout)
    parser.add_argument("--output", type=Path, default=WEIGHTS, help="folder of the weights")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    model = fit(arguments.epochs)
    motion, shape = accuracy(model, *clips(2000, 2**20))
    path = arguments.output / "shape_motion.safetensors"
    state = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    told = {"motion_accuracy": f"{motion:.4f}", "shape_accuracy": f"{shape:.4f}"}
    save_file(state, path, metadata=told)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    print(f"{path.name}: {path.stat().st_size} bytes, SHA-256 {digest}, {told}")


def clips(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Return uint8 clips and their labels, drawn with a seed of their own."""
    made = torch.empty(count, 3, FRAMES, EDGE, EDGE, dtype=torch.uint8)
    random = torch.Generator().manual_seed(seed)
    labels = [draw(part, random) for part in made.split(250)]
    return made, torch.cat(labels)


def fit(epochs: int) -> ClipClassifier:
    """Return a classifier trained with AdamW and one learning-rate cycle."""
    torch.manual_seed(0)
    model = ClipClassifier().to(memory_format=torch.channels_last)
    frame_decoder = torch.nn.Linear(FRAME_FEATURES, 3 * SEEN**2)
    clip_decoder = torch.nn.Linear(FEATURES, 3 * 3 * SEEN**2)
    parameters = [p for part in (model, frame_decoder, clip_decoder) for p in part.parameters()]
    optimizer = torch.optim.AdamW(parameters, weight_decay=0.01, fused=True)
    steps = epochs * (CLIPS // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=steps)
    for epoch in range(epochs):
        stored, labels = clips(CLIPS, 2**21 + epoch)
        total = 0.0
        for index in torch.split(torch.randperm(CLIPS), BATCH)[: CLIPS // BATCH]:
            batch, asked = to_float(stored[index]), labels[index]
            features, motion, frames, shapes = model(disturbed(batch))
            small = functional.adaptive_avg_pool2d(batch.movedim(2, 1).flatten(0, 1), SEEN)
            ends = small.unflatten(0, (-1, FRAMES))[:, [0, FRAMES // 2, -1]]
            loss = functional.cross_entropy(motion, asked // 2)
            each = (asked % 2)[:, None].expand(-1, FRAMES)
            loss = loss + functional.cross_entropy(shapes.flatten(0, 1), each.flatten())
            loss = loss + functional.mse_loss(frame_decoder(frames).flatten(0, 1), small.flatten(1))
            loss = loss + functional.mse_loss(clip_decoder(features), ends.flatten(1))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            total += loss.item() / (CLIPS // BATCH)
        print(f"epoch {epoch + 1}/{epochs}: loss {total:.4f}", flush=True)
    return model.eval()


def disturbed(batch: Tensor) -> Tensor:
    """Return clips with a little noise."""
    return batch + 0.05 * torch.randn_like(batch)


@torch.inference_mode()
def accuracy(model: ClipClassifier, stored: Tensor, labels: Tensor) -> tuple[float, float]:
    """Return the shares of motions and of single frames' shapes that the model tells."""
    motions, shapes = [], []
    for part, asked in zip(stored.split(250), labels.split(250), strict=True):
        _, motion, _, shape = model(to_float(part))
        motions.append(motion.argmax(1) == asked // 2)
        shapes.append(shape.argmax(2) == (asked % 2)[:, None])
    return tuple(float(torch.cat(hits).float().mean()) for hits in (motions, shapes))  # type: ignore[return-value]


if __name__ == "__main__":
    main()
