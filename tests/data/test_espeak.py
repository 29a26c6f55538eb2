"""Who speaks, without the library that speaks."""

from pathlib import Path

from gan_lab.data.espeak import Espeak


def test_speakers_are_the_voices_that_sound_human(tmp_path: Path) -> None:
    voices = tmp_path / "voices" / "!v"
    voices.mkdir(parents=True)
    for name in ("max", "Alicia", "f1", "whisperf", "Demonic", "Mr serious", "robosoft"):
        (voices / name).touch()
    library = Espeak.__new__(Espeak)
    library.folder = tmp_path
    assert library.speakers() == ["Alicia", "f1", "max"]
