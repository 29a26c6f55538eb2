"""What a person gets wrong is told in one line, and nothing is lost."""

import pickle
import resource
import shutil
import sys
from pathlib import Path

import pytest
import torch

from tests.conftest import CommandLine

LABELS = "{_target_: gan_lab.models.OneHotLabels, num_classes: 3}"
LINE = [
    ("loss=wgn", "loss=wgn does not exist; choose one of"),
    ("no_such_key=1", "there is no key no_such_key"),
    ("data.batchsize=3", "did you mean data.batch_size?"),
    ("data.batch_size=0", "data: batch_size must be at least 1, got 0"),
    ("latent_dim=-1", "latent_dim must be at least 1, got -1"),
    ("n_critic=0", "n_critic must be at least 1, got 0"),
    ("seed=-1", "seed must be at least 0, got -1"),
    ("trainer.max_steps=abc", "trainer.max_steps must be a valid integer, got 'abc'"),
    ("trainer.max_steps=0", "trainer: max_steps must be at least 1, got 0"),
    ("trainer.precision=fp16", "or 'auto', got 'fp16'"),
    ("data.batch_size=70000", "is larger than the training set of 60000"),
    ("data.validation_size=60000", "data.validation_size must be below the 60000"),
    ("data.sample_shape=[1,27,27]", "sample_shape must be [1, 28, 28] or a larger square"),
    ("trainer.accelerator=abacus", "invalid accelerator name"),
    ("+trainer.gradient_clip_val=1.0", "trainer: gradient_clip_val is not the trainer's"),
    ("+trainer.accumulate_grad_batches=2", "data.batch_size makes larger minibatches"),
    ("trainer.devices=100000", "trainer: devices=100000 would start as many processes"),
    ("+trainer.num_nodes=2", "trainer.num_nodes=2 would wait for ever"),
    ("trainer.accelerator=tpu", "trainer.accelerator=auto takes what is there"),
    ("data.root=", "data: root must name a folder, got nothing"),
    ("data.sample_shape=[1,28.0,28]", "sample_shape must be a valid integer at each place"),
    ("optimizer.lr=abc", "optimizer.lr must be a valid number"),
    ("optimizer.lr=-1", "Invalid learning rate: -1"),
    ("model.width=0", "width must be at least 1, got 0"),
    ("+model.generator.widht=4", "did you mean width?"),
    ("+model.discriminator.hiden=[2]", "did you mean hidden?"),
    (
        "+discriminator.inputs.packs.sizes=2",
        "discriminator.inputs.packs.sizes: Packs has no argument",
    ),
    ("packing=3", "data.batch_size=64 does not divide into packs of 3; use data.batch_size=63"),
    (f"+model.generator.labels={LABELS}", "the generator has 3 classes and the discriminator 0"),
    ("+terms.classes._target_=gan_lab.terms.Classification", "reads the second head label"),
    ("+discriminator.heads.label=3", "nothing teaches the discriminator's second head label"),
    ("callbacks.samples.every_n_steps=0", "every_n_steps must be at least 1"),
    ("objective=fod", "objective=fod: there is no figure fod; choose one of accuracy/fake"),
    ("resume=no/such/folder", "there is no checkpoint at no/such/folder"),
    ("hydra.run.dir=/dev/null/run", "cannot read or write /dev/null"),
]


def refused(capsys: pytest.CaptureFixture[str], train: CommandLine, *overrides: str) -> str:
    """Run a command line that must fail, and return the one line that says why."""
    with pytest.raises(SystemExit) as stop:
        train("trainer.max_steps=2", "model=mlp", *overrides)
    assert stop.value.code == 1
    errors = capsys.readouterr().err
    assert "Traceback" not in errors
    (line,) = (line for line in errors.splitlines() if line.startswith("gan_lab: "))
    return line


@pytest.mark.parametrize(("override", "message"), LINE)
def test_one_line_says_what_is_wrong(
    capsys: pytest.CaptureFixture[str], train: CommandLine, override: str, message: str
) -> None:
    model = ["model=dcgan"] if "width" in override or "widht" in override else []
    assert message in refused(capsys, train, *model, override)


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is there")
@pytest.mark.parametrize("norm", ["spectral_norm=false", "spectral_norm=true"])
def test_networks_beyond_memory_are_refused_before_they_are_made(
    capsys: pytest.CaptureFixture[str], train: CommandLine, norm: str
) -> None:
    wide = "model.discriminator.hidden=[10000000,10000000]"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    message = refused(capsys, train, wide, norm)
    assert "model (weights and gradients) asks for 745,1" in message  # 2 x 4 x 10^14 bytes
    assert "GiB of memory, and" in message and message.endswith("are available; make it smaller")
    # The first layer alone would fill 31 GB.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < before + 2**20


