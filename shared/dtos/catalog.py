"""The catalog of endpoints: every call of every wire, declared once.

Routes, authentication, binding, the audit log's names, and the references are made from it. Who
adds an endpoint adds it here, and a view that is routed by it. Pure.
"""

from __future__ import annotations

import inspect
from typing import Any, Final, TypeVar

from shared import errors
from shared.api_keys.scopes import Scope
from shared.dtos import (
    api_keys,
    callbacks,
    conversations,
    deliveries,
    history,
    jobs,
    ollama,
    overview,
    providers,
    service,
)
from shared.dtos.base import Dto
from shared.dtos.bulk import groups, schedules
from shared.dtos.endpoint import DTO_PREFIXES, ONE_WAY_PREFIX, Endpoint, Form, Tag
from shared.dtos.inference import calls as inference
from shared.dtos.inference import models, responses
from shared.dtos.inference import ollama as generations
from shared.dtos.media import ai_server as generation
from shared.dtos.media import batches, files, transforms
from shared.dtos.media import listings as media_lists
from shared.dtos.media import openai as media
from shared.dtos.media import providers as media_providers

Q = TypeVar("Q", bound=Dto)

_CHAT: Final = (Scope.CHAT,)
_READ: Final = (Scope.READ,)
#: Rows of jobs: one's own, or everybody's for who may read what admins read.
_ROWS: Final = (Scope.READ, Scope.ADMIN_READ)
_LOOKS: Final = (Scope.ADMIN_READ,)
_KEYS: Final = (Scope.ADMIN_KEYS,)
_PROVIDERS: Final = (Scope.ADMIN_PROVIDERS,)
_ADMIN: Final = (Scope.ADMIN,)
_OPEN: Final[tuple[Scope, ...]] = ()

#: What can come of a call of a model.
_CALL: Final = (
    *(errors.ModelNotFound, errors.ProviderNotFound, errors.OperationNotSupported),
    *(errors.CallbackTargetRefused, errors.RefIdConflict, errors.NoProviderOnline),
    *(errors.QueueFull, errors.OwnerQueueFull, errors.RateLimitExceeded, errors.TokenRateExceeded),
    *(errors.GroupClosed, errors.GroupFull),
    *(errors.TooManyJobs, errors.TooManyQueued, errors.InsufficientQuota),
)
#: And what if the answer is waited for.
_WAIT: Final = (*_CALL, errors.TooManyWaiting, errors.StreamGone, errors.WaitTimedOut)
#: And what if it has files.
_STORE: Final = (errors.StorageUnavailable, errors.StorageFull, errors.StorageQuotaExceeded)
_MEDIA: Final = (*_WAIT, *_STORE)
_QUEUED_MEDIA: Final = (*_CALL, *_STORE)
_JOB: Final = (errors.JobNotFound, errors.DatabaseUnavailable)
_BOOK: Final = (errors.DatabaseUnavailable,)
_SEARCH: Final = (*_BOOK, errors.SearchTooSlow)


def _dto(
    request: type[Q],
    response: type[Dto] | None,
    verb: str,
    scopes: tuple[Scope, ...],
    tag: Tag,
    *failures: type[errors.ServiceError],
    also: tuple[str, ...] = (),
    **more: Any,
) -> Endpoint[Q]:
    """Return a call of AI Server's wire. All also take POST, for clients that send all so.

    What changes something takes PUT, as ServiceStack's servers do where a DTO is not marked.
    """
    methods = dict.fromkeys((verb, "POST", *(("PUT",) if verb in ("POST", "PATCH") else ())))
    name = request.__name__
    paths = [f"{prefix}/{name}{end}" for prefix in DTO_PREFIXES for end in ("", ".json")]
    paths.append(f"{ONE_WAY_PREFIX}/{name}")
    return Endpoint(
        request=request,
        response=response,
        name=name,
        methods=tuple(methods),
        paths=(*paths, *also),
        scopes=scopes,
        tag=tag,
        summary=_summary(request),
        errors=failures,
        **more,
    )


def _at(
    call: str,
    request: type[Q],
    response: type[Dto] | None,
    scopes: tuple[Scope, ...],
    tag: Tag,
    *failures: type[errors.ServiceError],
    name: str = "",
    summary: str = "",
    **more: Any,
) -> Endpoint[Q]:
    """Return a call of another wire, at the paths that it has there: `GET /a /b`."""
    verbs, *paths = call.split(" ")
    methods = tuple(verbs.split("|"))
    return Endpoint(
        request=request,
        response=response,
        name=name or request.__name__,
        methods=methods,
        paths=tuple(paths),
        scopes=scopes,
        tag=tag,
        summary=summary or _summary(request),
        errors=failures,
        **{"bodiless": "POST" not in methods, **more},
    )


def _made(
    request: type[Q], response: type[Dto], *failures: type[errors.ServiceError]
) -> Endpoint[Q]:
    """Return a call of AI Server's for what a model makes; files come with it."""
    return _dto(request, response, "POST", _CHAT, Tag.MEDIA, *failures, large=True)


def _summary(request: type[Dto]) -> str:
    return inspect.cleandoc(request.__doc__ or "").split("\n")[0]


