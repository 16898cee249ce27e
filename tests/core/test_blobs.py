"""Blobs: content in, the same content out, whole or not at all."""

import hashlib
import io
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.blobs import BlobStore, FolderBlobs
from core.errors import InvalidInput, NotFound, StorageError


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return FolderBlobs(tmp_path / "blobs")


@given(content=st.binary(max_size=5000))
@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_content_comes_back(blobs: BlobStore, content: bytes) -> None:
    digest = blobs.put(content)
    assert digest == hashlib.sha256(content).hexdigest()
    assert blobs.put_stream(io.BytesIO(content)) == digest
    assert blobs.get(digest) == content
    with blobs.open(digest) as stream:
        assert stream.read() == content
    assert blobs.exists(digest)
    assert blobs.size(digest) == len(content)


def test_the_same_content_is_kept_once(blobs: BlobStore) -> None:
    assert blobs.put(b"one") == blobs.put(b"one")
    other = blobs.put(b"two")
    assert list(blobs.digests()) == sorted([hashlib.sha256(b"one").hexdigest(), other])


def test_a_deleted_blob_is_not_found(blobs: BlobStore) -> None:
    digest = blobs.put(b"one")
    blobs.delete(digest)
    blobs.delete(digest)
    assert not blobs.exists(digest)
    for read in (blobs.get, blobs.open, blobs.size):
        with pytest.raises(NotFound):
            read(digest)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 65, "0" * 64 + "\n"])
def test_a_name_that_is_no_digest_is_refused(blobs: BlobStore, name: str) -> None:
    for method in (blobs.get, blobs.open, blobs.size, blobs.exists, blobs.delete):
        with pytest.raises(InvalidInput):
            method(name)


def test_altered_content_is_noticed(blobs: BlobStore, tmp_path: Path) -> None:
    digest = blobs.put(b"the truth")
    path = tmp_path / "blobs" / digest[:2] / digest[2:4] / digest
    path.write_bytes(b"the trick")
    with pytest.raises(StorageError):
        blobs.get(digest)


def test_a_torn_file_is_mended_by_putting_again(blobs: BlobStore, tmp_path: Path) -> None:
    digest = blobs.put(b"the truth")
    (tmp_path / "blobs" / digest[:2] / digest[2:4] / digest).write_bytes(b"the")
    blobs.put(b"the truth")
    assert blobs.get(digest) == b"the truth"


def test_a_stream_that_breaks_leaves_nothing(blobs: BlobStore, tmp_path: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            content = super().read(10)
            if not content:
                raise ValueError("connection lost")
            return content

    with pytest.raises(ValueError, match="connection lost"):
        blobs.put_stream(Broken(b"x" * 25))
    assert list(blobs.digests()) == []
    assert [p for p in (tmp_path / "blobs").rglob("*") if p.is_file()] == []


def test_many_writers_of_one_blob(blobs: BlobStore) -> None:
    content = b"z" * 3_000_000
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(blobs.put(content))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [hashlib.sha256(content).hexdigest()] * 8
    assert blobs.get(found[0]) == content


def test_a_folder_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError):
        FolderBlobs(tmp_path / "file" / "blobs")
