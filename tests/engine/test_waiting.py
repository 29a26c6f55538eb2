"""How threads wait for each other: set before torch reads it, and never over what a user set."""

import os
import subprocess
import sys

import pytest

import gan_lab

GIVEN = [{}, {"OMP_WAIT_POLICY": "active"}, {"GOMP_SPINCOUNT": "7"}, {"KMP_BLOCKTIME": "1"}]


def told(code: str, **given: str) -> subprocess.CompletedProcess[str]:
    names = {name for each in GIVEN for name in each}
    environment = {k: v for k, v in os.environ.items() if k not in names}
    return subprocess.run(
        [sys.executable, "-c", code],
        env=environment | given,
        capture_output=True,
        text=True,
        check=True,
    )


@pytest.mark.parametrize("given", GIVEN, ids=str)
def test_what_a_user_set_stays(given: dict[str, str]) -> None:
    names = {*gan_lab.WAITING, *(name for each in GIVEN for name in each)}
    shown = told(f"import gan_lab, os; print({{n: os.environ.get(n) for n in {names}}})", **given)
    expected = dict.fromkeys(names) | (given or gan_lab.WAITING)
    assert eval(shown.stdout) == expected


@pytest.mark.skipif(sys.platform != "linux", reason="torch has another OpenMP there")
def test_the_openmp_that_torch_loads_has_heard_of_it() -> None:
    loaded = told("import gan_lab.train; gan_lab.GAN", OMP_DISPLAY_ENV="verbose")
    for name, value in gan_lab.WAITING.items():
        assert f"{name} = '{value.upper()}'" in loaded.stderr
