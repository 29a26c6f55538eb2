"""Files are written whole, and never through a link."""

from pathlib import Path

import pytest

from gan_lab.errors import LabError
from gan_lab.files import refuse_links, written_whole


@pytest.mark.parametrize("shared", [False, True])
def test_a_link_is_replaced_and_what_it_points_to_is_left(tmp_path: Path, shared: bool) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    folder = tmp_path / "run"
    folder.mkdir()
    for name in ("file", ".file.tmp"):
        (folder / name).symlink_to(precious)
    with written_whole(folder / "file", shared=shared) as file:
        file.write(b"theirs")
    assert precious.read_text() == "mine"
    assert (folder / "file").read_text() == "theirs"
    assert not (folder / "file").is_symlink()
    assert shared or [entry.name for entry in folder.iterdir()] == ["file"]


def test_what_a_crash_left_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / ".file.tmp").write_text("half")
    with written_whole(tmp_path / "file") as file:
        file.write(b"whole")
    assert [entry.read_text() for entry in tmp_path.iterdir()] == ["whole"]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LabError, match="cannot write"), written_whole(tmp_path / "file" / "x"):
        pass


def test_links_are_found_at_any_depth(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    refuse_links(tmp_path)
    (tmp_path / "a" / "b" / "c").symlink_to("/")
    with pytest.raises(LabError, match="a/b/c is a symbolic link"):
        refuse_links(tmp_path)
