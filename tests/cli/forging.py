"""A small run's checkpoint, and what strangers may have made of it."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

LINE = (
    *("data=ring", "data.train_size=64", "data.test_size=16", "data.batch_size=8"),
    *("model.generator.hidden=[8]", "model.discriminator.hidden=[8]", "latent_dim=4"),
    *("optimizer.lr=0.01", "optimizer.generator.lr=0.02", "callbacks.density=null"),
    *("callbacks.evaluation=null", "callbacks.progress=null", "callbacks.samples=null"),
    *("callbacks.nearest_neighbours=null", "trainer.accelerator=cpu", "trainer.max_steps=2"),
    *("trainer.log_every_n_steps=1",),
)

Content = dict[str, Any]


def run_main(monkeypatch: pytest.MonkeyPatch, *line: str, program: str = "train") -> None:
    """Run a command line in this process."""
    import importlib

    for name in ("PL_GLOBAL_SEED", "PL_SEED_WORKERS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "argv", [program, *line])
    importlib.import_module(f"gan_lab.{program}").main()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the folder of a run of two steps, which no test changes."""
    folder = tmp_path_factory.mktemp("trained") / "run"
    with pytest.MonkeyPatch.context() as monkeypatch:
        run_main(monkeypatch, *LINE, f"hydra.run.dir={folder}")
    return folder


def forge(trained: Path, path: Path, change: Callable[[Content], object]) -> Path:
    """Write a run's last checkpoint to ``path`` with something in it changed."""
    content = torch.load(trained / "checkpoints" / "last.ckpt", weights_only=True)
    change(content)
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(content, path)
    return path


def one_line(capsys: pytest.CaptureFixture[str], run: Callable[[], object]) -> str:
    """Return the one line by which a command line is refused."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as stop:
        run()
    assert stop.value.code == 1
    errors = capsys.readouterr().err
    assert "Traceback" not in errors
    (line,) = (text for text in errors.splitlines() if text.startswith("gan_lab: "))
    return line
