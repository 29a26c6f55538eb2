"""A checkpoint names no code that is not the lab's own, or of a package that is trusted."""

import shutil
import sys
from pathlib import Path

import pytest
import torch

from gan_lab.errors import LabError
from gan_lab.models import MLPGenerator
from gan_lab.run.checkpoint import FORMAT, load_task, read_checkpoint
from gan_lab.run.rebuild import rebuild
from tests.conftest import CommandLine

THING = """
from gan_lab.models import MLPGenerator


class Thing(MLPGenerator):
    pass
"""
LINE = ("model=mlp", "model.generator.hidden=[8]", "data.batch_size=8", "trainer.max_steps=1")


@pytest.fixture
def stranger(
    train: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _no_stranger: None
) -> Path:
    """Return a run whose generator's class is another package's."""
    package = tmp_path / "packages" / "my_lab"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(THING)
    monkeypatch.syspath_prepend(package.parent)
    return train(*LINE, "model.generator._target_=my_lab.Thing")


def test_a_class_of_another_package_is_built_where_it_is_trusted(
    stranger: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = stranger / "checkpoints" / "last.ckpt"
    with pytest.raises(LabError, match=r"asks for 'my_lab\.Thing'.*trust=\[my_lab\]"):
        load_task(path)
    assert type(load_task(path, trust=["my_lab"]).generator).__name__ == "Thing"

    from gan_lab.sample import main

    line = ["sample", f"checkpoint={stranger}", "num_samples=4", f"hydra.run.dir={tmp_path}/drawn"]
    monkeypatch.setattr(sys, "argv", line)
    with pytest.raises(SystemExit) as stop:
        main()
    assert stop.value.code == 1
    (told,) = capsys.readouterr().err.strip().splitlines()[-1:]
    assert "trust=[my_lab]" in told
    monkeypatch.setattr(sys, "argv", [*line, "trust=[my_lab]"])
    main()
    assert (tmp_path / "drawn" / "grid.png").exists()


def test_a_run_of_another_packages_class_goes_on_where_it_is_trusted(
    stranger: Path, train: CommandLine, capsys: pytest.CaptureFixture[str]
) -> None:
    train(f"resume={stranger}", "trust=[my_lab]", "trainer.max_steps=2")
    assert read_checkpoint(stranger / "checkpoints" / "last.ckpt")["global_step"] == 2
    with pytest.raises(SystemExit):  # trust is not in the file
        train(f"resume={stranger}", "trainer.max_steps=3")
    told = capsys.readouterr().err.splitlines()[-1]
    assert "asks for 'my_lab.Thing'" in told
    assert "trust=[my_lab] allows those of my_lab; or give model.generator yourself" in told


@pytest.mark.parametrize(
    "target", ["os.system", "gan_lab.models.base.torch.load", "gan_lab.cli.app.run", "", None]
)
@pytest.mark.parametrize("trust", [(), ("my_lab",)])
def test_only_exported_classes_are_built(target: str | None, trust: tuple[str, ...]) -> None:
    with pytest.raises(LabError, match="is not|only classes of gan_lab|cannot be imported"):
        rebuild({"inside": [{"_target_": target}]}, trust)


def test_what_is_built_takes_what_it_is_given() -> None:
    node = {"_target_": "gan_lab.models.MLPGenerator", "latent_dim": 3, "sample_shape": [2]}
    assert isinstance(rebuild(node), MLPGenerator)
    assert isinstance(rebuild({**node, "_partial_": True})(hidden=[4]), MLPGenerator)
    with pytest.raises(LabError, match="MLPGenerator cannot be built.*widht"):
        rebuild({**node, "widht": 3})


@pytest.mark.parametrize("written", [None, 1, 2, FORMAT + 1])
def test_a_checkpoint_of_another_format_is_refused_by_one_line(
    train: CommandLine, tmp_path: Path, capsys: pytest.CaptureFixture[str], written: int | None
) -> None:
    path = tmp_path / "other.ckpt"
    record = {"version": "0.0.9", "choices": {}, "config": {}}
    if written is not None:
        record["format"] = written
    torch.save({"gan_lab": record, "global_step": 1, "state_dict": {}}, path)
    told = f"has checkpoint format {written or 1}, and this version of gan_lab reads {FORMAT}; use "
    with pytest.raises(LabError, match=told) as error:
        read_checkpoint(path)
    assert "the version that wrote it, 0.0.9" in str(error.value)
    with pytest.raises(SystemExit):
        train(*LINE, f"resume={path}")
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert told in line


def test_a_checkpoint_copied_elsewhere_is_enough(train: CommandLine, tmp_path: Path) -> None:
    folder = train(*LINE)
    copy = shutil.copy(folder / "checkpoints" / "last.ckpt", tmp_path / "copy.ckpt")
    shutil.rmtree(folder)
    assert load_task(Path(copy)).sample(3)["x"].shape == (3, 1, 28, 28)
