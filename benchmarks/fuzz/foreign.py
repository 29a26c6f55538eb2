"""Files that are sound, and no checkpoints of this lab."""

import gzip
import io
import json
import pickle
import random
import tarfile
import zipfile

import torch

Random = random.Random


def foreign(dice: Random, sound: bytes) -> tuple[bytes, str]:
    """Give a sound file of another program."""
    makers = {
        "state dict": lambda: saved({"weight": torch.zeros(3)}),
        "tensor": lambda: saved(torch.zeros(3)),
        "list": lambda: saved([1, 2]),
        "text": lambda: saved("gan_lab"),
        "old torch format": lambda: saved({"gan_lab": {}}, zipped=False),
        "pickle": lambda: pickle.dumps({"gan_lab": {"format": 2}}),
        "pickle with code": lambda: pickle.dumps(Code()),
        "torch with code": lambda: saved({"gan_lab": Code()}),
        "zip": lambda: zipped({"a.txt": b"a"}),
        "zip of a pickle": lambda: zipped({"archive/data.pkl": b"\x80\x02}."}),
        "deep pickle": lambda: zipped({"archive/data.pkl": b"\x80\x02" + b"(" * 100_000}),
        "bomb": lambda: zipped({"archive/data.pkl": bytes(1 << 28)}),
        "tar": tarred,
        "gzip": lambda: gzip.compress(sound, mtime=0),
        "json": lambda: json.dumps({"gan_lab": {"format": 2}}).encode(),
        "png": lambda: b"\x89PNG\r\n\x1a\n" + bytes(100),
        "passwd": lambda: b"root:x:0:0:root:/root:/bin/bash\n" * 20,
        "elf": lambda: b"\x7fELF\x02\x01\x01" + bytes(5000),
        "safetensors": lambda: (2).to_bytes(8, "little") + b"{}",
    }
    name = dice.choice(list(makers))
    return makers[name](), name


class Code:
    """Runs code where it is unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        import os

        return os.system, ("exit 1",)


def saved(content: object, zipped: bool = True) -> bytes:
    """Return ``content`` as torch saves it."""
    file = io.BytesIO()
    torch.save(content, file, _use_new_zipfile_serialization=zipped)
    return file.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    """Return a compressed zip of ``files``."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)  # no time of day
    return file.getvalue()


def tarred() -> bytes:
    """Return an empty tar."""
    file = io.BytesIO()
    tarfile.open(fileobj=file, mode="w").close()
    return file.getvalue()