# Calls of models
COMPLETE_CHAT: Final = _dto(
    inference.OpenAiChatCompletion,
    inference.OpenAiChatResponse,
    "POST",
    _CHAT,
    Tag.INFERENCE,
    *_WAIT,
    also=("/v1/chat/completions",),
    form=Form.UNTOUCHED,
    streams=True,
    large=True,
)
QUEUE_CHAT: Final = _dto(
    inference.QueueOpenAiChatCompletion,
    jobs.QueueOpenAiChatResponse,
    "POST",
    _CHAT,
    Tag.INFERENCE,
    *_CALL,
    large=True,
)
COMPLETE_TEXT: Final = _at(
    "POST /v1/completions",
    inference.OpenAiCompletion,
    inference.OpenAiCompletionResponse,
    _CHAT,
    Tag.INFERENCE,
    *_WAIT,
    form=Form.UNTOUCHED,
    streams=True,
    large=True,
)
EMBED: Final = _at(
    "POST /v1/embeddings",
    inference.OpenAiEmbedding,
    inference.OpenAiEmbeddingResponse,
    _CHAT,
    Tag.INFERENCE,
    *_WAIT,
    form=Form.UNTOUCHED,
    large=True,
)
GENERATE: Final = _dto(
    generations.OllamaGeneration,
    generations.OllamaGenerationResponse,
    "POST",
    _CHAT,
    Tag.INFERENCE,
    *_WAIT,
    form=Form.UNTOUCHED,
    large=True,
)
OLLAMA_GENERATE: Final = _at(
    "POST /api/generate",
    generations.OllamaGeneration,
    generations.OllamaGenerationResponse,
    _CHAT,
    Tag.INFERENCE,
    *_WAIT,
    form=Form.UNTOUCHED,
    streams=True,
    large=True,
    name="OllamaGenerate",
    summary="Generate as Ollama does: line by line, unless the request says otherwise.",
)
OLLAMA_CHAT: Final = _at(
    "POST /api/chat",
    ollama.OllamaChat,
    ollama.OllamaChatResponse,
    _CHAT,
    Tag.INFERENCE,
    *_WAIT,
    form=Form.UNTOUCHED,
    streams=True,
    large=True,
)
OLLAMA_EMBED: Final = _at(
    "POST /api/embed",
    ollama.OllamaEmbed,
    ollama.OllamaEmbedResponse,
    _CHAT,
    Tag.INFERENCE,
    *_WAIT,
    form=Form.UNTOUCHED,
    large=True,
)
OLLAMA_EMBEDDINGS: Final = _at(
    "POST /api/embeddings",
    ollama.OllamaEmbeddings,
    ollama.OllamaEmbeddingsResponse,
    _CHAT,
    Tag.INFERENCE,
    *_WAIT,
    form=Form.UNTOUCHED,
    large=True,
)
QUEUE_GENERATION: Final = _dto(
    generations.QueueOllamaGeneration,
    jobs.QueueOpenAiChatResponse,
    "POST",
    _CHAT,
    Tag.INFERENCE,
    *_CALL,
    large=True,
)

AUTO_BATCH: Final = _at(
    "POST|PUT " + " ".join(f"{prefix}/<name>[]" for prefix in (*DTO_PREFIXES, ONE_WAY_PREFIX)),
    service.AutoBatch,
    None,
    _OPEN,
    Tag.INFERENCE,
    errors.TooManyItems,
    form=Form.UNTOUCHED,
)

# OpenAI's Responses API
CREATE_RESPONSE: Final = _at(
    "POST /v1/responses",
    responses.CreateResponse,
    responses.OpenAiResponse,
    _CHAT,
    Tag.RESPONSES,
    *_WAIT,
    form=Form.UNTOUCHED,
    streams=True,
    large=True,
)
RETRIEVE_RESPONSE: Final = _at(
    "GET /v1/responses/<response_id>",
    responses.RetrieveResponse,
    responses.OpenAiResponse,
    _READ,
    Tag.RESPONSES,
    *_JOB,
    errors.StreamGone,
    form=Form.UNTOUCHED,
    streams=True,
    names_job=True,
)
CANCEL_RESPONSE: Final = _at(
    "POST /v1/responses/<response_id>/cancel",
    responses.CancelResponse,
    responses.OpenAiResponse,
    _CHAT,
    Tag.RESPONSES,
    *_JOB,
    form=Form.UNTOUCHED,
    names_job=True,
    bodiless=True,
)

# Pictures, sound, moderation, in OpenAI's words
MODERATE: Final = _at(
    "POST /v1/moderations",
    media.OpenAiModeration,
    media.OpenAiModerationResponse,
    _CHAT,
    Tag.MEDIA,
    *_WAIT,
    form=Form.UNTOUCHED,
    large=True,
)
CREATE_IMAGE: Final = _at(
    "POST /v1/images/generations",
    media.OpenAiImageGeneration,
    media.OpenAiImagesResponse,
    _CHAT,
    Tag.MEDIA,
    *_MEDIA,
    form=Form.UNTOUCHED,
    streams=True,
    large=True,
)
CREATE_SPEECH: Final = _at(
    "POST /v1/audio/speech",
    media.OpenAiSpeech,
    None,
    _CHAT,
    Tag.MEDIA,
    *_MEDIA,
    form=Form.FILE,
    large=True,
)
EDIT_IMAGE: Final = _at(
    "POST /v1/images/edits",
    media.OpenAiImageEdit,
    media.OpenAiImagesResponse,
    _CHAT,
    Tag.MEDIA,
    *_MEDIA,
    form=Form.UNTOUCHED,
    streams=True,
    large=True,
)
VARY_IMAGE: Final = _at(
    "POST /v1/images/variations",
    media.OpenAiImageVariation,
    media.OpenAiImagesResponse,
    _CHAT,
    Tag.MEDIA,
    *_MEDIA,
    form=Form.UNTOUCHED,
    large=True,
)
TRANSCRIBE: Final = _at(
    "POST /v1/audio/transcriptions",
    media.OpenAiTranscription,
    media.OpenAiTranscriptionResponse,
    _CHAT,
    Tag.MEDIA,
    *_MEDIA,
    form=Form.UNTOUCHED,
    streams=True,
    large=True,
)
TRANSLATE: Final = _at(
    "POST /v1/audio/translations",
    media.OpenAiTranslation,
    media.OpenAiTranscriptionResponse,
    _CHAT,
    Tag.MEDIA,
    *_MEDIA,
    form=Form.UNTOUCHED,
    large=True,
)

