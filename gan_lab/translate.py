"""Translate images: ``python -m gan_lab.translate checkpoint=outputs/... images=FOLDER``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from omegaconf import DictConfig

from gan_lab.cli.app import complain, literal_paths, run
from gan_lab.errors import LabError

PATHS = "checkpoint", "images", "output"


def main() -> None:
    """Run the command line."""
    run(translate, "translate", rewrite=lambda given: literal_paths(given, *PATHS))


def translate(config: DictConfig) -> None:
    """Translate the images that ``config`` names, and say where they are.

    What cannot be read is told in a line each, and everything else is translated.

    Raises:
        LabError: If there is no sound checkpoint, no image, or an option is out of range; at the
            end, if something was not translated.
    """
    from gan_lab.cli.device import choose_device
    from gan_lab.cli.images import FileTranslator, image_files, save
    from gan_lab.cli.translation import chosen_direction
    from gan_lab.contracts import Translating
    from gan_lab.run.checkpoint import find_checkpoint, load_task

    task = load_task(find_checkpoint(config.checkpoint), config.weights, config.trust)
    if not isinstance(task, Translating):
        raise LabError("this run makes samples of noise, not of images; see gan_lab.sample")
    translator = FileTranslator(
        task.to(choose_device(config.device)),
        chosen_direction(task, config.direction),
        seed=config.seed,
        label=config.label,
        tile=config.tile,
        overlap=config.overlap,
    )
    files = image_files(Path(config.images).expanduser())
    folder = Path(config.output).expanduser()
    if any(folder.resolve() == file.resolve().parent for file in files):
        raise LabError(f"output={folder} is where the images lie; give a folder of its own")
    refused = 0
    with progress(len(files)) as advance:
        for file, name in files.items():
            try:
                source = translator.read(file)
                save(source, translator(source, file), folder, name, config.sheets)
            except LabError as error:
                complain(str(error))
                refused += 1
            advance()
    print(folder)
    if refused:
        raise LabError(f"{refused} of {len(files)} images were not translated; the others were")


@contextmanager
def progress(count: int) -> Iterator[Callable[[], None]]:
    """Show a bar on a terminal, that is advanced by calling what is yielded."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("translating", total=count)
        yield lambda: bar.advance(task)


if __name__ == "__main__":
    main()
