"""Folders made below one that is removed meanwhile."""

import os
import shutil

import pytest

from cloud.local.rooted import only_below


@pytest.fixture
def top(tmp_path):
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def makedirs(top):
    return only_below(top, os.makedirs)


class TestMakedirs:
    def test_makes_what_is_missing_below(self, makedirs, top):
        makedirs(top / "objects" / "bucket" / "invoices")

        assert (top / "objects" / "bucket" / "invoices").is_dir()

    def test_takes_what_is_there_if_it_may(self, makedirs, top):
        makedirs(str(top / "objects"), 0o700, exist_ok=True)
        makedirs(str(top / "objects"), 0o700, exist_ok=True)

        with pytest.raises(FileExistsError):
            makedirs(str(top / "objects"))

    def test_does_not_take_a_file_for_a_folder(self, makedirs, top):
        (top / "objects").touch()

        with pytest.raises(FileExistsError):
            makedirs(top / "objects", exist_ok=True)
        with pytest.raises(NotADirectoryError):
            makedirs(top / "objects" / "bucket", exist_ok=True)

    def test_makes_folders_elsewhere_as_ever(self, makedirs, tmp_path):
        makedirs(tmp_path / "elsewhere" / "deep")

        assert (tmp_path / "elsewhere" / "deep").is_dir()

    def test_does_not_bring_the_removed_one_back(self, makedirs, top):
        shutil.rmtree(top)

        with pytest.raises(FileNotFoundError):
            makedirs(top / "aws" / "lambda-blobs", exist_ok=True)
        assert not top.exists()

    def test_makes_nothing_in_another_of_the_same_name(self, makedirs, top):
        shutil.rmtree(top)
        top.mkdir()

        with pytest.raises(FileNotFoundError):
            makedirs(top / "aws", exist_ok=True)
        assert list(top.iterdir()) == []