# The same in AI Server's words
TEXT_TO_IMAGE: Final = _made(generation.TextToImage, generation.ArtifactGenerationResponse, *_MEDIA)
QUEUE_TEXT_TO_IMAGE: Final = _made(
    generation.QueueTextToImage, generation.QueueGenerationResponse, *_QUEUED_MEDIA
)
IMAGE_TO_IMAGE: Final = _made(
    generation.ImageToImage, generation.ArtifactGenerationResponse, *_MEDIA
)
QUEUE_IMAGE_TO_IMAGE: Final = _made(
    generation.QueueImageToImage, generation.QueueGenerationResponse, *_QUEUED_MEDIA
)
IMAGE_UPSCALE: Final = _made(
    generation.ImageUpscale, generation.ArtifactGenerationResponse, *_MEDIA
)
QUEUE_IMAGE_UPSCALE: Final = _made(
    generation.QueueImageUpscale, generation.QueueGenerationResponse, *_QUEUED_MEDIA
)
IMAGE_WITH_MASK: Final = _made(
    generation.ImageWithMask, generation.ArtifactGenerationResponse, *_MEDIA
)
QUEUE_IMAGE_WITH_MASK: Final = _made(
    generation.QueueImageWithMask, generation.QueueGenerationResponse, *_QUEUED_MEDIA
)
IMAGE_TO_TEXT: Final = _made(generation.ImageToText, generation.TextGenerationResponse, *_MEDIA)
QUEUE_IMAGE_TO_TEXT: Final = _made(
    generation.QueueImageToText, generation.QueueGenerationResponse, *_QUEUED_MEDIA
)
TEXT_TO_SPEECH: Final = _made(
    generation.TextToSpeech, generation.ArtifactGenerationResponse, *_MEDIA
)
QUEUE_TEXT_TO_SPEECH: Final = _made(
    generation.QueueTextToSpeech, generation.QueueGenerationResponse, *_QUEUED_MEDIA
)
SPEECH_TO_TEXT: Final = _made(generation.SpeechToText, generation.TextGenerationResponse, *_MEDIA)
QUEUE_SPEECH_TO_TEXT: Final = _made(
    generation.QueueSpeechToText, generation.QueueGenerationResponse, *_QUEUED_MEDIA
)
CONVERT_IMAGE: Final = _made(
    transforms.ConvertImage, generation.ArtifactGenerationResponse, *_MEDIA
)
QUEUE_CONVERT_IMAGE: Final = _made(
    transforms.QueueConvertImage, generation.QueueGenerationResponse, *_QUEUED_MEDIA
)
CROP_IMAGE: Final = _made(transforms.CropImage, generation.ArtifactGenerationResponse, *_MEDIA)
QUEUE_CROP_IMAGE: Final = _made(
    transforms.QueueCropImage, generation.QueueGenerationResponse, *_QUEUED_MEDIA
)
SCALE_IMAGE: Final = _made(transforms.ScaleImage, generation.ArtifactGenerationResponse, *_MEDIA)
QUEUE_SCALE_IMAGE: Final = _made(
    transforms.QueueScaleImage, generation.QueueGenerationResponse, *_QUEUED_MEDIA
)
WATERMARK_IMAGE: Final = _made(
    transforms.WatermarkImage, generation.ArtifactGenerationResponse, *_MEDIA
)
QUEUE_WATERMARK_IMAGE: Final = _made(
    transforms.QueueWatermarkImage, generation.QueueGenerationResponse, *_QUEUED_MEDIA
)
CONVERT_VIDEO: Final = _made(
    transforms.ConvertVideo, generation.ArtifactGenerationResponse, *_MEDIA
)
QUEUE_CONVERT_VIDEO: Final = _made(
    transforms.QueueConvertVideo, generation.QueueGenerationResponse, *_QUEUED_MEDIA
)
CROP_VIDEO: Final = _made(transforms.CropVideo, generation.ArtifactGenerationResponse, *_MEDIA)
QUEUE_CROP_VIDEO: Final = _made(
    transforms.QueueCropVideo, generation.QueueGenerationResponse, *_QUEUED_MEDIA
)
SCALE_VIDEO: Final = _made(transforms.ScaleVideo, generation.ArtifactGenerationResponse, *_MEDIA)
QUEUE_SCALE_VIDEO: Final = _made(
    transforms.QueueScaleVideo, generation.QueueGenerationResponse, *_QUEUED_MEDIA
)
TRIM_VIDEO: Final = _made(transforms.TrimVideo, generation.ArtifactGenerationResponse, *_MEDIA)
QUEUE_TRIM_VIDEO: Final = _made(
    transforms.QueueTrimVideo, generation.QueueGenerationResponse, *_QUEUED_MEDIA
)
WATERMARK_VIDEO: Final = _made(
    transforms.WatermarkVideo, generation.ArtifactGenerationResponse, *_MEDIA
)
QUEUE_WATERMARK_VIDEO: Final = _made(
    transforms.QueueWatermarkVideo, generation.QueueGenerationResponse, *_QUEUED_MEDIA
)
CONVERT_AUDIO: Final = _made(
    transforms.ConvertAudio, generation.ArtifactGenerationResponse, *_MEDIA
)
QUEUE_CONVERT_AUDIO: Final = _made(
    transforms.QueueConvertAudio, generation.QueueGenerationResponse, *_QUEUED_MEDIA
)
ARTIFACT_STATUS: Final = _dto(
    generation.GetArtifactGenerationStatus,
    generation.GetArtifactGenerationStatusResponse,
    "GET",
    _READ,
    Tag.MEDIA,
    *_JOB,
    names_job=True,
)
TEXT_STATUS: Final = _dto(
    generation.GetTextGenerationStatus,
    generation.GetTextGenerationStatusResponse,
    "GET",
    _READ,
    Tag.MEDIA,
    *_JOB,
    names_job=True,
)
CREATE_GENERATION: Final = _dto(
    generation.CreateGeneration,
    generation.CreateGenerationResponse,
    "POST",
    _CHAT,
    Tag.MEDIA,
    *_CALL,
    also=("/generate",),
)
GET_GENERATION: Final = _dto(
    generation.GetGeneration,
    generation.GetGenerationResponse,
    "GET",
    _READ,
    Tag.MEDIA,
    *_JOB,
    names_job=True,
)
ACTIVE_MEDIA_MODELS: Final = _dto(
    media_lists.ActiveMediaModels, media_lists.ActiveMediaModelsResponse, "GET", _READ, Tag.MEDIA
)
QUERY_MEDIA_MODELS: Final = _dto(
    media_lists.QueryMediaModels, media_lists.QueryMediaModelsResponse, "GET", _READ, Tag.MEDIA
)
QUERY_MEDIA_TYPES: Final = _dto(
    media_lists.QueryMediaTypes, media_lists.QueryMediaTypesResponse, "GET", _READ, Tag.MEDIA
)
QUERY_MEDIA_PROVIDERS: Final = _dto(
    media_providers.QueryMediaProviders,
    media_providers.QueryMediaProvidersResponse,
    "GET",
    _LOOKS,
    Tag.MEDIA,
)
CREATE_MEDIA_PROVIDER: Final = _dto(
    media_providers.CreateMediaProvider,
    providers.IdResponse,
    "POST",
    _PROVIDERS,
    Tag.MEDIA,
    errors.ProviderExists,
    *_BOOK,
    audited=True,
)
UPDATE_MEDIA_PROVIDER: Final = _dto(
    media_providers.UpdateMediaProvider,
    providers.IdResponse,
    "PATCH",
    _PROVIDERS,
    Tag.MEDIA,
    errors.ProviderNotFound,
    errors.ProviderExists,
    *_BOOK,
    audited=True,
)
DELETE_MEDIA_PROVIDER: Final = _dto(
    media_providers.DeleteMediaProvider,
    providers.EmptyResponse,
    "DELETE",
    _PROVIDERS,
    Tag.MEDIA,
    errors.ProviderNotFound,
    *_BOOK,
    audited=True,
)
CHECK_MEDIA_PROVIDER: Final = _dto(
    media_providers.CheckMediaProviderStatus,
    providers.BoolResponse,
    "POST",
    _PROVIDERS,
    Tag.MEDIA,
    errors.ProviderNotFound,
    errors.ProbeTimedOut,
)
CREATE_MEDIA_TRANSFORM: Final = _made(
    transforms.CreateMediaTransform, generation.CreateGenerationResponse, *_QUEUED_MEDIA
)
QUERY_VOICES: Final = _dto(
    media_lists.QueryTextToSpeechVoices,
    media_lists.QueryTextToSpeechVoicesResponse,
    "GET",
    _READ,
    Tag.MEDIA,
)

