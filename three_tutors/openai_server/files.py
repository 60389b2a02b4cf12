"""The routes of uploaded files."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import BinaryIO

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from three_tutors.openai_server.errors import ApiError, invalid
from three_tutors.openai_server.file_store import FOLDER, add_file, file_path
from three_tutors.openai_server.requests import PAGE, canonical, listed, once, route
from three_tutors.openai_server.store import Row, Store, private_file, private_folder

PURPOSE = "fine-tune"
PURPOSES = {"assistants", "batch", "batch_output", "evals", PURPOSE, "fine-tune-results", "user_data", "vision"}
"""What files are for in the protocol; here some have no files."""
LONGEST_NAME = 255
BLOCK = 2**20


class Files:
    """Uploaded files and result files."""

    def __init__(self, store: Store) -> None:
        """Keep bytes below the store's folder; remove what an interrupted upload left there."""
        self._store = store
        self._folder = private_folder(store.root / FOLDER)
        known = {row.id for row in store.all("file")}
        for path in self._folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name not in known:
                path.unlink()

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            route("POST", "/v1/files", self.create),
            route("GET", "/v1/files", self.list, *PAGE, "purpose"),
            route("GET", "/v1/files/{id}", self.get),
            route("DELETE", "/v1/files/{id}", self.delete),
            route("GET", "/v1/files/{id}/content", self.content),
        ]

    async def create(self, request: Request) -> Response:
        """POST /files."""
        if not request.headers.get("content-type", "").startswith("multipart/form-data"):
            raise invalid("An upload is a multipart form with `file` and `purpose`.", "file", "invalid_value")
        async with contextlib.AsyncExitStack() as stack:
            try:
                form = await stack.enter_async_context(request.form(max_files=1, max_fields=4, max_part_size=4096))
            except (HTTPException, UnicodeError) as error:
                reason = getattr(error, "detail", error)
                raise invalid(f"The multipart form cannot be read: {reason}", "file", "invalid_value") from None
            names = [name for name, _ in form.multi_items()]
            for name in names:
                if name not in ("file", "purpose"):
                    raise invalid(f"`{name}` is not supported by this server; leave it out.", name.split("[")[0], "unsupported_parameter")
                if names.count(name) > 1:
                    raise invalid(f"The parameter `{name}` is given more than once.", name, "invalid_value")
            file, purpose = form.get("file"), form.get("purpose")
            if not isinstance(file, UploadFile):
                raise invalid("You must provide the parameter `file`, with a file's name.", "file", "missing_required_parameter")
            if purpose is None:
                raise invalid("You must provide the parameter `purpose`.", "purpose", "missing_required_parameter")
            if purpose != PURPOSE:
                given = repr(purpose) if isinstance(purpose, str) else "a file"
                raise invalid(f"`purpose` is `{PURPOSE}` here, not {given}.", "purpose", "unsupported_value")
            row = await asyncio.to_thread(self._keep, request, file.file, _name(file.filename))
        return JSONResponse(row.document)

    async def list(self, request: Request) -> Response:
        """GET /files."""
        having = {name: value for name, value in request.query_params.items() if name == "purpose"}
        if not PURPOSES.issuperset(having.values()):
            raise invalid(f"`purpose` is one of {', '.join(sorted(PURPOSES))}.", "purpose", "invalid_value")
        return await asyncio.to_thread(listed, self._store, request, "file", limit=10_000, most=10_000, **having)

    async def get(self, request: Request) -> Response:
        """GET /files/{id}."""
        return JSONResponse(self._row(request).document)

    async def content(self, request: Request) -> Response:
        """GET /files/{id}/content."""
        row = self._row(request)
        path = file_path(self._store, row)
        if path is None or not path.is_file():
            raise ApiError(500, f"The bytes of {row.id} cannot be found; upload the file again.", param="id", code="server_error")
        return FileResponse(path, media_type="application/octet-stream")

    async def delete(self, request: Request) -> Response:
        """DELETE /files/{id}."""
        row = self._row(request)
        self._store.delete("file", row.id)
        if path := file_path(self._store, row):
            path.unlink(missing_ok=True)
        return JSONResponse({"id": row.id, "object": "file", "deleted": True})

    def _row(self, request: Request) -> Row:
        id_ = request.path_params["id"]
        row = self._store.get("file", id_)
        if row is None:
            raise ApiError(404, f"No such File object: {id_}", param="id", code="not_found")
        return row

    def _keep(self, request: Request, source: BinaryIO, name: str) -> Row:
        """Write the bytes, then the row: a file that was acknowledged is whole."""
        with tempfile.TemporaryDirectory(prefix=".upload.", dir=self._folder) as scratch:
            temporary = Path(scratch) / "bytes"
            digest, size = _copy(source, temporary)

            def create() -> Row:
                id_ = self._store.issue("file-", digest, name)
                temporary.rename(self._folder / id_)
                return add_file(self._store, id_, size, name, sha256=digest)

            with self._store.transaction():
                return once(self._store, request, "file", canonical({"file": digest, "filename": name}), create)


def _copy(source: BinaryIO, target: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    source.seek(0)
    with open(target, "wb", opener=private_file) as file:
        while block := source.read(BLOCK):
            digest.update(block)
            size += file.write(block)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest(), size


def _name(given: str | None) -> str:
    """Return the name a client gave, for showing only; no path is ever made of it."""
    name = (given or "upload").replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(one for one in name if one.isprintable())[:LONGEST_NAME] or "upload"
