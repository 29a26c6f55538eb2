"""One trial: a command line in a child process of its own, watched from outside."""

import contextlib
import hashlib
import os
import re
import resource
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

MEMORY = 4 << 30
"""Bytes that no trial may hold at once."""

TIMEOUT = 60.0
"""Seconds after which a trial hangs; a sound one takes a few, on a busy machine too."""

FAILURES = (
    *("overwritten", "launched", "hang", "memory"),
    *("traceback", "killed", "wordless", "overlooked"),
)
"""What must not happen, the worst first.

Overwritten: something appeared, changed or vanished outside the trial's own output folder.
Launched: another program was started. Killed: the process died of a signal.
Wordless: an exit status that is not 0, and no line that says why. Overlooked: what cannot be
sound was accepted.
"""


@dataclass(frozen=True)
class Trial:
    """What is to be done.

    Attributes:
        name: Its kind and index, which with the seed make it again.
        command: An entry point: "train", "sample", "evaluate" or "export".
        arguments: Its command line.
        what: What was changed, for people.
        file: Content of in/model.ckpt, if the trial needs one.
        sound: Whether it may be accepted.
        here: Whether it may write into the folder it was started in, as a person's command may.
    """

    name: str
    command: str
    arguments: list[str]
    what: str
    file: bytes | None = None
    sound: bool = True
    here: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came of a trial: "accepted", "refused" or one of FAILURES, with what was printed."""

    category: str
    detail: str = ""
    seconds: float = 0.0
    peak_bytes: int = field(default=0)


def attempt(trial: Trial, entries: dict[str, ModuleType], place: Path, strange: Path) -> Outcome:
    """Run a trial in a forked child and say what came of it.

    Args:
        trial: The command.
        entries: Modules with a ``main``, by command.
        place: An empty folder. The child's home and working folder are made in it, and its
            output belongs into ``place / "out"`` alone.
        strange: A folder that no trial may change either.
    """
    home, work, given = place / "home", place / "work", place / "in"
    for folder in (home, work, given):
        folder.mkdir(parents=True)
    if trial.file is not None:
        (given / "model.ckpt").write_bytes(trial.file)
    guarded = home, given, strange, *(() if trial.here else (work,))
    before = digest(guarded)
    printed = place / "printed.txt"
    started = time.monotonic()
    pid = os.fork()
    if pid == 0:
        child(trial, entries, place, printed)
    status, usage, hung = wait(pid, started + TIMEOUT)
    seconds, peak = time.monotonic() - started, usage.ru_maxrss * 1024
    text = printed.read_text(errors="replace") if printed.exists() else ""
    changed = differences(before, digest(guarded))
    outcome = judged(trial, status, text, hung, peak, changed)
    return Outcome(*outcome, seconds=seconds, peak_bytes=peak)


def judged(
    trial: Trial, status: int, text: str, hung: bool, peak: int, changed: list[str]
) -> tuple[str, str]:
    """Return the category of what happened, the worst first, and the words that tell it."""
    lines = text.strip().splitlines()
    end = " | ".join(lines[-3:])
    said = [line for line in lines if line.startswith("gan_lab: ")]
    launched = [line for line in lines if line.startswith("fuzz: launched")]
    starved = "MemoryError" in text or "can't allocate memory" in text
    memory = peak > MEMORY or (starved and not said)  # a refusal may say how much was asked for
    failed = not os.WIFEXITED(status) or os.WEXITSTATUS(status) != 0
    found = {
        "overwritten": (bool(changed), ", ".join(changed[:5])),
        "launched": (bool(launched), "".join(launched[:1])),
        "hang": (hung, end),
        "memory": (memory, f"{peak / 2**30:.1f} GB | {end}"),
        "traceback": ("Traceback (most recent call last)" in text, cause_of(lines)),
        "killed": (os.WIFSIGNALED(status), f"status {status} | {end}"),
        "wordless": (failed and not said, end),
        "refused": (failed, "".join(said[-1:])),
        "overlooked": (not trial.sound, "damaged, and accepted"),
    }
    for category, (holds, detail) in found.items():
        if holds:
            return category, detail
    return "accepted", ""


def child(
    trial: Trial, entries: dict[str, ModuleType], place: Path, printed: Path
) -> None:  # pragma: no cover, in another process
    """Run the trial's command line here and end the process."""
    code = 70
    try:
        os.setsid()
        output = os.open(printed, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(output, stream)
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115, the process's own
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
        sys.stdin = open(os.devnull)  # noqa: SIM115
        limit = virtual_bytes() + MEMORY + (MEMORY >> 2)
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.environ["HOME"] = str(place / "home")
        os.chdir(place / "work")
        sys.addaudithook(refuse_programs)
        sys.argv = [trial.command, *trial.arguments]
        entries[trial.command].main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def refuse_programs(event: str, arguments: tuple[object, ...]) -> None:
    """Say so and stop where the process would start another program."""
    if event in {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn"}:
        print(f"fuzz: launched {event} {arguments[:2]}", file=sys.stderr, flush=True)
        os._exit(3)


def virtual_bytes() -> int:
    """Return the size of this process's address space."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def wait(pid: int, deadline: float) -> tuple[int, resource.struct_rusage, bool]:
    """Wait for a child and end its whole session; return its status, usage and whether it hung."""
    hung = False
    while True:
        found, status, usage = os.wait4(pid, os.WNOHANG)
        if found:
            break
        if time.monotonic() > deadline and not hung:
            hung = True
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    return status, usage, hung


ERROR = re.compile(r"[A-Za-z_][\w.]*(Error|Exception|Interrupt|Timeout|Failed)\b")


def cause_of(lines: list[str]) -> str:
    """Return the first line of a traceback's last error, and the place in the lab nearest to it."""
    errors = [line for line in lines if ERROR.match(line)]
    places = [line.strip() for line in lines if line.lstrip().startswith('File "')]
    ours = [place.rpartition("/gan_lab/")[2] for place in places if "/gan_lab/" in place]
    return f"{errors[-1] if errors else ''} [{ours[-1] if ours else 'outside the lab'}]"


def digest(folders: tuple[Path, ...]) -> dict[str, str]:
    """Return a digest of every file below ``folders`` by its path; folders and links too."""
    found = {}
    for folder in folders:
        for path in sorted(walk(folder)):
            name = f"{folder.name}/{path.relative_to(folder)}"
            if path.is_symlink():
                found[name] = f"-> {path.readlink()}"
            elif path.is_file():
                found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
            else:
                found[name] = "folder"
    return found


def walk(folder: Path) -> Iterator[Path]:
    """Yield all that is below a folder, hidden things too, links not followed."""
    for root, folders, files in os.walk(folder):
        for name in (*folders, *files):
            yield Path(root) / name


def differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Return the paths that appeared, vanished or changed."""
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))


def clear(place: Path) -> None:
    """Remove a trial's folder, whatever its rights are now."""
    shutil.rmtree(place, ignore_errors=True)