# Models
ACTIVE_MODELS: Final = _dto(
    jobs.ActiveAiModels,
    jobs.ActiveAiModelsResponse,
    "GET",
    _READ,
    Tag.MODELS,
    errors.ProviderNotFound,
)
ACTIVE_CUSTOM_MODELS: Final = _dto(
    jobs.ActiveCustomAiModels, jobs.ActiveAiModelsResponse, "GET", _READ, Tag.MODELS
)
MODEL_IMAGE: Final = _dto(
    service.GetModelImage,
    None,
    "GET",
    _OPEN,
    Tag.MODELS,
    also=("/models/<path:model>/image",),
    form=Form.FILE,
)
LIST_MODELS: Final = _at(
    "GET /v1/models", models.ListModels, models.OpenAiModels, _READ, Tag.MODELS
)
RETRIEVE_MODEL: Final = _at(
    "GET /v1/models/<path:name>",
    models.RetrieveModel,
    models.OpenAiModel,
    _READ,
    Tag.MODELS,
    errors.ModelNotFound,
)
OLLAMA_TAGS: Final = _at(
    "GET /api/tags", ollama.OllamaTags, ollama.OllamaTagsResponse, _READ, Tag.MODELS
)
OLLAMA_SHOW: Final = _at(
    "POST /api/show",
    ollama.OllamaShow,
    ollama.OllamaShowResponse,
    _READ,
    Tag.MODELS,
    errors.ModelNotFound,
)
OLLAMA_VERSION: Final = _at(
    "GET /api/version", ollama.OllamaVersion, ollama.OllamaVersionResponse, _OPEN, Tag.MODELS
)
QUERY_MODELS: Final = _dto(
    providers.QueryAiModels, providers.QueryAiModelsResponse, "GET", _READ, Tag.MODELS
)
OLLAMA_MODELS: Final = _dto(
    generations.GetOllamaModels,
    generations.GetOllamaModelsResponse,
    "GET",
    _READ,
    Tag.MODELS,
    errors.ProviderNotFound,
    errors.ProviderUnavailable,
)

# Jobs
JOB_STATUS: Final = _dto(
    jobs.GetOpenAiChatStatus,
    jobs.GetOpenAiChatStatusResponse,
    "GET",
    _READ,
    Tag.JOBS,
    *_JOB,
    names_job=True,
)
GENERATION_STATUS: Final = _dto(
    generations.GetOllamaGenerationStatus,
    generations.GetOllamaGenerationStatusResponse,
    "GET",
    _READ,
    Tag.JOBS,
    *_JOB,
    names_job=True,
)
GET_JOB: Final = _dto(
    jobs.GetOpenAiChat, jobs.GetOpenAiChatResponse, "GET", _READ, Tag.JOBS, *_JOB, names_job=True
)
WAIT_FOR_JOB: Final = _dto(
    jobs.WaitForOpenAiChat,
    jobs.GetOpenAiChatResponse,
    "GET",
    _READ,
    Tag.JOBS,
    *_JOB,
    errors.TooManyWaiting,
    names_job=True,
)
FOLLOW_JOB: Final = _dto(
    jobs.StreamOpenAiChat,
    None,
    "GET",
    _READ,
    Tag.JOBS,
    *_JOB,
    errors.StreamGone,
    errors.TooManyWaiting,
    form=Form.EVENTS,
    streams=True,
    names_job=True,
)
CANCEL_JOB: Final = _dto(
    jobs.CancelJob, jobs.CancelJobResponse, "POST", _CHAT, Tag.JOBS, *_JOB, names_job=True
)
QUERY_JOBS: Final = _dto(
    history.QueryJobs, history.QueryJobsResponse, "GET", _ROWS, Tag.JOBS, *_SEARCH
)
QUERY_JOBS_CSV: Final = _at(
    "GET|POST /api/QueryJobs.csv",
    history.QueryJobs,
    None,
    _ROWS,
    Tag.JOBS,
    *_SEARCH,
    form=Form.CSV,
    name="QueryJobsCsv",
    summary="List jobs as CSV, for spreadsheets.",
)
RETRY_JOB: Final = _dto(
    history.RetryJob,
    history.RetryJobResponse,
    "POST",
    _CHAT,
    Tag.JOBS,
    *_JOB,
    errors.NotRetryable,
    *_CALL,
    names_job=True,
)
RETRY_JOBS: Final = _dto(
    history.RetryJobs, history.RetryJobsResponse, "POST", _CHAT, Tag.JOBS, *_SEARCH
)
GET_RESULT: Final = _at(
    "GET /api/results/<int:job_id>",
    service.GetResult,
    None,
    _OPEN,
    Tag.JOBS,
    *_JOB,
    errors.ResultLinkInvalid,
    errors.ResultLinkExpired,
    form=Form.UNTOUCHED,
    names_job=True,
)

# Sums of them
SUMMARY_STATS: Final = _dto(
    history.GetSummaryStats, history.GetSummaryStatsResponse, "GET", _ROWS, Tag.STATISTICS, *_SEARCH
)
USAGE: Final = _dto(
    history.GetUsage, history.GetUsageResponse, "GET", _ROWS, Tag.STATISTICS, *_SEARCH
)

