"""DTOs of files: OpenAI's files and uploads, AI Server's artifacts and uploads."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field

from shared.dtos.base import Dto

#: Limits of a file's expiry (seconds): OpenAI's.
LEAST_EXPIRY_S: Final = 3600
MOST_EXPIRY_S: Final = 2_592_000


class Purpose(StrEnum):
    """What a file is for, as its client says."""

    ASSISTANTS = "assistants"
    BATCH = "batch"
    FINE_TUNE = "fine-tune"
    VISION = "vision"
    USER_DATA = "user_data"
    EVALS = "evals"


class _Wire(Dto):
    """Named as on the wire."""

    model_config = ConfigDict(alias_generator=None)


class ExpiresAfter(_Wire):
    """When a file is to go."""

    anchor: Literal["created_at"] = "created_at"
    seconds: Annotated[int, Field(ge=LEAST_EXPIRY_S, le=MOST_EXPIRY_S)]


class CreateFile(_Wire):
    """Upload a file."""

    file: bytes = Field(b"", description="The file, as a part of a multipart/form-data body.")
    purpose: Purpose | None = Field(None, description="What it is for; required.")
    expires_after: ExpiresAfter | None = Field(
        None, description="By default files for batches go after 30 days, others stay."
    )


class OpenAiFile(_Wire):
    """A file."""

    id: str
    object: str = "file"
    bytes: int
    created_at: int
    expires_at: int | None = None
    filename: str
    purpose: str
    status: str = "processed"


class ListFiles(_Wire):
    """List your files, the latest first."""

    purpose: Annotated[str, Field(max_length=64)] | None = None
    after: Annotated[str, Field(max_length=64)] | None = Field(
        None, description="The id of the file behind which the page begins."
    )
    limit: Annotated[int, Field(ge=1, le=10_000)] = 10_000
    order: Literal["asc", "desc"] = "desc"


class OpenAiFiles(_Wire):
    """A page of files."""

    object: str = "list"
    data: list[OpenAiFile]
    first_id: str | None = None
    last_id: str | None = None
    has_more: bool = False


class RetrieveFile(_Wire):
    """Read what is known of a file."""

    file_id: str


class DeleteFile(_Wire):
    """Delete a file."""

    file_id: str


class DeletedFile(_Wire):
    """That it is deleted."""

    id: str
    object: str = "file"
    deleted: bool = True


class RetrieveFileContent(_Wire):
    """Read a file, or the range of it that `Range` names."""

    file_id: str
    format: Literal["csv"] | None = Field(
        None, description="`csv`: a file of a batch as a table; or `Accept: text/csv`."
    )


class CreateUpload(_Wire):
    """Begin an upload in parts."""

    filename: Annotated[str, Field(min_length=1, max_length=1024)]
    purpose: Purpose
    bytes: Annotated[int, Field(ge=0)] = Field(description="How many all parts have together.")
    mime_type: Annotated[str, Field(max_length=256)] = ""
    expires_after: ExpiresAfter | None = None


class OpenAiUpload(_Wire):
    """An upload in parts. It expires an hour after its beginning."""

    id: str
    object: str = "upload"
    bytes: int
    created_at: int
    expires_at: int
    filename: str
    purpose: str
    status: str = Field(description="`pending`, `completed`, `cancelled` or `expired`.")
    file: OpenAiFile | None = None


class AddUploadPart(_Wire):
    """Add a part of at most 64 MiB to an upload; several may come at once."""

    upload_id: str = ""
    data: bytes = Field(b"", description="The part, as a part of a multipart/form-data body.")


class OpenAiUploadPart(_Wire):
    """A part of an upload."""

    id: str
    object: str = "upload.part"
    created_at: int
    upload_id: str


class CompleteUpload(_Wire):
    """Make the file of an upload's parts."""

    upload_id: str = ""
    part_ids: Annotated[list[str], Field(max_length=10_000)] = Field(
        description="The parts in their order."
    )
    md5: Annotated[str, Field(max_length=64)] | None = Field(
        None, description="Of the whole file, in hex; checked if it is given."
    )


class CancelUpload(_Wire):
    """Cancel an upload; its parts are gone."""

    upload_id: str = ""


class GetArtifact(Dto):
    """Read a file by its link, which is signed and expires, or by its path with your key."""

    path: str
    download: bool = Field(default=False, description="Save it instead of showing it.")
    expires: str = ""
    signature: str = ""


class GetArtifactVariant(Dto):
    """Read a picture in another size: `width=N`, `height=N` or both; as WebP."""

    variant: Annotated[str, Field(max_length=64)]
    path: str
    download: bool = False
    expires: str = ""
    signature: str = ""


class DeleteFileByPath(Dto):
    """Delete one of your files by its path."""

    path: str


class DeleteFiles(Dto):
    """Delete files by their paths or ids."""

    paths: Annotated[list[str], Field(max_length=1000)]


class DeleteFilesResponse(Dto):
    """What became of each."""

    deleted: list[str] = Field(default_factory=list)
    missing: list[str] = Field(default_factory=list)
    failed: list[str] = Field(default_factory=list)


class StoreFileUpload(Dto):
    """Upload files; those in `pub` can be read by everybody who has their path."""

    location: Literal["pub", "secure"] = "secure"


class StoreFileUploadResponse(Dto):
    """The paths of what was uploaded."""

    results: list[str]


class GetFileUpload(Dto):
    """Read an uploaded file."""

    path: str
    attachment: bool = False


class ReplaceFileUpload(Dto):
    """Upload another file in the place of one; the answer says where it is."""

    path: str


class DeleteFileUpload(Dto):
    """Delete an uploaded file."""

    path: str


class FileUploadResponse(Dto):
    """What was done."""

    result: Any


class GetStorage(Dto):
    """Tell who has how many bytes of files, most first."""

    take: Annotated[int, Field(ge=1, le=1000)] = Field(100, description="At most so many owners.")


class StorageRow(Dto):
    """What one owner has."""

    owner: str
    bytes: int = Field(description="Files under way and sizes of pictures included.")


class GetStorageResponse(Dto):
    """What is stored."""

    results: list[StorageRow]
    bytes: int = Field(description="Of all together; what is the same is kept once, and less.")
    quota_bytes: int | None = Field(
        None, description="What one owner may have, if that is limited."
    )


class QueryArtifacts(Dto):
    """List files that were uploaded or made, the latest first."""

    owner: Annotated[str, Field(max_length=256)] | None = Field(
        None, description="Only this owner's."
    )
    skip: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    take: Annotated[int, Field(ge=1, le=1000)] = 100


class ArtifactRow(Dto):
    """A file, without its bytes."""

    id: str
    owner: str
    name: str = Field(description="Its owner's word for it; to others than admins its id.")
    media_type: str
    size: int = Field(description="Bytes.")
    purpose: str
    created_date: str
    expires_date: str | None = None


class QueryArtifactsResponse(Dto):
    """A page of files."""

    offset: int = 0
    results: list[ArtifactRow]
