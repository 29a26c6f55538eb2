"""Continuing a run: the command line that its checkpoint was made by, and the place it stopped."""

from gan_lab.errors import LabError


def resumed_arguments(arguments: list[str]) -> list[str]:
    """Return ``arguments`` with what the resumed run was asked put in place of ``resume``.

    ``resume=PATH`` alone continues a run as it was; further overrides on the
    command line win over the run's own. A checkpoint inside a run folder goes
    on in that folder.

    Args:
        arguments: The command line without the program.

    Raises:
        LabError: If there is no sound checkpoint at PATH, or it asks for
            classes by name, which a stranger's file must not.
    """
    given = {argument.partition("=")[0]: argument.partition("=")[2] for argument in arguments}
    path = given.get("resume", "null").strip("'\"")
    if path in ("", "null") or "first_step" in given:  # the latter: a process of a parallel run
        return arguments

    from gan_lab.checkpoint import CONFIG_KEY, find_checkpoint, read_checkpoint, run_folder

    checkpoint = find_checkpoint(path)
    content = read_checkpoint(checkpoint)
    inherited = [
        override
        for override in content[CONFIG_KEY]["overrides"]
        if override.partition("=")[0].lstrip("+~") not in {*given, "resume", "first_step"}
    ]
    for override in inherited:
        if "_target_" in override:
            raise LabError(
                f"the run of {checkpoint} was made with {override!r}; a checkpoint must not name "
                "code to run, so give that override on the command line if you trust it"
            )
    extra = [f"resume={quoted(checkpoint.resolve())}", f"first_step={content['global_step']}"]
    folder = run_folder(checkpoint)
    if folder is not None and "hydra.run.dir" not in given:
        extra.append(f"hydra.run.dir={quoted(folder)}")
    (place,) = (i for i, argument in enumerate(arguments) if argument.startswith("resume="))
    return [*arguments[:place], *inherited, *extra, *arguments[place + 1 :]]


def quoted(value: object) -> str:
    """Return ``value`` as a quoted string of Hydra's override grammar.

    >>> quoted("a=b,c")
    "'a=b,c'"
    """
    return "'" + str(value).replace("'", r"\'") + "'"