# Callbacks
GET_DELIVERIES: Final = _dto(
    deliveries.GetDeliveries, deliveries.GetDeliveriesResponse, "GET", _READ, Tag.CALLBACKS
)
GET_DELIVERY: Final = _dto(
    deliveries.GetDelivery,
    deliveries.GetDeliveryResponse,
    "GET",
    _READ,
    Tag.CALLBACKS,
    errors.JobNotFound,
    errors.DeliveryNotFound,
    names_job=True,
)
REPLAY_DELIVERY: Final = _dto(
    deliveries.ReplayDelivery,
    deliveries.ReplayDeliveryResponse,
    "POST",
    _CHAT,
    Tag.CALLBACKS,
    errors.JobNotFound,
    errors.DeliveryNotFound,
    names_job=True,
)
CANCEL_DELIVERY: Final = _dto(
    deliveries.CancelDelivery,
    deliveries.CancelDeliveryResponse,
    "POST",
    _CHAT,
    Tag.CALLBACKS,
    errors.JobNotFound,
    errors.DeliveryNotFound,
    names_job=True,
)
REPLAY_DELIVERIES: Final = _dto(
    deliveries.ReplayDeliveries, deliveries.ReplayDeliveriesResponse, "POST", _CHAT, Tag.CALLBACKS
)
TEST_CALLBACK: Final = _dto(
    callbacks.TestCallback,
    callbacks.TestCallbackResponse,
    "POST",
    _CHAT,
    Tag.CALLBACKS,
    errors.CallbackTargetRefused,
    errors.TooManyWaiting,
    errors.WaitTimedOut,
)
CALLBACK_KEYS: Final = _dto(
    callbacks.GetCallbackKeys, callbacks.GetCallbackKeysResponse, "GET", _READ, Tag.CALLBACKS
)
ROTATE_CALLBACK_SECRET: Final = _dto(
    callbacks.RotateCallbackSecret,
    callbacks.RotateCallbackSecretResponse,
    "POST",
    _CHAT,
    Tag.CALLBACKS,
)
WEBHOOK_KEYS: Final = _at(
    "GET /.well-known/webhook-keys",
    service.GetWebhookKeys,
    service.WebhookKeys,
    _OPEN,
    Tag.CALLBACKS,
)
CREATE_SUBSCRIPTION: Final = _dto(
    callbacks.CreateCallbackSubscription,
    callbacks.CallbackSubscription,
    "POST",
    _CHAT,
    Tag.CALLBACKS,
    errors.CallbackTargetRefused,
    errors.TooManySubscriptions,
)
UPDATE_SUBSCRIPTION: Final = _dto(
    callbacks.UpdateCallbackSubscription,
    callbacks.CallbackSubscription,
    "POST",
    _CHAT,
    Tag.CALLBACKS,
    errors.CallbackTargetRefused,
    errors.SubscriptionNotFound,
)
DELETE_SUBSCRIPTION: Final = _dto(
    callbacks.DeleteCallbackSubscription,
    callbacks.DeleteCallbackSubscriptionResponse,
    "POST",
    _CHAT,
    Tag.CALLBACKS,
    errors.SubscriptionNotFound,
)
QUERY_SUBSCRIPTIONS: Final = _dto(
    callbacks.QueryCallbackSubscriptions,
    callbacks.QueryCallbackSubscriptionsResponse,
    "GET",
    _READ,
    Tag.CALLBACKS,
)

# Providers
QUERY_PROVIDERS: Final = _dto(
    providers.QueryAiProviders, providers.QueryAiProvidersResponse, "GET", _LOOKS, Tag.PROVIDERS
)
ACTIVE_PROVIDERS: Final = _dto(
    providers.GetActiveProviders, providers.GetActiveProvidersResponse, "GET", _READ, Tag.PROVIDERS
)
QUERY_TYPES: Final = _dto(
    providers.QueryAiTypes, providers.QueryAiTypesResponse, "GET", _READ, Tag.PROVIDERS
)
CREATE_PROVIDER: Final = _dto(
    providers.CreateAiProvider,
    providers.IdResponse,
    "POST",
    _PROVIDERS,
    Tag.PROVIDERS,
    errors.ProviderExists,
    *_BOOK,
    audited=True,
)
UPDATE_PROVIDER: Final = _dto(
    providers.UpdateAiProvider,
    providers.IdResponse,
    "PATCH",
    _PROVIDERS,
    Tag.PROVIDERS,
    errors.ProviderNotFound,
    errors.ProviderExists,
    *_BOOK,
    audited=True,
)
DELETE_PROVIDER: Final = _dto(
    providers.DeleteAiProvider,
    providers.EmptyResponse,
    "DELETE",
    _PROVIDERS,
    Tag.PROVIDERS,
    errors.ProviderNotFound,
    *_BOOK,
    audited=True,
)
CHANGE_PROVIDER_STATUS: Final = _dto(
    providers.ChangeAiProviderStatus,
    providers.StringResponse,
    "POST",
    _PROVIDERS,
    Tag.PROVIDERS,
    errors.ProviderNotFound,
    *_BOOK,
    audited=True,
)
RELOAD: Final = _dto(
    providers.Reload,
    providers.EmptyResponse,
    "POST",
    _PROVIDERS,
    Tag.PROVIDERS,
    *_BOOK,
    audited=True,
)
TRY_PROVIDER: Final = _dto(
    providers.ChatAiProvider,
    inference.OpenAiChatResponse,
    "POST",
    _PROVIDERS,
    Tag.PROVIDERS,
    errors.ProviderNotFound,
    errors.ModelNotFound,
    errors.RateLimitExceeded,
    errors.TokenRateExceeded,
    errors.TooManyJobs,
    errors.TooManyQueued,
    errors.InsufficientQuota,
    errors.TooManyWaiting,
    errors.WaitTimedOut,
    form=Form.UNTOUCHED,
)
CHECK_PROVIDER: Final = _dto(
    providers.CheckAiProviderStatus,
    providers.BoolResponse,
    "POST",
    _PROVIDERS,
    Tag.PROVIDERS,
    errors.ProviderNotFound,
    errors.ProbeTimedOut,
)

LIST_PROVIDER_MODELS: Final = _dto(
    providers.ListAiProviderModels,
    providers.ListAiProviderModelsResponse,
    "POST",
    _PROVIDERS,
    Tag.PROVIDERS,
    errors.ProbeTimedOut,
)

