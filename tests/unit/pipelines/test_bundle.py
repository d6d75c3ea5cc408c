"""Does a bundle say of itself what is true: the same bytes for the same day, and every way to alter one is found."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import pytest

from pipelines.reports.bundle import (
    FILES,
    FORMAT,
    MANIFEST,
    STANDING,
    as_json,
    differences,
    file_sha256,
    original_differences,
    read_manifest,
    signed_differences,
    write_bundle,
)
from transactional.vocabulary.errors import InputRejected

MEMBERS = (("standing.json", b"{}\n"), ("page.en.html", b"<p>a day</p>" * 9))
FACTS = {"day": "2026-01-05", "close": None}


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    write_bundle(tmp_path / "a.zip", FACTS, MEMBERS)
    return tmp_path / "a.zip"


def rewritten(bundle: Path, change: dict[str, bytes | None], more: tuple[tuple[str, bytes], ...] = ()) -> Path:
    """The bundle with members replaced (None: left out) and others added, as somebody with a zip tool would."""
    target = bundle.with_name("altered.zip")
    with zipfile.ZipFile(bundle) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = change.get(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
        for name, content in more:
            new.writestr(name, content)
    return target


def found(bundle: Path) -> set[tuple[str, str]]:
    return {(each.member, each.what) for each in differences(bundle)}


def test_the_same_members_give_the_same_bytes(tmp_path: Path, bundle: Path) -> None:
    # the trap: the time of day in a zip's entries, and a hash that nobody can reproduce
    again = tmp_path / "b.zip"
    assert write_bundle(again, FACTS, MEMBERS) == file_sha256(bundle)
    assert again.read_bytes() == bundle.read_bytes()
    assert found(bundle) == set()
    assert [each["name"] for each in read_manifest(bundle)["members"]] == ["standing.json", "page.en.html"]


@pytest.mark.parametrize("content", [b"{} \n", b"{}", b"[]\n"])
def test_an_altered_member_is_found_whether_longer_shorter_or_as_long(bundle: Path, content: bytes) -> None:
    assert found(rewritten(bundle, {"standing.json": content})) == {("standing.json", "altered")}


def test_a_member_left_out_and_one_put_in_are_found(bundle: Path) -> None:
    altered = rewritten(bundle, {"page.en.html": None}, (("page.tr.html", b"x"),))
    assert found(altered) == {("page.en.html", "missing"), ("page.tr.html", "extra")}


def test_a_second_member_of_the_same_name_is_found(bundle: Path) -> None:
    # the trap: one reader takes the first, another the last, and both say the hash is right
    with pytest.warns(UserWarning, match="Duplicate name"):
        altered = rewritten(bundle, {}, (("standing.json", b"{}\n"),))
    assert ("standing.json", "repeated") in found(altered)


def test_a_member_that_unpacks_to_more_than_it_says_is_not_read_to_its_end(bundle: Path) -> None:
    bomb = rewritten(bundle, {"standing.json": b"\0" * (32 << 20)})
    assert bomb.stat().st_size < 1 << 20
    (difference,) = differences(bomb)
    assert (difference.what, difference.told) == ("altered", "3 bytes were written, more are there")


def test_broken_bytes_are_a_difference_and_no_traceback(bundle: Path) -> None:
    content = bytearray(bundle.read_bytes())
    at = content.index(b"<p>a day")
    content[at] ^= 1
    bundle.write_bytes(content)
    assert {each.what for each in differences(bundle)} <= {"unreadable", "altered"}
    assert {each.member for each in differences(bundle)} == {"page.en.html"}


@pytest.mark.parametrize("name", ["../up.json", "a/b.json", MANIFEST, "", ".hidden", "a\0b"])
def test_a_name_that_leaves_its_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputRejected, match="member"):
        write_bundle(tmp_path / "a.zip", {}, [(name, b"")])


def test_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="member"):
        write_bundle(tmp_path / "a.zip", {}, [("a.json", b"1"), ("a.json", b"2")])


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and then nothing", b"text"], ids=["empty", "the beginning of a zip", "text"])
def test_what_is_no_bundle_is_refused_by_its_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    with pytest.raises(InputRejected, match=r"x\.zip"):
        read_manifest(path)


@pytest.mark.parametrize("manifest", [{}, {"format": "another"}, {"format": FORMAT, "members": [{}]}, [], {"format": FORMAT, "members": 3}])
def test_a_zip_without_our_manifest_is_refused(bundle: Path, manifest: object) -> None:
    with pytest.raises(InputRejected, match="no evidence bundle"):
        read_manifest(rewritten(bundle, {MANIFEST: json.dumps(manifest).encode()}))


def test_an_input_file_that_is_gone_or_another_is_named(tmp_path: Path) -> None:
    held = {"originals/aa/a": b"one", "originals/bb/b": b"two"}
    files = [
        {"name": f"{key[-1]}.csv", "version": 1, "object_key": key, "sha256": hashlib.sha256(content).hexdigest()} for key, content in held.items()
    ]
    path = tmp_path / "a.zip"
    write_bundle(path, FACTS, [(FILES, as_json(files))])
    assert list(original_differences(path, held.get)) == []
    found = original_differences(path, {"originals/aa/a": b"ONE"}.get)
    assert [(each.member, each.what) for each in found] == [("a.csv version 1", "altered"), ("b.csv version 1", "missing")]


def test_a_day_forged_with_a_new_manifest_is_not_the_one_that_was_signed(tmp_path: Path) -> None:
    # the trap: a manifest only says that the zip is whole; whoever forges the day writes a new one
    forged = tmp_path / "forged.zip"
    write_bundle(forged, FACTS, [(STANDING, as_json({"breaks": 0}))])
    assert found(forged) == set()
    assert [each.what for each in signed_differences(forged, "0" * 64)] == ["altered"]
    assert [each.what for each in signed_differences(forged, None)] == ["unsigned"]
    assert list(signed_differences(forged, read_manifest(forged)["members"][0]["sha256"])) == []