def test_an_absent_accelerator(capsys: pytest.CaptureFixture[str], train: CommandLine) -> None:
    assert "trainer.accelerator=auto" in refused(capsys, train, "trainer.accelerator=gpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is there")
@pytest.mark.filterwarnings("ignore:You passed")
def test_a_precision_is_not_swapped_silently(
    capsys: pytest.CaptureFixture[str], train: CommandLine
) -> None:
    line = refused(capsys, train, "trainer.precision=16-mixed")
    assert "16-mixed is not possible" in line


def test_batch_norm_under_a_gradient_penalty(
    capsys: pytest.CaptureFixture[str], train: CommandLine
) -> None:
    line = refused(capsys, train, "model=dcgan", "loss=wgan_gp", "discriminator_norm=batch")
    assert "use discriminator_norm=none" in line


@pytest.mark.parametrize("damage", ["truncated", "altered"])
def test_a_damaged_mnist_file_is_named(
    capsys: pytest.CaptureFixture[str],
    train: CommandLine,
    mnist_root: Path,
    tmp_path: Path,
    damage: str,
) -> None:
    shutil.copytree(mnist_root / "MNIST", tmp_path / "MNIST")
    path = tmp_path / "MNIST" / "raw" / "train-images-idx3-ubyte"
    content = bytearray(path.read_bytes())
    if damage == "truncated":
        content = content[:-1]
    else:
        content[1_000_000] ^= 1
    path.write_bytes(content)
    line = refused(capsys, train, f"data.root={tmp_path}")
    assert str(path) in line
    assert "delete it and run again" in line
    assert path.exists()


def test_no_network_and_no_data(
    capsys: pytest.CaptureFixture[str],
    train: CommandLine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("torchvision.datasets.MNIST.mirrors", ["http://127.0.0.1:9/"])
    for name, value in {
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_FIND_LINKS": "",
        "PIP_RETRIES": "0",
    }.items():
        monkeypatch.setenv(name, value)
    line = refused(capsys, train, f"data.root={tmp_path}")
    assert "cannot be downloaded" in line
    assert "data.root" in line
    assert not list(tmp_path.rglob("*ubyte"))


class Malicious:
    def __reduce__(self) -> tuple[object, ...]:
        return (print, ("code from a checkpoint ran",))


@pytest.mark.parametrize("kind", ["empty", "text", "truncated", "foreign", "malicious"])
def test_a_file_that_is_no_checkpoint(
    capsys: pytest.CaptureFixture[str], train: CommandLine, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "model.ckpt"
    torch.save({"state_dict": {"weight": torch.zeros(100)}}, path)
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("weights")
    elif kind == "truncated":
        path.write_bytes(path.read_bytes()[:-200])
    elif kind == "malicious":
        path.write_bytes(pickle.dumps(Malicious()))
    line = refused(capsys, train, f"resume={path}")
    assert str(path) in line
    assert "code from a checkpoint ran" not in capsys.readouterr().out


def test_a_bug_keeps_its_traceback(train: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("gan_lab.game.GAN.training_step", broken)
    with pytest.raises(ZeroDivisionError):
        train("trainer.max_steps=2", "model=mlp")


def test_one_failed_job_does_not_end_a_sweep(
    capsys: pytest.CaptureFixture[str], train: CommandLine, tmp_path: Path
) -> None:
    with pytest.raises(SystemExit) as stop:
        train(
            "-m",
            "model=mlp",
            "trainer.max_steps=2",
            "n_critic=0,1",
            f"hydra.sweep.dir={tmp_path}",
        )
    assert stop.value.code == 1
    assert "1 job(s) failed" in capsys.readouterr().err
    assert len(list(tmp_path.glob("*/checkpoints/last.ckpt"))) == 1


def test_the_sampler_wants_a_checkpoint(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from gan_lab.sample import main

    monkeypatch.setattr(sys, "argv", ["sample", f"hydra.run.dir={tmp_path}"])
    with pytest.raises(SystemExit):
        main()
    assert "give checkpoint=PATH" in capsys.readouterr().err
