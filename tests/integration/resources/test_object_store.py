"""Originals are created once: in a folder and in a bucket alike."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest

from pipelines.resources.object_store import BucketStore, FolderStore, ObjectStore, open_object_store
from transactional.vocabulary.errors import InputRejected, InvariantBroken, Transient


@pytest.fixture(scope="module")
def s3_endpoint() -> Iterator[str]:
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    # one request at a time: between moto's look whether an object is there and its writing, a second thread of the server may look too
    server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=False)
    thread = threading.Thread(target=server.serve_forever, name="moto")
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "eu-central-1"}.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ObjectStore]:
    if request.param == "folder":
        yield open_object_store((tmp_path / "objects with spaces").as_uri())
        return
    request.getfixturevalue("aws")
    endpoint = request.getfixturevalue("s3_endpoint")
    name = f"bucket-{os.urandom(4).hex()}"
    client = boto3.client("s3", endpoint_url=endpoint)
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    yield open_object_store(f"s3://{name}/some/prefix", endpoint)
    client.close()


def test_an_object_is_created_once_and_never_replaced(store: ObjectStore) -> None:
    assert store.put_new("originals/ab/abc", b"first")
    assert not store.put_new("originals/ab/abc", b"second")
    assert store.get("originals/ab/abc") == b"first"
    assert store.exists("originals/ab/abc")
    assert not store.exists("originals/ab/other")
    with pytest.raises(InputRejected, match="no object"):
        store.get("originals/ab/other")


def test_an_object_from_a_file_is_created_once_too(store: ObjectStore, tmp_path: Path) -> None:
    content = bytes(range(256)) * 8192
    (tmp_path / "large").write_bytes(content)
    assert store.put_new_file("bundles/a.zip", tmp_path / "large")
    (tmp_path / "large").write_bytes(b"another")
    assert not store.put_new_file("bundles/a.zip", tmp_path / "large")
    assert store.get("bundles/a.zip") == content


def test_keys_are_listed_in_order_under_a_prefix(store: ObjectStore) -> None:
    for key in ("b/2", "a/1", "b/1"):
        store.put_new(key, b"x")
    assert list(store.keys()) == ["a/1", "b/1", "b/2"]
    assert list(store.keys("b/")) == ["b/1", "b/2"]


@pytest.mark.parametrize("key", ["../escape", "a/../../b", "/absolute", "a//b", "", "a/./b", "a\x00b"])
def test_a_key_cannot_climb_out_of_the_store(store: ObjectStore, key: str) -> None:
    with pytest.raises(InvariantBroken):
        store.put_new(key, b"x")


def test_of_many_who_create_the_same_object_one_does(store: ObjectStore) -> None:
    outcomes: list[bool] = []
    _together(lambda: outcomes.append(store.put_new("originals/same", b"same")), 8)
    assert sorted(outcomes) == [False] * 7 + [True]
    assert store.get("originals/same") == b"same"


def test_a_crash_before_the_end_leaves_no_object_and_no_listing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FolderStore(tmp_path)

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", crash)
        with pytest.raises(KeyboardInterrupt):
            store.put_new("a/b", b"x")
    (tmp_path / "a" / ".new-left-by-a-killed-process").write_bytes(b"half")
    assert not store.exists("a/b")
    assert list(store.keys()) == []
    assert store.put_new("a/b", b"x")


def test_a_store_out_of_reach_is_transient(aws: None) -> None:
    from botocore.config import Config

    client = boto3.client("s3", endpoint_url="http://127.0.0.1:1", config=Config(retries={"max_attempts": 0}, connect_timeout=1))
    with pytest.raises(Transient, match="cannot be reached"):
        BucketStore("bucket", client=client).exists("a")
    client.close()


def test_a_missing_bucket_is_an_error_and_not_an_empty_store(aws: None, s3_endpoint: str) -> None:
    with pytest.raises(Transient, match="NoSuchBucket"):
        open_object_store("s3://nobody-made-this", s3_endpoint).put_new("a", b"x")


@pytest.mark.parametrize("url", ["", "/plain/path", "http://x/y", "s3://", "file://host/path"])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(InputRejected, match="expected file:///folder or s3://bucket"):
        open_object_store(url)


def _together(action: Callable[[], object], count: int) -> None:
    threads = [threading.Thread(target=action) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