# API keys
MY_KEY: Final = _dto(
    api_keys.GetMyKey, api_keys.GetMyKeyResponse, "GET", (*_CHAT, *_READ), Tag.KEYS, *_BOOK
)
CREATE_KEY: Final = _dto(
    api_keys.CreateApiKey,
    api_keys.CreateApiKeyResponse,
    "POST",
    _KEYS,
    Tag.KEYS,
    *_BOOK,
    audited=True,
)
UPDATE_KEY: Final = _dto(
    api_keys.UpdateApiKey,
    api_keys.ApiKeyResponse,
    "POST",
    _KEYS,
    Tag.KEYS,
    errors.ApiKeyNotFound,
    *_BOOK,
    audited=True,
)
REVOKE_KEY: Final = _dto(
    api_keys.RevokeApiKey,
    api_keys.ApiKeyResponse,
    "POST",
    _KEYS,
    Tag.KEYS,
    errors.ApiKeyNotFound,
    *_BOOK,
    audited=True,
)
ROTATE_KEY: Final = _dto(
    api_keys.RotateApiKey,
    api_keys.CreateApiKeyResponse,
    "POST",
    _KEYS,
    Tag.KEYS,
    errors.ApiKeyNotFound,
    *_BOOK,
    audited=True,
)
QUERY_KEYS: Final = _dto(
    api_keys.QueryApiKeys, api_keys.QueryApiKeysResponse, "GET", _LOOKS, Tag.KEYS, *_BOOK
)

# What only operators see
AUDIT_LOG: Final = _dto(
    api_keys.QueryAuditLog, api_keys.QueryAuditLogResponse, "GET", _LOOKS, Tag.ADMIN, *_SEARCH
)
OVERVIEW: Final = _dto(overview.GetOverview, overview.GetOverviewResponse, "GET", _LOOKS, Tag.ADMIN)
TREND: Final = _dto(overview.GetTrend, overview.GetTrendResponse, "GET", _LOOKS, Tag.ADMIN)
SETTINGS: Final = _dto(overview.GetSettings, overview.GetSettingsResponse, "GET", _LOOKS, Tag.ADMIN)
ADMIN_DATA: Final = _dto(
    service.AdminData, service.AdminDataResponse, "GET", _LOOKS, Tag.ADMIN, *_BOOK
)
WORKER_STATS: Final = _dto(
    overview.GetWorkerStats, overview.GetWorkerStatsResponse, "GET", _LOOKS, Tag.ADMIN
)
CANCEL_WORKER: Final = _dto(
    overview.CancelWorker,
    providers.StringResponse,
    "POST",
    _ADMIN,
    Tag.ADMIN,
    errors.WorkerNotFound,
    *_BOOK,
    audited=True,
)
METRICS: Final = _at("GET /metrics", service.GetMetrics, None, _LOOKS, Tag.ADMIN, form=Form.TEXT)

# What the pages keep
QUERY_CONVERSATIONS: Final = _dto(
    conversations.QueryConversations,
    conversations.QueryConversationsResponse,
    "GET",
    _READ,
    Tag.PAGES,
    *_BOOK,
)
GET_CONVERSATION: Final = _dto(
    conversations.GetConversation,
    conversations.GetConversationResponse,
    "GET",
    _READ,
    Tag.PAGES,
    errors.ConversationNotFound,
    *_BOOK,
)
SAVE_CONVERSATION: Final = _dto(
    conversations.SaveConversation,
    conversations.SaveConversationResponse,
    "POST",
    _CHAT,
    Tag.PAGES,
    errors.ConversationChanged,
    errors.TooManyConversations,
    *_BOOK,
    large=True,
)
PIN_CONVERSATION: Final = _dto(
    conversations.PinConversation,
    conversations.Done,
    "POST",
    _CHAT,
    Tag.PAGES,
    errors.ConversationNotFound,
    *_BOOK,
)
DELETE_CONVERSATION: Final = _dto(
    conversations.DeleteConversation, conversations.Done, "POST", _CHAT, Tag.PAGES, *_BOOK
)
QUERY_PROMPTS: Final = _dto(
    conversations.QueryPrompts, conversations.QueryPromptsResponse, "GET", _READ, Tag.PAGES, *_BOOK
)
SAVE_PROMPT: Final = _dto(
    conversations.SavePrompt,
    conversations.Done,
    "POST",
    _CHAT,
    Tag.PAGES,
    errors.TooManyConversations,
    *_BOOK,
)
DELETE_PROMPT: Final = _dto(
    conversations.DeletePrompt, conversations.Done, "POST", _CHAT, Tag.PAGES, *_BOOK
)

