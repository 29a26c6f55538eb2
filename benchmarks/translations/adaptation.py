"""What a task network learns of sources alone, and of targets whose labels are known."""

from pathlib import Path

import torch
from hydra.utils import instantiate
from torch.nn.functional import cross_entropy

from gan_lab.cli.stored_data import stored_data
from gan_lab.models import ConvClassifier
from gan_lab.run.checkpoint import CONFIG_KEY, find_checkpoint, read_checkpoint


def alone(run: Path, seed: int) -> dict[str, float]:
    """Return target accuracies of the run's task network when it is trained by itself.

    As many steps of as large minibatches as the run had, with its optimizer's settings.

    Args:
        run: A run of experiment=pixelda.
        seed: Of the weights and of the order.
    """
    path = find_checkpoint(run)
    config = read_checkpoint(path)[CONFIG_KEY]["config"]
    data = stored_data({**config["data"], "arrangement": "pairs"}, path, None, ())
    data.prepare_data()
    data.setup("fit")
    test = data.test.rows(torch.arange(data.test.size))
    steps = config["trainer"]["max_steps"]
    found = {}
    for name, column in (("source only", "source"), ("target only", "x")):
        torch.manual_seed(seed)
        network = ConvClassifier(data.sample_shape)
        optimizer = instantiate(config["optimizer"]["generator"])(network.parameters())
        random = torch.Generator().manual_seed(seed)
        for _ in range(steps):
            rows = torch.randint(data.train.size, (data.batch_size,), generator=random)
            batch = data.train.rows(rows)
            logits = network(data.medium.to_float(batch[column]))
            optimizer.zero_grad()
            cross_entropy(logits, batch["label"]).backward()
            optimizer.step()
        with torch.inference_mode():
            verdict = network(data.medium.to_float(test["x"])).argmax(1)
        found[name] = float((verdict == test["label"]).float().mean())
    return found
