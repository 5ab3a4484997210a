"""URLs of the bucket: for one key, size and content; nothing is there until it is collected."""

import base64
import hashlib
import http.client
from datetime import timedelta
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from leonidas_jupyter.core.ids import now
from leonidas_jupyter.storage import s3
from leonidas_jupyter.storage.base import ObjectInfo, PartedUpload, PartsMissing, UploadOver

CONTENT = bytes(range(256)) * 14_000
"""Three parts and a half where these are of 1 MiB."""

SHA256 = hashlib.sha256(CONTENT).hexdigest()
SMALL = b"a,b\n1,2\n"
SMALL_SHA256 = hashlib.sha256(SMALL).hexdigest()


def request(signed, body=None, headers=None, method=None):
    """What a client sends that only has the URL: the status, the headers, the body."""
    parts = urlsplit(signed.url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    try:
        sent = {**signed.headers, **(headers or {})}
        connection.request(method or signed.method, f"{parts.path}?{parts.query}", body, sent)
        answer = connection.getresponse()
        said = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, said, answer.read()
    finally:
        connection.close()


def signed_headers(signed):
    return set(parse_qs(urlsplit(signed.url).query)["X-Amz-SignedHeaders"][0].split(";"))


def put(store, key="a/k", content=SMALL, sha256=SMALL_SHA256, expires_in=60):
    return store.presign_put(key, size=len(content), sha256=sha256, expires_in=expires_in)


async def read(store, key):
    return b"".join([chunk async for chunk in store.get(key)])


async def staged(store):
    listed = await store._calls.call("list_objects_v2", Prefix=store._staged)
    return [each["Key"] for each in listed.get("Contents", [])]


class TestWhole:
    def test_what_is_put_is_there_once_it_is_collected(self, on_s3):
        async def body(store):
            signed = await put(store)
            assert signed.method == "PUT"
            assert request(signed, SMALL)[0] == 200
            assert await store.head("a/k") is None
            assert [info async for info in store.list("")] == []
            collected = await store.collect("a/k", size=len(SMALL))
            assert collected == ObjectInfo("a/k", len(SMALL), SMALL_SHA256)
            assert await read(store, "a/k") == SMALL
            assert await staged(store) == []
            assert await store.collect("a/k", size=len(SMALL)) == collected

        on_s3(body)

    def test_its_url_changes_nothing_any_more(self, on_s3):
        async def body(store):
            signed = await put(store, sha256=None)
            request(signed, SMALL)
            await store.collect("a/k", size=len(SMALL))
            assert request(signed, SMALL[::-1])[0] == 200
            assert await read(store, "a/k") == SMALL

        on_s3(body)

    def test_size_and_content_are_bound(self, on_s3):
        async def body(store):
            signed = await put(store)
            other = hashlib.sha256(SMALL[::-1]).digest()
            theirs = {"x-amz-checksum-sha256": base64.b64encode(other).decode()}
            for content, headers in (
                (SMALL + b"x", {}),
                (SMALL[:-1], {}),
                (b"", {}),
                (SMALL[::-1], {}),
                (SMALL[::-1], theirs),
            ):
                assert request(signed, content, headers)[0] in {400, 403}
            assert await store.collect("a/k", size=len(SMALL)) is None
            assert {"content-length", "x-amz-checksum-sha256", "host"} <= signed_headers(signed)
            assert "content-length" not in signed.headers

        on_s3(body)

    def test_without_a_checksum_the_size_is_bound(self, on_s3):
        async def body(store):
            signed = await put(store, sha256=None)
            assert "content-length" in signed_headers(signed)
            assert request(signed, SMALL + b"x")[0] == 403
            assert request(signed, SMALL)[0] == 200
            collected = await store.collect("a/k", size=len(SMALL))
            assert (collected.size, collected.sha256) == (len(SMALL), None)

        on_s3(body)

    def test_a_checksum_that_the_uploader_adds_is_not_believed(self, on_s3):
        """AWS refuses unsigned ``x-amz-`` headers; this server takes them."""

        async def body(store):
            signed = await put(store, sha256=None)
            request(signed, SMALL, {"x-amz-meta-sha256": "0" * 64})
            assert (await store.collect("a/k", size=len(SMALL))).sha256 is None

        on_s3(body)

    @pytest.mark.parametrize("verb", ["GET", "DELETE", "POST"])
    def test_they_fit_one_verb_and_one_key(self, on_s3, verb):
        async def body(store):
            signed = await put(store)
            assert request(signed, SMALL, method=verb)[0] in {400, 403, 405}
            moved = type(signed)(
                signed.url.replace("/a/k?", "/a/l?"), "PUT", signed.expires_at, signed.headers
            )
            assert request(moved, SMALL)[0] == 403
            assert await staged(store) == []

        on_s3(body)

    def test_they_expire(self, on_s3):
        async def body(store):
            signed = await put(store)
            before = now() + timedelta(seconds=60)
            assert abs((signed.expires_at - before).total_seconds()) < 30
            query = parse_qs(urlsplit(signed.url).query)
            assert query["X-Amz-Expires"] == ["60"]
            date = query["X-Amz-Date"][0]
            old = signed.url.replace(date, (now() - timedelta(days=1)).strftime("%Y%m%dT%H%M%SZ"))
            late = type(signed)(old, "PUT", signed.expires_at, signed.headers)
            assert request(late, SMALL)[0] == 403

        on_s3(body)

    def test_what_is_of_another_size_stays_where_it_is(self, on_s3):
        async def body(store):
            request(await put(store), SMALL)
            collected = await store.collect("a/k", size=len(SMALL) + 1)
            assert collected is None
            assert await store.head("a/k") is None
            assert len(await staged(store)) == 1

        on_s3(body)


class TestDownloads:
    def test_bytes_leave_as_an_attachment(self, on_s3):
        async def body(store):
            await store.put("a/k", SMALL)
            signed = await store.presign_get("a/k", filename="Über sicht.csv", expires_in=60)
            status, headers, content = request(signed)
            assert (status, content) == (200, SMALL)
            assert headers["content-type"] == "application/octet-stream"
            assert headers["content-disposition"].startswith("attachment;")
            assert quote("Über sicht.csv") in headers["content-disposition"]
            assert headers["cache-control"] == "private, no-store"
            assert request(signed, headers={"Range": "bytes=2-4"})[2] == SMALL[2:5]
            for verb in ("PUT", "DELETE"):
                assert request(signed, SMALL, method=verb)[0] in {400, 403}
            assert await read(store, "a/k") == SMALL

        on_s3(body)

    def test_the_name_cannot_be_changed(self, on_s3):
        async def body(store):
            await store.put("a/k", SMALL)
            signed = await store.presign_get("a/k", filename="a.csv", expires_in=60)
            inline = signed.url.replace("attachment", "inline")
            assert inline != signed.url
            assert request(type(signed)(inline, "GET", signed.expires_at))[0] == 403

        on_s3(body)


@pytest.mark.usefixtures("small_parts")
class TestParts:
    def send(self, parts, numbers=None):
        at = 0
        for part in parts:
            if numbers is None or part.number in numbers:
                assert request(part.url, CONTENT[at : at + part.size])[0] == 200
            at += part.size

    def test_small_uploads_go_whole(self, on_s3):
        async def body(store):
            assert await store.begin_parts("a/k", 2 * 1024**2) is None

        on_s3(body)

    def test_they_go_on_where_they_broke_off(self, on_s3):
        async def body(store):
            size = len(CONTENT)
            upload = await store.begin_parts("a/k", size)
            parts = await store.presign_parts("a/k", upload, size=size, expires_in=60)
            assert [(part.number, part.etag) for part in parts] == [(n, None) for n in (1, 2, 3, 4)]
            assert sum(part.size for part in parts) == size
            self.send(parts, {1, 3})
            assert await store.head("a/k") is None
            with pytest.raises(PartsMissing) as missing:
                await store.collect("a/k", size=size, upload=upload)
            assert missing.value.numbers == [2, 4]
            parts = await store.presign_parts("a/k", upload, size=size, expires_in=60)
            assert [part.number for part in parts if part.etag is None] == [2, 4]
            self.send(parts, {2, 4})
            collected = await store.collect("a/k", size=size, upload=upload)
            assert collected == ObjectInfo("a/k", size, None)
            assert await read(store, "a/k") == CONTENT
            assert await store.collect("a/k", size=size, upload=upload) == collected
            with pytest.raises(UploadOver):
                await store.presign_parts("a/k", upload, size=size, expires_in=60)
            assert request(parts[0].url, CONTENT[: parts[0].size])[0] == 404

        on_s3(body)

    def test_the_size_of_each_is_bound(self, on_s3):
        async def body(store):
            upload = await store.begin_parts("a/k", len(CONTENT))
            parts = await store.presign_parts("a/k", upload, size=len(CONTENT), expires_in=60)
            assert request(parts[0].url, CONTENT[: parts[0].size - 1])[0] == 403
            assert "content-length" in signed_headers(parts[0].url)
            wrong = {"Content-MD5": base64.b64encode(hashlib.md5(b"").digest()).decode()}  # noqa: S324 - S3's
            assert request(parts[0].url, CONTENT[: parts[0].size], wrong)[0] == 400

        on_s3(body)

    def test_who_sends_the_whole_instead_is_understood(self, on_s3):
        async def body(store):
            upload = await store.begin_parts("a/k", len(CONTENT))
            request(await put(store, "a/k", CONTENT, SHA256), CONTENT)
            collected = await store.collect("a/k", size=len(CONTENT), upload=upload)
            assert collected == ObjectInfo("a/k", len(CONTENT), SHA256)

        on_s3(body)

    def test_there_are_never_more_than_one_answer_holds(self):
        assert len(PartedUpload("u", 1024).sizes(500 * 1024)) == 500
        assert PartedUpload("u", 4).sizes(10) == {1: 4, 2: 4, 3: 2}


KMS = {"sse": "aws:kms", "kms_key_id": "alias/leonidas"}


class TestEncryption:
    @pytest.mark.usefixtures("small_parts")
    def test_it_is_asked_for_in_every_call_that_writes(self, on_s3, monkeypatch):
        from leonidas_jupyter.storage.s3calls import S3Calls

        whole, written = S3Calls.call, {}

        async def call(self, operation, **parameters):
            written[operation] = {
                parameters.get("ServerSideEncryption"),
                parameters.get("SSEKMSKeyId"),
            }
            return await whole(self, operation, **parameters)

        async def body(store):
            monkeypatch.setattr(S3Calls, "call", call)
            await store.put("a", b"x")
            await store.put("b", CONTENT)
            await store.copy("a", "c")
            await store.copy("b", "d")
            await store.begin_parts("e", len(CONTENT))

        on_s3(body, **KMS)
        for operation in ("put_object", "copy_object", "create_multipart_upload"):
            assert written[operation] == {"aws:kms", "alias/leonidas"}

    def test_signed_urls_bind_it(self, on_s3):
        async def body(store):
            signed = await put(store)
            wanted = {
                "x-amz-server-side-encryption",
                "x-amz-server-side-encryption-aws-kms-key-id",
            }
            assert wanted <= signed_headers(signed)
            assert signed.headers["x-amz-server-side-encryption"] == "aws:kms"
            plain = type(signed)(
                signed.url,
                "PUT",
                signed.expires_at,
                {name: value for name, value in signed.headers.items() if name not in wanted},
            )
            assert request(plain, SMALL)[0] == 403
            assert request(signed, SMALL)[0] == 200

        on_s3(body, **KMS)


def test_urls_are_signed_for_the_public_address(on_s3):
    async def body(store):
        signed = await put(store)
        assert urlsplit(signed.url).netloc == "files.example.org:9000"
        signed = await store.presign_get("k", filename="k", expires_in=60)
        assert urlsplit(signed.url).netloc == "files.example.org:9000"
        await store.ping()

    on_s3(body, public_endpoint_url="https://files.example.org:9000")


@pytest.mark.usefixtures("small_parts")
class TestRemoving:
    async def fill(self, store):
        await store.put("p/1/a", b"x")
        await store.put("p/2/a", b"x")
        request(await put(store, "p/1/b"), SMALL)
        request(await put(store, "p/2/b"), SMALL)
        await store.begin_parts("p/1/c", len(CONTENT))
        await store.begin_parts("p/2/c", len(CONTENT))

    async def left(self, store):
        uploads = await store._calls.call("list_multipart_uploads", Prefix=store._objects)
        names = [info.key async for info in store.list("")]
        names += [key.removeprefix(store._staged) for key in await staged(store)]
        names += [each["Key"].removeprefix(store._objects) for each in uploads.get("Uploads", [])]
        return sorted(names)

    def test_a_prefix_goes_with_what_was_not_collected(self, on_s3):
        async def body(store):
            await self.fill(store)
            await store.delete_prefix("p/1/")
            assert await self.left(store) == ["p/2/a", "p/2/b", "p/2/c"]
            await store.purge("p/")
            assert await self.left(store) == []

        on_s3(body)

    def test_what_nobody_collected_is_swept_when_it_is_old(self, on_s3, monkeypatch):
        async def body(store):
            await self.fill(store)
            await store.sweep()
            assert len(await self.left(store)) == 6
            monkeypatch.setattr(s3, "UPLOAD_AGE", timedelta(seconds=-5))
            await store.sweep()
            assert await self.left(store) == ["p/1/a", "p/1/c", "p/2/a", "p/2/c"]
            monkeypatch.setattr(s3, "PARTS_AGE", timedelta(seconds=-5))
            await store.sweep()
            assert await self.left(store) == ["p/1/a", "p/2/a"]

        on_s3(body)

    def test_every_version_is_purged(self, on_s3, s3_versions):
        async def body(store):
            for content in (b"1", b"2"):
                await store.put("p/k", content)
                await store.put("q/k", content)
            await store.delete("p/k")
            assert len(s3_versions(store, "p/")) == 3
            await store.purge("p/")
            assert s3_versions(store, "p/") == []
            assert len(s3_versions(store, "q/")) == 2
            assert await read(store, "q/k") == b"2"

        on_s3(body)

    def test_what_was_removed_is_listed_and_purged_alone(self, on_s3, s3_versions):
        async def body(store):
            for name in ("p/k", "p/k2", "p/stays", "q/k"):
                await store.put(name, b"1")
            for name in ("p/k", "p/k2", "q/k"):
                await store.delete(name)
            assert [key async for key in store.removed("p/")] == ["p/k", "p/k2"]
            await store.purge("p/k")
            assert s3_versions(store, "p/k") == s3_versions(store, "p/k2")
            assert len(s3_versions(store, "p/k2")) == 2
            assert [key async for key in store.removed("p/")] == ["p/k2"]

        on_s3(body)
