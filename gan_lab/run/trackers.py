"""Loggers of packages that are installed on demand; offline, a run's folder is all they need."""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import MLFlowLogger, WandbLogger
from pytorch_lightning.utilities import rank_zero_only
from torch import Tensor

from gan_lab.errors import LabError


class WeightsAndBiases(WandbLogger):
    """Lightning's Weights & Biases logger, writing to ``run_dir/wandb`` and to nobody's server.

    Args:
        run_dir: The run's folder; ``wandb sync`` hands what is in it on.
        project: Of which the run is one.
        offline: Whether it stays on this machine.

    Raises:
        LabError: If the package is not installed.
    """

    def __init__(self, run_dir: str | Path, project: str = "gan_lab", offline: bool = True) -> None:
        require("wandb")
        name = Path(run_dir).name
        super().__init__(name=name, save_dir=str(run_dir), project=project, offline=offline)

    @rank_zero_only
    def log_picture(self, name: str, picture: Tensor, step: int) -> None:
        """Show a uint8 image (C, H, W) at its step."""
        self.log_image(name, [pixels(picture)], step)


class MLflow(MLFlowLogger):
    """Lightning's MLflow logger, writing to ``run_dir/mlflow.db`` and ``run_dir/mlruns``.

    Args:
        run_dir: The run's folder.
        experiment: Of which the run is one.
        tracking_uri: Of a store or a server that many runs share; by default the run has its own.

    Raises:
        LabError: If the package is not installed.
    """

    def __init__(
        self, run_dir: str | Path, experiment: str = "gan_lab", tracking_uri: str | None = None
    ) -> None:
        require("mlflow")
        folder = Path(run_dir).resolve()
        own = tracking_uri is None
        super().__init__(
            experiment_name=experiment,
            run_name=folder.name,
            tracking_uri=f"sqlite:///{folder}/mlflow.db" if own else tracking_uri,
            artifact_location=(folder / "mlruns").as_uri() if own else None,
        )

    @rank_zero_only
    def log_picture(self, name: str, picture: Tensor, step: int) -> None:
        """Keep a uint8 image (C, H, W) of a step."""
        file = f"{name}/step={step:06d}.png"
        self.experiment.log_image(self.run_id, pixels(picture), file)


def pixels(picture: Tensor) -> Any:
    """Return an image (C, H, W) as the array (H, W, C) that both packages take."""
    return picture.permute(1, 2, 0).numpy()


def require(package: str) -> None:
    """Raise LabError where a logger's package is not installed."""
    try:
        version(package)
    except PackageNotFoundError as error:
        raise LabError(
            f"logger={package} needs {package}: pip install 'gan-lab[{package}]'"
        ) from error
