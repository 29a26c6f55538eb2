"""What a checkpoint is measured by: what the command line chose, or what its run was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from gan_lab.errors import LabError

if TYPE_CHECKING:
    from gan_lab.metrics import FeatureNetwork


def stored_figures(config: DictConfig) -> dict[str, Any] | None:
    """Return the metrics of the checkpoint's run where they are of texts or sounds.

    None where the command line chose some, or those for images do.
    """
    from gan_lab.run.checkpoint import CONFIG_KEY, find_checkpoint, read_checkpoint
    from gan_lab.run.rebuild import rebuild

    if config.checkpoint is None or chosen_metrics():
        return None
    stored = read_checkpoint(find_checkpoint(config.checkpoint))[CONFIG_KEY]["config"]
    figures = (stored.get("metrics") or {}).get("figures")
    medium = str((stored.get("medium") or {}).get("_target_"))
    if not figures or medium.rpartition(".")[2] in ("Image", "Points"):
        return None
    return {name: rebuild(node, config.trust) for name, node in figures.items() if node}


def chosen_metrics() -> bool:
    """Tell whether the command line chose metrics."""
    return any(o.lstrip("+~").startswith("metrics") for o in HydraConfig.get().overrides.task)


def feature_network(config: DictConfig) -> FeatureNetwork:
    """Return the features that the command line chose, or else those of the checkpoint's run."""
    from gan_lab.cli.instantiate import build
    from gan_lab.metrics import FeatureNetwork
    from gan_lab.run.checkpoint import CONFIG_KEY, find_checkpoint, read_checkpoint
    from gan_lab.run.rebuild import rebuild

    chosen = any(o.startswith("metrics") for o in HydraConfig.get().overrides.task if "feat" in o)
    if config.checkpoint is not None and not chosen:
        path = find_checkpoint(config.checkpoint)
        metrics = read_checkpoint(path)[CONFIG_KEY]["config"].get("metrics")
        stored = metrics.get("features") if isinstance(metrics, Mapping) else None
        # Without its paths: nobody's file may choose what Inception unpickles.
        network = rebuild(stored or OmegaConf.to_container(config.metrics.features), config.trust)
        if not isinstance(network, FeatureNetwork):
            raise LabError(f"the metrics in {path} have no features; choose metrics/features=...")
        return network
    built: FeatureNetwork = build(config, "metrics.features")
    return built