# Files
_FILE: Final = (errors.ArtifactNotFound, errors.StorageUnavailable, errors.DatabaseUnavailable)
_UPLOAD: Final = (
    *(errors.ArtifactTooLarge, errors.StorageQuotaExceeded, errors.StorageFull),
    *(errors.StorageUnavailable, errors.DatabaseUnavailable),
)
_LINK: Final = (*_FILE, errors.ResultLinkInvalid, errors.ResultLinkExpired)
CREATE_FILE: Final = _at(
    "POST /v1/files", files.CreateFile, files.OpenAiFile, _CHAT, Tag.FILES, *_UPLOAD
)
LIST_FILES: Final = _at(
    "GET /v1/files", files.ListFiles, files.OpenAiFiles, _READ, Tag.FILES, *_BOOK
)
RETRIEVE_FILE: Final = _at(
    "GET /v1/files/<file_id>", files.RetrieveFile, files.OpenAiFile, _READ, Tag.FILES, *_FILE
)
DELETE_FILE: Final = _at(
    "DELETE /v1/files/<file_id>", files.DeleteFile, files.DeletedFile, _CHAT, Tag.FILES, *_FILE
)
RETRIEVE_FILE_CONTENT: Final = _at(
    "GET /v1/files/<file_id>/content",
    files.RetrieveFileContent,
    None,
    _READ,
    Tag.FILES,
    *_FILE,
    form=Form.FILE,
)
CREATE_UPLOAD: Final = _at(
    "POST /v1/uploads", files.CreateUpload, files.OpenAiUpload, _CHAT, Tag.FILES, *_UPLOAD
)
ADD_UPLOAD_PART: Final = _at(
    "POST /v1/uploads/<upload_id>/parts",
    files.AddUploadPart,
    files.OpenAiUploadPart,
    _CHAT,
    Tag.FILES,
    errors.ArtifactNotFound,
    *_UPLOAD,
)
COMPLETE_UPLOAD: Final = _at(
    "POST /v1/uploads/<upload_id>/complete",
    files.CompleteUpload,
    files.OpenAiUpload,
    _CHAT,
    Tag.FILES,
    errors.ArtifactNotFound,
    *_UPLOAD,
)
CANCEL_UPLOAD: Final = _at(
    "POST /v1/uploads/<upload_id>/cancel",
    files.CancelUpload,
    files.OpenAiUpload,
    _CHAT,
    Tag.FILES,
    *_FILE,
)
GET_ARTIFACT: Final = _at(
    "GET /artifacts/<path:path>",
    files.GetArtifact,
    None,
    _READ,
    Tag.FILES,
    *_LINK,
    form=Form.FILE,
)
GET_ARTIFACT_VARIANT: Final = _at(
    "GET /variants/<variant>/<path:path>",
    files.GetArtifactVariant,
    None,
    _READ,
    Tag.FILES,
    *_LINK,
    *_UPLOAD[:3],
    form=Form.FILE,
)
DELETE_FILE_BY_PATH: Final = _at(
    "DELETE /files/<path:path>",
    files.DeleteFileByPath,
    files.DeleteFilesResponse,
    _CHAT,
    Tag.FILES,
    *_FILE,
)
DELETE_FILES: Final = _dto(
    files.DeleteFiles, files.DeleteFilesResponse, "POST", _CHAT, Tag.FILES, *_BOOK
)
STORE_FILE_UPLOAD: Final = _at(
    "POST /uploads/<location>",
    files.StoreFileUpload,
    files.StoreFileUploadResponse,
    _CHAT,
    Tag.FILES,
    *_UPLOAD,
)
GET_FILE_UPLOAD: Final = _at(
    "GET /uploads/<path:path>",
    files.GetFileUpload,
    None,
    _READ,
    Tag.FILES,
    *_FILE,
    form=Form.FILE,
)
REPLACE_FILE_UPLOAD: Final = _at(
    "PUT /uploads/<path:path>",
    files.ReplaceFileUpload,
    files.FileUploadResponse,
    _CHAT,
    Tag.FILES,
    errors.ArtifactNotFound,
    *_UPLOAD,
)
DELETE_FILE_UPLOAD: Final = _at(
    "DELETE /uploads/<path:path>",
    files.DeleteFileUpload,
    files.FileUploadResponse,
    _CHAT,
    Tag.FILES,
    *_FILE,
)
GET_STORAGE: Final = _dto(
    files.GetStorage, files.GetStorageResponse, "GET", _LOOKS, Tag.ADMIN, *_SEARCH
)
QUERY_ARTIFACTS: Final = _dto(
    files.QueryArtifacts, files.QueryArtifactsResponse, "GET", _LOOKS, Tag.ADMIN, *_SEARCH
)

# Batches
_BATCH: Final = (errors.BatchNotFound, errors.DatabaseUnavailable)
CREATE_BATCH: Final = _at(
    "POST /v1/batches",
    batches.CreateBatch,
    batches.OpenAiBatch,
    _CHAT,
    Tag.BATCHES,
    errors.ArtifactNotFound,
    errors.CallbackTargetRefused,
    errors.TooManyBatches,
    *_BOOK,
)
LIST_BATCHES: Final = _at(
    "GET /v1/batches", batches.ListBatches, batches.OpenAiBatches, _READ, Tag.BATCHES, *_BOOK
)
RETRIEVE_BATCH: Final = _at(
    "GET /v1/batches/<batch_id>",
    batches.RetrieveBatch,
    batches.OpenAiBatch,
    _READ,
    Tag.BATCHES,
    *_BATCH,
)
CANCEL_BATCH: Final = _at(
    "POST /v1/batches/<batch_id>/cancel",
    batches.CancelBatch,
    batches.OpenAiBatch,
    _CHAT,
    Tag.BATCHES,
    *_BATCH,
)

QUERY_BATCHES: Final = _dto(
    groups.QueryBatches, groups.QueryBatchesResponse, "GET", _ROWS, Tag.BATCHES, *_BOOK
)

# Schedules
_SCHEDULE: Final = (errors.ScheduleNotFound, errors.DatabaseUnavailable)
_SCHEDULED: Final = (
    *(errors.ModelNotFound, errors.ProviderNotFound, errors.OperationNotSupported),
    *(errors.CallbackTargetRefused, errors.NoProviderOnline),
)
CREATE_SCHEDULE: Final = _dto(
    schedules.CreateSchedule,
    schedules.JobSchedule,
    "POST",
    _CHAT,
    Tag.SCHEDULES,
    *_SCHEDULED,
    errors.TooManySchedules,
    *_BOOK,
    large=True,
)
UPDATE_SCHEDULE: Final = _dto(
    schedules.UpdateSchedule,
    schedules.JobSchedule,
    "PATCH",
    _CHAT,
    Tag.SCHEDULES,
    *_SCHEDULED,
    errors.TooManySchedules,
    *_SCHEDULE,
    large=True,
)
DELETE_SCHEDULE: Final = _dto(
    schedules.DeleteSchedule,
    schedules.DeleteScheduleResponse,
    "DELETE",
    _CHAT,
    Tag.SCHEDULES,
    *_SCHEDULE,
)
RUN_SCHEDULE: Final = _dto(
    schedules.RunSchedule,
    schedules.RunScheduleResponse,
    "POST",
    _CHAT,
    Tag.SCHEDULES,
    *_CALL,
    *_SCHEDULE,
)
QUERY_SCHEDULES: Final = _dto(
    schedules.QuerySchedules,
    schedules.QuerySchedulesResponse,
    "GET",
    _ROWS,
    Tag.SCHEDULES,
    *_SCHEDULE,
)

# Groups of jobs
_GROUP: Final = (errors.GroupNotFound, errors.BatchNotFound, errors.DatabaseUnavailable)
CREATE_GROUP: Final = _dto(
    groups.CreateGroup,
    groups.JobGroup,
    "POST",
    _CHAT,
    Tag.GROUPS,
    errors.CallbackTargetRefused,
    errors.GroupClosed,
    errors.TooManyGroups,
)
CLOSE_GROUP: Final = _dto(
    groups.CloseGroup, groups.JobGroup, "POST", _CHAT, Tag.GROUPS, errors.GroupNotFound
)
GET_GROUP: Final = _dto(groups.GetGroup, groups.JobGroup, "GET", _READ, Tag.GROUPS, *_GROUP)
QUERY_GROUPS: Final = _dto(groups.QueryGroups, groups.QueryGroupsResponse, "GET", _ROWS, Tag.GROUPS)
CANCEL_GROUP: Final = _dto(groups.CancelGroup, groups.JobGroup, "POST", _CHAT, Tag.GROUPS, *_GROUP)
RETRY_GROUP: Final = _dto(
    groups.RetryGroup, groups.RetryGroupResponse, "POST", _CHAT, Tag.GROUPS, *_GROUP, *_UPLOAD
)

