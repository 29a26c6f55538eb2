"""What a person meant by a key that does not exist, and what is not installed."""

import pytest
from hydra import compose, initialize_config_dir
from hydra.errors import ConfigCompositionException

from gan_lab.cli import faults
from gan_lab.cli.app import config_dir, describe, is_bug
from gan_lab.cli.faults import is_out_of_memory, missing_package, said


def told(override: str) -> str:
    with initialize_config_dir(str(config_dir()), version_base="1.3"):
        with pytest.raises(ConfigCompositionException) as refusal:
            compose("train", [override])
        return describe(refusal.value)


@pytest.mark.parametrize(
    ("override", "meant"),
    [
        ("max_steps=10", "(did you mean trainer.max_steps?)"),
        ("max_stesp=10", "(did you mean trainer.max_steps?)"),
        ("lr=1e-4", "(did you mean optimizer.lr?)"),
        ("decay=0.9", "(did you mean callbacks.ema.decay?)"),
        ("model.norm=none", "(did you mean model.discriminator.norm?)"),
        ("root=/data", "(did you mean data.root?)"),
        ("data.batchsize=3", "(did you mean data.batch_size?)"),
        ("latent_dims=3", "(did you mean latent_dim?)"),
        ("final_samples=3", "(did you mean callbacks.evaluation.final_num_samples?)"),
    ],
)
def test_a_key_is_found_at_any_depth(override: str, meant: str) -> None:
    assert meant in told(override)


def test_several_keys_of_a_name_are_all_named() -> None:
    message = told("every_n_steps=10")
    for watcher in ("samples", "ema", "evaluation", "checkpoints"):
        assert f"callbacks.{watcher}.every_n_steps" in message
    assert "known here" in told("xyzzy=10")


EXTRAS = [
    "joblib>=1; extra == 'dev'",
    "numpy>=1",
    "hydra-joblib-launcher>=1.2; extra == 'joblib'",
    "hydra-optuna-sweeper>=1.3; extra == 'optuna'",
    "litdata>=0.2; extra == 'streaming'",
    "litdata>=0.2; extra == 'dev'",
    "wandb>=0.17; extra == 'wandb'",
]


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (
            ImportError("No module named 'hydra_plugins.hydra_joblib_launcher'"),
            "hydra-joblib-launcher is not installed: pip install 'gan-lab[joblib]'",
        ),
        (
            RuntimeError("Error locating 'hydra_plugins.hydra_optuna_sweeper.optuna_sweeper': "
                         "No module named 'hydra_plugins.hydra_optuna_sweeper'"),
            "hydra-optuna-sweeper is not installed: pip install 'gan-lab[optuna]'",
        ),
        (
            ModuleNotFoundError("No module named 'litdata.streaming'", name="litdata.streaming"),
            "litdata is not installed: pip install 'gan-lab[streaming]'",
        ),
        (  # as Lightning's loggers say it
            ModuleNotFoundError("Requirement 'wandb>=0.12.10' not met. HINT: Try running "
                                "`pip install -U 'wandb>=0.12.10'`"),
            "wandb is not installed: pip install 'gan-lab[wandb]'",
        ),
        (
            ModuleNotFoundError("No module named 'their_lab'", name="their_lab"),
            "their-lab is not installed: pip install 'their-lab'",
        ),
    ],
)  # fmt: skip
def test_what_is_not_installed_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, error: Exception, line: str
) -> None:
    monkeypatch.setattr(faults, "requires", lambda _: EXTRAS)
    wrapped = ValueError("from a library")
    wrapped.__cause__ = error
    assert missing_package(error) == missing_package(wrapped) == line
    assert not is_bug(wrapped)
    assert describe(wrapped) == line


def test_our_own_missing_names_are_bugs() -> None:
    ours = ImportError("cannot import name 'x' from 'gan_lab.game'", name="gan_lab.game")
    assert missing_package(ours) is None
    assert is_bug(ours)
    assert is_bug(ZeroDivisionError())


@pytest.mark.parametrize("size", [(10**15,), (10**12, 10**12)])
def test_too_little_memory_is_no_bug(size: tuple[int, ...]) -> None:
    import torch

    with pytest.raises(RuntimeError) as refusal:
        torch.empty(size)
    assert is_out_of_memory(refusal.value)
    assert "out of memory; choose a smaller batch_size" in describe(refusal.value)
    assert not is_bug(refusal.value)
    assert not is_out_of_memory(RuntimeError("shapes do not fit"))


def test_an_error_without_words_says_its_kind() -> None:
    assert said(ZeroDivisionError()) == "ZeroDivisionError"
    assert said(RuntimeError("first\nsecond")) == "RuntimeError: first"
