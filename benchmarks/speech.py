"""What three ears hear in generated digits: the table of docs/media.md.

    python -m benchmarks.speech outputs/media/wavegan outputs/media/specgan outputs/media/hifigan

Every folder is a run of data=spoken_digits. Of real test sounds and of each run the table tells how
often the shipped classifier and pocketsphinx hear the digit that was asked for, and, of a vocoder,
how far its mel spectra are from those that it was given, by its own floor of silence, and how
intelligible ten words in a row are. Of a run that kept an average of its generator, the average
speaks.
"""

from typing import Any

import torch
from torch import Tensor

from benchmarks.tables import of_runs
from gan_lab.data import SpokenDigitsDataModule
from gan_lab.metrics import (
    SpokenDigitFeatures,
    intelligibility,
    mel_distance,
    recognise,
    word_error_rate,
)
from gan_lab.run.checkpoint import EMA_KEY, find_checkpoint, load_task, read_checkpoint
from gan_lab.tasks import Vocoding


def main() -> None:
    """Read the command line and print the table."""
    parser = of_runs(__doc__)
    parser.add_argument("--count", type=int, default=500, help="sounds of each")
    arguments = parser.parse_args()
    data = SpokenDigitsDataModule()
    data.setup("fit")
    random = torch.Generator().manual_seed(0)
    chosen = torch.randperm(len(data.test.labels), generator=random)[: arguments.count]
    real, said = data.medium.to_float(data.test.images[chosen]), data.test.labels[chosen]
    ear = SpokenDigitFeatures(data.medium)
    print("| | classifier | pocketsphinx, word error rate | mel distance | STOI |")
    print(f"| real test sounds | {heard(ear, real, said, data.rate)} | – | – |")
    for run in arguments.runs:
        checkpoint = find_checkpoint(run)
        averaged = EMA_KEY in read_checkpoint(checkpoint)
        task: Any = load_task(checkpoint, "ema" if averaged else "raw")
        with torch.inference_mode():
            torch.manual_seed(0)
            if isinstance(task, Vocoding):
                made = torch.cat([task.sample(len(x), {"x": x})["x"] for x in real.split(50)])
                far = mel_distance(made, real, task.mel).mean()
                clear = intelligibility(made, real, data.rate).mean()
                cells = heard(ear, made, said, data.rate)
                print(f"| {run.name} | {cells} | {far:.3f} | {clear:.3f} |")
                continue
            drawn = [task.sample(100) for _ in range(-(-arguments.count // 100))]
        made = torch.cat([one["x"] for one in drawn])[: arguments.count]
        labels = [one.get("label", torch.zeros(0)) for one in drawn]
        asked = torch.cat(labels)[: arguments.count]
        print(f"| {run.name} | {heard(ear, made, asked, data.rate)} | – | – |")


def heard(ear: SpokenDigitFeatures, sounds: Tensor, said: Tensor, rate: int) -> str:
    """Return two cells: how often the classifier is right, and pocketsphinx wrong."""
    if len(said) != len(sounds):
        return "– | –"
    with torch.inference_mode():
        logits = torch.cat([ear(part).logits for part in sounds.split(100)])  # type: ignore[misc]
    right = (logits.argmax(1) == said).double().mean()
    return f"{right:.3f} | {word_error_rate(recognise(sounds, rate), said.tolist()):.3f}"


if __name__ == "__main__":
    main()
