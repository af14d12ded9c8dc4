"""Every entry of the catalogue can be fetched, verified and cited."""

import os
import re
from pathlib import Path

import pytest

from foursplit import plugins
from foursplit.core.errors import FoursplitError
from foursplit.data.download import archive, catalogue
from foursplit.io import artifacts

ENTRIES = {name: catalogue.load_entry(name) for name in catalogue.entry_names()}
NO_MIRROR = "no mirror of the data sets: FOURSPLIT_MIRROR is not set"
MIRROR = os.environ.get("FOURSPLIT_MIRROR", "")


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_is_pinned_by_hash_and_commit(name):
    entry = ENTRIES[name]
    assert entry.cite
    for file in entry.files:
        assert file.path.startswith(f"{name}/")
        assert re.fullmatch("[0-9a-f]{64}", file.sha256)
        # The content at a moving address may change, so each URL names a commit.
        assert file.url == "" or re.match(r"https://[^?#]+/[0-9a-f]{40}/", file.url)
    if entry.packed is not None:
        assert entry.packed.path.startswith(f"{name}/")
        repository = entry.packed.repository
        assert bool(repository) != bool(entry.packed.only_in_mirrors)
        assert repository is None or re.fullmatch("[0-9a-f]{40}", repository.commit)


def test_no_two_files_have_the_same_path():
    file_paths = [file.path for entry in ENTRIES.values() for file in entry.files]
    file_paths += [entry.packed.path for entry in ENTRIES.values() if entry.packed]
    assert len(file_paths) == len(set(file_paths))


@pytest.mark.parametrize("name", [name for name in ENTRIES if name.startswith("course_")])
def test_course_material_needs_an_accepted_licence(name):
    assert ENTRIES[name].terms == "ask"


def test_an_unclear_licence_is_never_free():
    unclear = {name for name, entry in ENTRIES.items() if "not " in entry.licence}
    unclear |= {name for name, entry in ENTRIES.items() if "non-commercial" in entry.licence}
    assert unclear
    assert {ENTRIES[name].terms for name in unclear} == {"ask"}


def test_an_unknown_data_set_suggests_a_similar_name():
    with pytest.raises(FoursplitError, match="unknown data set 'mnits'. Did you mean 'mnist'?"):
        catalogue.load_entry("mnits")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("  terms: maybe", "terms: 'maybe'"),
        ("  terms: ask", "terms: 'ask' and why: '' do not go together"),
        ("  terms: free\n  licens: MIT", "unknown parameter 'licens'. Did you mean 'licence'"),
    ],
)
def test_an_invalid_entry_raises_with_the_field(tmp_path, line, message):
    path = tmp_path / "catalogue.yaml"
    file = "{path: a/b, sha256: x, bytes: 1}"
    text = f"a:\n  about: a\n  licence: MIT\n{line}\n  cite: c\n  home: h\n  files: [{file}]\n"
    path.write_text(text)
    with pytest.raises(FoursplitError, match=re.escape(message)):
        catalogue.load_entry("a", path)


def test_attribution_names_authors_licence_and_url():
    declared = plugins.dataset("mnist_usps").SPEC
    (attribution,) = catalogue.attributions(declared)
    for text in ("LeCun", "CC BY-SA 3.0", "https://"):
        assert text in attribution


@pytest.mark.skipif(not MIRROR, reason=NO_MIRROR)
@pytest.mark.parametrize("name", ENTRIES)
def test_a_mirror_matches_the_catalogue(name):
    entry = ENTRIES[name]
    files = [(file.path, file.sha256, file.bytes) for file in entry.files]
    if entry.packed:
        files.append((entry.packed.path, entry.packed.sha256, entry.packed.bytes))
    for path, sha256, size in files:
        file = Path(MIRROR) / path
        assert file.stat().st_size == size
        assert artifacts.sha256_file(file) == sha256


@pytest.mark.skipif(not MIRROR, reason=NO_MIRROR)
@pytest.mark.parametrize("name", [name for name, entry in ENTRIES.items() if entry.packed])
def test_a_packed_data_set_unpacks_to_the_digest_of_the_catalogue(name, tmp_path):
    packed = ENTRIES[name].packed
    assert packed is not None
    digest = archive.unpack(
        Path(MIRROR) / packed.path,
        tmp_path,
        members=packed.members,
        unpacked_bytes=packed.unpacked_bytes,
    )
    assert digest == packed.digest