# Sessions, and the pages themselves
GET_SESSION: Final = _at(
    "GET /session",
    service.GetSession,
    service.SessionResponse,
    _OPEN,
    Tag.PAGES,
    errors.Unauthenticated,
)
SIGN_IN: Final = _at(
    "POST /session",
    service.SignIn,
    service.SessionResponse,
    _OPEN,
    Tag.PAGES,
    errors.Unauthenticated,
    errors.InvalidApiKey,
    errors.TooManySignIns,
)
SIGN_OUT: Final = _at(
    "DELETE /session", service.SignOut, None, _OPEN, Tag.PAGES, errors.CsrfFailed, form=Form.NOTHING
)
HOME: Final = _at(
    "GET / /chat",
    service.NoFields,
    None,
    _OPEN,
    Tag.PAGES,
    form=Form.PAGE,
    name="Home",
    summary="Lead to the chat page.",
)
CHAT_PAGE: Final = _at(
    "GET /Chat /Chat/<path:_place>",
    service.GetPlace,
    None,
    _OPEN,
    Tag.PAGES,
    form=Form.PAGE,
    name="ChatPage",
    summary="Show the chat page.",
)
ADMIN_PAGE: Final = _at(
    "GET /admin /admin/<path:_place>",
    service.GetPlace,
    None,
    _OPEN,
    Tag.PAGES,
    form=Form.PAGE,
    name="AdminPage",
    summary="Show the admin pages.",
)
MEDIA_PAGE: Final = _at(
    "GET /Images /Audio /Transform",
    service.NoFields,
    None,
    _OPEN,
    Tag.PAGES,
    form=Form.PAGE,
    name="MediaPage",
    summary="Show the pages for pictures, sound and transforms.",
)
STATIC_FILE: Final = _at(
    "GET /static/<version>/<path:name>",
    service.GetStaticFile,
    None,
    _OPEN,
    Tag.PAGES,
    form=Form.FILE,
)

# Typed clients are made of these
LIST_TYPES: Final = _at(
    "GET /types",
    service.NoFields,
    None,
    _OPEN,
    Tag.HEALTH,
    form=Form.UNTOUCHED,
    name="ListTypes",
    summary="Name the languages that have typed DTOs, each with where its file is.",
)
TYPES_METADATA: Final = _at(
    "GET /types/metadata /types/metadata.json",
    service.NoFields,
    None,
    _OPEN,
    Tag.HEALTH,
    form=Form.UNTOUCHED,
    name="TypesMetadata",
    summary="Describe the DTOs as ServiceStack's tools read them.",
)
GET_TYPES: Final = _at(
    "GET /types/<language>",
    service.GetTypes,
    None,
    _OPEN,
    Tag.HEALTH,
    errors.LanguageNotFound,
    form=Form.TEXT,
)
APP_METADATA: Final = _at(
    "GET /metadata/app.json /metadata/app",
    service.NoFields,
    None,
    _OPEN,
    Tag.HEALTH,
    form=Form.UNTOUCHED,
    name="AppMetadata",
    summary="Describe the whole service as ServiceStack's tools read it.",
)
METADATA_PAGE: Final = _at(
    "GET /metadata",
    service.NoFields,
    None,
    _OPEN,
    Tag.PAGES,
    form=Form.PAGE,
    name="MetadataPage",
    summary="List the operations, for people.",
)

# Health
SERVER_INFO: Final = _dto(
    service.GetServerInfo, service.GetServerInfoResponse, "GET", _READ, Tag.HEALTH
)
HELLO: Final = _dto(
    service.Hello,
    service.HelloResponse,
    "GET",
    _OPEN,
    Tag.HEALTH,
    also=("/hello", "/hello/<name>"),
)
UP: Final = _at(
    "GET /up",
    service.NoFields,
    None,
    _OPEN,
    Tag.HEALTH,
    errors.LedgerUnavailable,
    form=Form.TEXT,
    name="Up",
    summary="Answer 200 when the ledger answers.",
)
ALIVE: Final = _at(
    "GET /livez",
    service.NoFields,
    None,
    _OPEN,
    Tag.HEALTH,
    form=Form.TEXT,
    name="Alive",
    summary="Answer 200: whatever else is down, this process serves requests.",
)
READY: Final = _at(
    "GET /readyz",
    service.NoFields,
    service.ReadinessResponse,
    _OPEN,
    Tag.HEALTH,
    name="Ready",
    summary="Answer 200 when all that a job needs is there, else 503.",
)

# What describes all of them
OPENAPI_JSON: Final = _at(
    "GET /openapi.json",
    service.NoFields,
    None,
    _OPEN,
    Tag.HEALTH,
    form=Form.UNTOUCHED,
    name="GetOpenApi",
    summary="Give the OpenAPI 3.1 document.",
)
OPENAPI_YAML: Final = _at(
    "GET /openapi.yaml",
    service.NoFields,
    None,
    _OPEN,
    Tag.HEALTH,
    form=Form.FILE,
    name="GetOpenApiYaml",
    summary="Give the OpenAPI 3.1 document as YAML.",
)
LIST_SCHEMAS: Final = _at(
    "GET /schema",
    service.NoFields,
    None,
    _OPEN,
    Tag.HEALTH,
    form=Form.UNTOUCHED,
    name="ListSchemas",
    summary="List the JSON Schemas of the DTOs, each with its address.",
)
GET_SCHEMA: Final = _at(
    "GET /schema/<name>",
    service.GetSchema,
    None,
    _OPEN,
    Tag.HEALTH,
    form=Form.FILE,
)
DOCS_PAGE: Final = _at(
    "GET /docs",
    service.NoFields,
    None,
    _OPEN,
    Tag.PAGES,
    form=Form.PAGE,
    name="DocsPage",
    summary="Show the API, and try it.",
)


#: All endpoints, in the order of the reference.
CATALOG: Final[tuple[Endpoint[Any], ...]] = tuple(
    one for one in list(globals().values()) if isinstance(one, Endpoint)
)
