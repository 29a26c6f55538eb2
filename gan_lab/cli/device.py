"""The device that a command works on."""

from typing import Any

from gan_lab.errors import LabError


def choose_device(name: str) -> Any:
    """Return the device called ``name``, or the accelerator where there is one."""
    import torch

    if name == "auto":
        found = torch.accelerator.current_accelerator(check_available=True)
        return found or torch.device("cpu")
    try:
        return torch.empty(0, device=name).device
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        raise LabError(f"device={name} cannot be used here ({reason}); use cpu") from error
