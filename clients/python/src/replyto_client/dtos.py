"""The DTOs of ReplyTo's API, as JSON has them. Made by `make docs-api`."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class ActiveAiModels(TypedDict):
    """List the models that can be used."""

    provider: NotRequired[str | None]
    vision: NotRequired[bool | None]


class ActiveAiModelsResponse(TypedDict):
    """Names of models, sorted."""

    results: list[str]
    responseStatus: NotRequired[ResponseStatus | None]


class ActiveCustomAiModels(TypedDict):
    """List the models that no catalog of models tells of: here, all that can be used."""



class ActiveMediaModels(TypedDict):
    """List the models that make pictures and are online."""



class ActiveMediaModelsResponse(TypedDict):
    """Names of models, the best first."""

    results: list[KeyValue]


class AddUploadPart(TypedDict):
    """Add a part of at most 64 MiB to an upload; several may come at once."""

    upload_id: NotRequired[str]
    data: NotRequired[str]


class AdminData(TypedDict):
    """Count what there is."""



class AdminDataResponse(TypedDict):
    """Counts, for an overview."""

    pageStats: list[PageStats]


class AiModel(TypedDict):
    """A model and who has it."""

    id: str
    name: str
    providers: list[str]
    online: bool
    vision: NotRequired[bool]


class AiProvider(TypedDict):
    """A provider as it is shown. Its key is not."""

    id: int
    name: str
    apiBaseUrl: NotRequired[str | None]
    apiKeyVar: NotRequired[str | None]
    apiKeyHeader: NotRequired[str | None]
    hasApiKey: NotRequired[bool]
    heartbeatUrl: NotRequired[str | None]
    proxy: NotRequired[str | None]
    caFile: NotRequired[str | None]
    clientCert: NotRequired[str | None]
    clientKey: NotRequired[str | None]
    concurrency: NotRequired[int]
    adaptive: NotRequired[bool]
    requestsPerMinute: NotRequired[int | None]
    tokensPerMinute: NotRequired[int | None]
    priority: int
    enabled: bool
    status: str
    isAsked: NotRequired[bool | None]
    probeProblem: NotRequired[str | None]
    offlineDate: NotRequired[str | None]
    offlineReason: NotRequired[str | None]
    createdDate: str
    origin: str
    models: list[AiProviderModel]
    aiTypeId: str
    aiType: dict[str, Any]
    selectedModels: list[str]
    defaults: NotRequired[dict[str, Any] | None]
    batch: NotRequired[bool]
    batchPrice: NotRequired[float]
    metricsUrl: NotRequired[str | None]
    metricsGauges: NotRequired[list[str] | None]


class AiProviderModel(TypedDict):
    """One model of a provider."""

    model: str
    apiModel: NotRequired[str | None]


class AiType(TypedDict):
    """An API dialect."""

    id: str
    name: str
    provider: str


class ApiKeyResponse(TypedDict):
    """A key as it is now."""

    result: ApiKeyRow
    responseStatus: NotRequired[ResponseStatus | None]


class ApiKeyRow(TypedDict):
    """A key, without its secret."""

    id: int
    name: str
    owner: str
    userId: NotRequired[str | None]
    userName: NotRequired[str | None]
    visibleKey: str
    scopes: list[str]
    models: NotRequired[list[str] | None]
    requestsPerMinute: NotRequired[int | None]
    tokensPerMinute: NotRequired[int | None]
    concurrentJobs: NotRequired[int | None]
    queuedJobs: NotRequired[int | None]
    monthlyTokens: NotRequired[int | None]
    monthlyCost: NotRequired[float | None]
    priority: NotRequired[Literal['high', 'normal', 'low'] | None]
    weight: NotRequired[int | None]
    waitSecs: NotRequired[int | None]
    createdDate: str
    expiryDate: NotRequired[str | None]
    cancelledDate: NotRequired[str | None]
    lastUsedDate: NotRequired[str | None]
    notes: NotRequired[str | None]
    refId: NotRequired[str | None]
    meta: NotRequired[dict[str, str] | None]


class ArtifactGenerationResponse(TypedDict):
    """Files that were made."""

    results: list[ArtifactOutput]
    duration: str
    responseStatus: NotRequired[ResponseStatus | None]


class ArtifactOutput(TypedDict):
    """A file that a job made."""

    url: str
    fileName: str
    provider: NotRequired[str | None]


class ArtifactRow(TypedDict):
    """A file, without its bytes."""

    id: str
    owner: str
    name: str
    mediaType: str
    size: int
    purpose: str
    createdDate: str
    expiresDate: NotRequired[str | None]


class AuditRow(TypedDict):
    """One action."""

    id: int
    date: str
    actor: str
    action: str
    target: str
    changes: dict[str, Any]
    requestId: str
    address: str


class AutoBatch(TypedDict):
    """Do many requests of one DTO: an array of requests comes, an array of answers goes back."""

    name: str
    groupId: NotRequired[str | None]


class BackgroundJob(TypedDict):
    """All that is known of a job (ServiceStack's BackgroundJobBase)."""

    id: int
    refId: str
    tag: NotRequired[str | None]
    worker: NotRequired[str | None]
    createdDate: str
    createdBy: NotRequired[str | None]
    runAfter: NotRequired[str | None]
    groupId: NotRequired[str | None]
    flowKey: NotRequired[str | None]
    requestId: NotRequired[str | None]
    requestType: NotRequired[str | None]
    request: NotRequired[str | None]
    requestBody: NotRequired[str | None]
    response: NotRequired[str | None]
    responseBody: NotRequired[str | None]
    state: str
    startedDate: NotRequired[str | None]
    completedDate: NotRequired[str | None]
    notifiedDate: NotRequired[str | None]
    retryLimit: NotRequired[int | None]
    attempts: NotRequired[int]
    durationMs: NotRequired[int]
    timeoutSecs: NotRequired[int | None]
    progress: NotRequired[float | None]
    status: NotRequired[str | None]
    lastActivityDate: NotRequired[str | None]
    replyTo: NotRequired[str | None]
    errorCode: NotRequired[str | None]
    error: NotRequired[ResponseStatus | None]
    meta: NotRequired[dict[str, str] | None]


class BatchCounts(TypedDict):
    """How many requests there are, and how many have ended."""

    total: NotRequired[int]
    completed: NotRequired[int]
    failed: NotRequired[int]


class BatchRow(TypedDict):
    """How far a batch is. Times are UTC."""

    id: str
    status: str
    problem: NotRequired[str | None]
    endpoint: str
    total: int
    completed: int
    failed: int
    etaSecs: NotRequired[int | None]
    outputFileId: NotRequired[str | None]
    errorFileId: NotRequired[str | None]
    createdBy: str
    createdDate: str


class BoolResponse(TypedDict):
    """Yes or no; why not is in `reason`."""

    result: bool
    reason: NotRequired[str | None]
    responseStatus: NotRequired[ResponseStatus | None]


class CallbackKeyRow(TypedDict):
    """One key."""

    id: str
    algorithm: str
    publicKey: NotRequired[str | None]
    createdDate: NotRequired[str | None]
    expiryDate: NotRequired[str | None]


class CallbackSubscription(TypedDict):
    """A subscription."""

    id: str
    url: str
    events: list[str]
    createdDate: str
    responseStatus: NotRequired[ResponseStatus | None]


class CancelBatch(TypedDict):
    """Cancel a batch; what was answered is kept."""

    batch_id: NotRequired[str]


class CancelDelivery(TypedDict):
    """Make no more attempts at a callback."""

    refId: NotRequired[str | None]
    id: NotRequired[int | None]


class CancelDeliveryResponse(TypedDict):
    """What came of it: 'cancelled', or 'ended' when it was over before."""

    id: int
    refId: str
    state: str
    status: str
    responseStatus: NotRequired[ResponseStatus | None]


class CancelGroup(TypedDict):
    """Close a group, or a batch, and cancel all its jobs."""

    id: str
    createdBy: NotRequired[str | None]


class CancelJob(TypedDict):
    """End a job that waits, or abort one that runs."""

    refId: NotRequired[str | None]
    id: NotRequired[int | None]


class CancelJobResponse(TypedDict):
    """What became of the wish to cancel."""

    id: int
    refId: str
    jobState: str
    status: str
    responseStatus: NotRequired[ResponseStatus | None]


class CancelResponse(TypedDict):
    """End a response that waits, abort one that runs; show what became of it."""

    response_id: str


class CancelUpload(TypedDict):
    """Cancel an upload; its parts are gone."""

    upload_id: NotRequired[str]


class CancelWorker(TypedDict):
    """Abort all that a worker runs."""

    worker: str


class ChangeAiProviderStatus(TypedDict):
    """Take a provider offline, or online again."""

    provider: str
    online: bool


class ChatAiProvider(TypedDict):
    """Try one provider, also one that is offline."""

    provider: str
    model: str
    request: NotRequired[dict[str, Any] | None]
    prompt: NotRequired[str | None]


class CheckAiProviderStatus(TypedDict):
    """Probe a provider now."""

    provider: str


class CheckMediaProviderStatus(TypedDict):
    """Probe a provider of pictures or sound now."""

    provider: str


class Choice(TypedDict):
    """One answer of a chat."""

    index: int
    finish_reason: NotRequired[str | None]
    message: dict[str, Any]
    logprobs: NotRequired[dict[str, Any] | None]


class CloseGroup(TypedDict):
    """Let no more jobs join a group: it ends when all that are in it have ended."""

    id: str
    createdBy: NotRequired[str | None]


class CompleteUpload(TypedDict):
    """Make the file of an upload's parts."""

    upload_id: NotRequired[str]
    part_ids: list[str]
    md5: NotRequired[str | None]


class ConversationHead(TypedDict):
    """A conversation in a list."""

    id: str
    title: str
    model: str
    version: int
    createdDate: str
    modifiedDate: str
    pinned: NotRequired[bool]


class ConversationWhole(TypedDict):
    """A conversation with its document."""

    id: str
    title: str
    model: str
    version: int
    createdDate: str
    modifiedDate: str
    pinned: NotRequired[bool]
    content: dict[str, Any]


class ConvertAudio(TypedDict):
    """Make a sound in another format, and wait for it."""

    audio: NotRequired[str | None]
    outputFormat: Literal['mp3', 'wav', 'aac', 'flac', 'ogg', 'm4a', 'wma']
    refId: NotRequired[str | None]
    tag: NotRequired[str | None]


class ConvertImage(TypedDict):
    """Make a picture in another format, and wait for it."""

    image: NotRequired[str | None]
    outputFormat: Literal['jpg', 'png', 'gif', 'bmp', 'tiff', 'webp']
    refId: NotRequired[str | None]
    tag: NotRequired[str | None]


class ConvertVideo(TypedDict):
    """Make a video in another format, and wait for it."""

    video: NotRequired[str | None]
    outputFormat: Literal['mp4', 'mov', 'webm', 'mkv', 'avi', 'wmv', 'mpeg', 'ogg']
    refId: NotRequired[str | None]
    tag: NotRequired[str | None]


class CreateAiProvider(TypedDict):
    """Add a provider."""

    aiTypeId: NotRequired[str | None]
    apiBaseUrl: NotRequired[str | None]
    apiKeyVar: NotRequired[str | None]
    apiKey: NotRequired[str | None]
    apiKeyHeader: NotRequired[str | None]
    heartbeatUrl: NotRequired[str | None]
    proxy: NotRequired[str | None]
    caFile: NotRequired[str | None]
    clientCert: NotRequired[str | None]
    clientKey: NotRequired[str | None]
    concurrency: NotRequired[int | None]
    adaptive: NotRequired[bool | None]
    requestsPerMinute: NotRequired[int | None]
    tokensPerMinute: NotRequired[int | None]
    priority: NotRequired[int | None]
    enabled: NotRequired[bool | None]
    models: NotRequired[list[AiProviderModel] | None]
    selectedModels: NotRequired[list[str] | None]
    defaults: NotRequired[dict[str, Any] | None]
    batch: NotRequired[bool | None]
    batchPrice: NotRequired[float | None]
    metricsUrl: NotRequired[str | None]
    metricsGauges: NotRequired[list[str] | None]
    name: str


class CreateApiKey(TypedDict):
    """Issue an API key. Its secret is shown once, in the answer."""

    requestsPerMinute: NotRequired[int | None]
    tokensPerMinute: NotRequired[int | None]
    concurrentJobs: NotRequired[int | None]
    queuedJobs: NotRequired[int | None]
    monthlyTokens: NotRequired[int | None]
    monthlyCost: NotRequired[float | None]
    priority: NotRequired[Literal['high', 'normal', 'low'] | None]
    weight: NotRequired[int | None]
    waitSecs: NotRequired[int | None]
    userName: NotRequired[str | None]
    scopes: NotRequired[list[Literal['chat', 'read', 'admin:read', 'admin:keys', 'admin:providers', 'admin']] | None]
    models: NotRequired[list[str] | None]
    expiryDate: NotRequired[int | None]
    notes: NotRequired[str | None]
    meta: NotRequired[dict[str, str] | None]
    name: str
    key: NotRequired[str | None]
    userId: NotRequired[str | None]
    refId: NotRequired[str | None]
    refIdStr: NotRequired[str | None]


class CreateApiKeyResponse(TypedDict):
    """A key with its secret, which is shown here only."""

    id: int
    name: str
    owner: str
    userId: NotRequired[str | None]
    userName: NotRequired[str | None]
    visibleKey: str
    scopes: list[str]
    models: NotRequired[list[str] | None]
    requestsPerMinute: NotRequired[int | None]
    tokensPerMinute: NotRequired[int | None]
    concurrentJobs: NotRequired[int | None]
    queuedJobs: NotRequired[int | None]
    monthlyTokens: NotRequired[int | None]
    monthlyCost: NotRequired[float | None]
    priority: NotRequired[Literal['high', 'normal', 'low'] | None]
    weight: NotRequired[int | None]
    waitSecs: NotRequired[int | None]
    createdDate: str
    expiryDate: NotRequired[str | None]
    cancelledDate: NotRequired[str | None]
    lastUsedDate: NotRequired[str | None]
    notes: NotRequired[str | None]
    refId: NotRequired[str | None]
    meta: NotRequired[dict[str, str] | None]
    key: str
    responseStatus: NotRequired[ResponseStatus | None]


class CreateBatch(TypedDict):
    """Run a file of requests, with any models, when there is room."""

    input_file_id: str
    endpoint: Literal['/v1/chat/completions', '/v1/completions', '/v1/embeddings', '/v1/moderations', '/v1/responses']
    completion_window: NotRequired[str]
    metadata: NotRequired[dict[str, str] | None]
    output_expires_after: NotRequired[ExpiresAfter | None]
    replyTo: NotRequired[str | None]


class CreateCallbackSubscription(TypedDict):
    """Have a URL told of all events of the caller's jobs."""

    url: str
    events: NotRequired[list[Literal['job.completed', 'job.failed', 'job.cancelled', 'callback.exhausted', 'batch.completed', 'batch.failed', 'batch.expired', 'batch.cancelled', 'group.completed', 'group.cancelled']] | None]


class CreateFile(TypedDict):
    """Upload a file."""

    file: NotRequired[str]
    purpose: NotRequired[Literal['assistants', 'batch', 'fine-tune', 'vision', 'user_data', 'evals'] | None]
    expires_after: NotRequired[ExpiresAfter | None]


class CreateGeneration(TypedDict):
    """Queue what needs no file: pictures of a text, or speech."""

    runAfter: NotRequired[str | None]
    flowKey: NotRequired[str | None]
    maxParallel: NotRequired[int | None]
    rate: NotRequired[str | None]
    priority: NotRequired[str | None]
    groupId: NotRequired[str | None]
    request: GenerationArgs
    provider: NotRequired[str | None]
    state: NotRequired[str | None]
    replyTo: NotRequired[str | None]
    refId: NotRequired[str | None]


class CreateGenerationResponse(TypedDict):
    """A generation was accepted."""

    id: int
    refId: str
    responseStatus: NotRequired[ResponseStatus | None]


class CreateGroup(TypedDict):
    """Make a group before its jobs, or say more of one that is open."""

    id: NotRequired[str | None]
    replyTo: NotRequired[str | None]
    jobs: NotRequired[int | None]


class CreateMediaProvider(TypedDict):
    """Add a provider of pictures or sound."""

    apiKey: NotRequired[str | None]
    apiKeyVar: NotRequired[str | None]
    apiKeyHeader: NotRequired[str | None]
    apiBaseUrl: NotRequired[str | None]
    heartbeatUrl: NotRequired[str | None]
    concurrency: NotRequired[int | None]
    priority: NotRequired[int | None]
    enabled: NotRequired[bool | None]
    models: NotRequired[list[str] | None]
    name: str
    mediaTypeId: str


class CreateMediaTransform(TypedDict):
    """Queue a change of a file, which comes as a part of the form; `request` may be JSON there."""

    runAfter: NotRequired[str | None]
    flowKey: NotRequired[str | None]
    maxParallel: NotRequired[int | None]
    rate: NotRequired[str | None]
    priority: NotRequired[str | None]
    groupId: NotRequired[str | None]
    request: MediaTransformArgs
    image: NotRequired[str | None]
    video: NotRequired[str | None]
    audio: NotRequired[str | None]
    watermark: NotRequired[str | None]
    provider: NotRequired[str | None]
    state: NotRequired[str | None]
    replyTo: NotRequired[str | None]
    refId: NotRequired[str | None]
    tag: NotRequired[str | None]


class CreateResponse(TypedDict):
    """Make a response: in the background, or answer with it at its end or as it comes."""

    refId: NotRequired[str | None]
    provider: NotRequired[str | None]
    tag: NotRequired[str | None]
    replyTo: NotRequired[str | None]
    timeoutSecs: NotRequired[float | None]
    runAfter: NotRequired[str | None]
    flowKey: NotRequired[str | None]
    maxParallel: NotRequired[int | None]
    rate: NotRequired[str | None]
    priority: NotRequired[str | None]
    groupId: NotRequired[str | None]
    model: NotRequired[str | None]
    input: NotRequired[str | list[Any] | None]
    prompt: NotRequired[dict[str, Any] | None]
    instructions: NotRequired[str | None]
    background: NotRequired[bool | None]
    stream: NotRequired[bool | None]
    store: NotRequired[bool | None]
    previous_response_id: NotRequired[str | None]
    max_output_tokens: NotRequired[int | None]
    temperature: NotRequired[float | None]
    top_p: NotRequired[float | None]
    tools: NotRequired[list[dict[str, Any]] | None]
    tool_choice: NotRequired[str | dict[str, Any] | None]
    parallel_tool_calls: NotRequired[bool | None]
    reasoning: NotRequired[dict[str, Any] | None]
    text: NotRequired[dict[str, Any] | None]
    truncation: NotRequired[str | None]
    include: NotRequired[list[str] | None]
    metadata: NotRequired[dict[str, Any] | None]
    user: NotRequired[str | None]


class CreateSchedule(TypedDict):
    """Make a call at the times of a cron expression."""

    name: NotRequired[str]
    cron: str
    timeZone: NotRequired[str]
    endpoint: NotRequired[str]
    request: dict[str, Any]
    replyTo: NotRequired[str | None]
    tag: NotRequired[str | None]
    provider: NotRequired[str | None]
    timeoutSecs: NotRequired[float | None]
    jitterSecs: NotRequired[int]
    catchUp: NotRequired[Literal['skip', 'once', 'all'] | None]
    paused: NotRequired[bool]


class CreateUpload(TypedDict):
    """Begin an upload in parts."""

    filename: str
    purpose: Literal['assistants', 'batch', 'fine-tune', 'vision', 'user_data', 'evals']
    bytes: int
    mime_type: NotRequired[str]
    expires_after: NotRequired[ExpiresAfter | None]


class CropImage(TypedDict):
    """Make a part out of a picture, and wait for it."""

    x: NotRequired[int]
    y: NotRequired[int]
    width: int
    height: int
    image: NotRequired[str | None]
    refId: NotRequired[str | None]
    tag: NotRequired[str | None]


class CropVideo(TypedDict):
    """Make a part out of a video's picture, and wait for it."""

    x: NotRequired[int]
    y: NotRequired[int]
    width: int
    height: int
    video: NotRequired[str | None]
    refId: NotRequired[str | None]
    tag: NotRequired[str | None]


class DeleteAiProvider(TypedDict):
    """Take a provider away."""

    id: NotRequired[int | None]
    name: NotRequired[str | None]


class DeleteCallbackSubscription(TypedDict):
    """End a subscription. Events that are under way still arrive."""

    id: str


class DeleteCallbackSubscriptionResponse(TypedDict):
    """The subscription has ended."""

    id: str
    responseStatus: NotRequired[ResponseStatus | None]


class DeleteConversation(TypedDict):
    """Delete a conversation."""

    id: str


class DeleteFile(TypedDict):
    """Delete a file."""

    file_id: str


class DeleteFileByPath(TypedDict):
    """Delete one of your files by its path."""

    path: str


class DeleteFileUpload(TypedDict):
    """Delete an uploaded file."""

    path: str


class DeleteFiles(TypedDict):
    """Delete files by their paths or ids."""

    paths: list[str]


class DeleteFilesResponse(TypedDict):
    """What became of each."""

    deleted: NotRequired[list[str]]
    missing: NotRequired[list[str]]
    failed: NotRequired[list[str]]


class DeleteMediaProvider(TypedDict):
    """Take a provider of pictures or sound away."""

    id: NotRequired[int | None]
    name: NotRequired[str | None]


class DeletePrompt(TypedDict):
    """Delete a system prompt of yours; what it replaced is back."""

    id: str


class DeleteSchedule(TypedDict):
    """Forget a schedule; jobs that it made stay."""

    id: str


class DeleteScheduleResponse(TypedDict):
    """It is gone."""

    id: str
    responseStatus: NotRequired[ResponseStatus | None]


class DeletedFile(TypedDict):
    """That it is deleted."""

    id: str
    object: NotRequired[str]
    deleted: NotRequired[bool]


class DeliveryAttemptRow(TypedDict):
    """One attempt."""

    number: int
    trigger: str
    scheduledDate: NotRequired[str | None]
    startedDate: str
    durationMs: int
    ip: NotRequired[str | None]
    status: NotRequired[int | None]
    error: NotRequired[str | None]
    detail: NotRequired[str | None]
    retryAfterSecs: NotRequired[float | None]
    responseHead: NotRequired[str | None]
    bodySha256: str
    keyIds: NotRequired[list[str] | None]
    nextAttemptSecs: NotRequired[float | None]


class DeliveryRow(TypedDict):
    """A delivery: one job's callback."""

    id: int
    refId: str
    tag: NotRequired[str | None]
    event: NotRequired[str | None]
    webhookId: str
    url: str
    state: str
    reason: NotRequired[str | None]
    attempts: int
    createdDate: str
    nextAttemptDate: NotRequired[str | None]
    endedDate: NotRequired[str | None]


class Done(TypedDict):
    """It is done."""



class EmptyResponse(TypedDict):
    """It was done."""

    responseStatus: NotRequired[ResponseStatus | None]


class ExpiresAfter(TypedDict):
    """When a file is to go."""

    anchor: NotRequired[str]
    seconds: int


class FileUploadResponse(TypedDict):
    """What was done."""

    result: Any


class FlowState(TypedDict):
    """How the flow key of a queued job stands."""

    key: str
    maxParallel: NotRequired[int | None]
    rate: NotRequired[str | None]
    running: int
    waiting: int
    before: NotRequired[int | None]


class GenerationArgs(TypedDict):
    """What AI Server's own API asks of a model; the members that its tasks use."""

    model: NotRequired[str | None]
    batchSize: NotRequired[int | None]
    seed: NotRequired[int | None]
    positivePrompt: NotRequired[str | None]
    negativePrompt: NotRequired[str | None]
    denoise: NotRequired[float | None]
    width: NotRequired[int | None]
    height: NotRequired[int | None]
    voice: NotRequired[str | None]
    taskType: NotRequired[Any]


class GetActiveProviders(TypedDict):
    """List the providers that are enabled and online."""



class GetActiveProvidersResponse(TypedDict):
    """Providers that may be called now."""

    results: list[AiProvider]


class GetArtifact(TypedDict):
    """Read a file by its link, which is signed and expires, or by its path with your key."""

    path: str
    download: NotRequired[bool]
    expires: NotRequired[str]
    signature: NotRequired[str]


class GetArtifactGenerationStatus(TypedDict):
    """Ask where a job stands that makes files."""

    refId: NotRequired[str | None]
    jobId: NotRequired[int | None]


class GetArtifactGenerationStatusResponse(TypedDict):
    """Where a job stands, with its files once there are some."""

    jobId: int
    refId: str
    jobState: str
    status: str
    duration: NotRequired[str | None]
    responseStatus: NotRequired[ResponseStatus | None]
    results: NotRequired[list[ArtifactOutput] | None]


class GetArtifactVariant(TypedDict):
    """Read a picture in another size: `width=N`, `height=N` or both; as WebP."""

    variant: str
    path: str
    download: NotRequired[bool]
    expires: NotRequired[str]
    signature: NotRequired[str]


class GetCallbackKeys(TypedDict):
    """List the keys that sign the caller's callbacks; never the secrets themselves."""



class GetCallbackKeysResponse(TypedDict):
    """The keys, the newest first. Each adds a signature to the header."""

    results: list[CallbackKeyRow]
    responseStatus: NotRequired[ResponseStatus | None]


class GetConversation(TypedDict):
    """Read one conversation."""

    id: str


class GetConversationResponse(TypedDict):
    """One conversation."""

    result: ConversationWhole


GetDeliveries = TypedDict("GetDeliveries", {"state": "NotRequired[Literal['Pending', 'Delivered', 'Stopped', 'Exhausted', 'Cancelled'] | None]", "host": "NotRequired[str | None]", "tag": "NotRequired[str | None]", "from": "NotRequired[int | None]", "to": "NotRequired[int | None]", "refId": "NotRequired[str | None]", "skip": "NotRequired[int]", "take": "NotRequired[int]", "orderBy": "NotRequired[str | None]", "orderByDesc": "NotRequired[str | None]"})


class GetDeliveriesResponse(TypedDict):
    """A page of deliveries."""

    offset: int
    total: int
    results: list[DeliveryRow]
    responseStatus: NotRequired[ResponseStatus | None]


class GetDelivery(TypedDict):
    """Read one delivery with the log of its attempts."""

    refId: NotRequired[str | None]
    id: NotRequired[int | None]


class GetDeliveryResponse(TypedDict):
    """A delivery with its log, oldest attempt first."""

    result: DeliveryRow
    log: list[DeliveryAttemptRow]
    responseStatus: NotRequired[ResponseStatus | None]


class GetFileUpload(TypedDict):
    """Read an uploaded file."""

    path: str
    attachment: NotRequired[bool]


class GetGeneration(TypedDict):
    """Read a generation that has ended."""

    refId: NotRequired[str | None]
    id: NotRequired[int | None]


class GetGenerationResponse(TypedDict):
    """What was made."""

    outputs: NotRequired[list[ArtifactOutput] | None]
    textOutputs: NotRequired[list[TextOutput] | None]
    responseStatus: NotRequired[ResponseStatus | None]


class GetGroup(TypedDict):
    """Ask how a group of jobs, or a batch, stands."""

    id: str
    createdBy: NotRequired[str | None]


class GetMetrics(TypedDict):
    """Tell the figures of the cluster and of this gateway, for Prometheus."""



class GetModelImage(TypedDict):
    """Give a picture that stands for a model: its initials, in a colour of its own."""

    model: str


class GetMyKey(TypedDict):
    """Tell the caller what its own key may do, and what it has taken of its limits."""



class GetMyKeyResponse(TypedDict):
    """The key. Its limits are beside what was taken of them."""

    requestsPerMinute: NotRequired[int | None]
    tokensPerMinute: NotRequired[int | None]
    concurrentJobs: NotRequired[int | None]
    queuedJobs: NotRequired[int | None]
    monthlyTokens: NotRequired[int | None]
    monthlyCost: NotRequired[float | None]
    priority: NotRequired[Literal['high', 'normal', 'low'] | None]
    weight: NotRequired[int | None]
    waitSecs: NotRequired[int | None]
    name: str
    owner: str
    scopes: list[str]
    models: NotRequired[list[str] | None]
    expiryDate: NotRequired[str | None]
    taken: KeyTaken


class GetOllamaGenerationStatus(TypedDict):
    """Ask where a queued generation stands."""

    refId: NotRequired[str | None]
    jobId: NotRequired[int | None]


class GetOllamaGenerationStatusResponse(TypedDict):
    """Where a generation stands, and its result once there is one."""

    jobId: int
    refId: str
    jobState: str
    status: str
    queuePosition: NotRequired[int | None]
    estimatedStartSecs: NotRequired[int | None]
    runAfter: NotRequired[str | None]
    waitsForLimitsSince: NotRequired[str | None]
    flow: NotRequired[FlowState | None]
    responseStatus: NotRequired[ResponseStatus | None]
    result: NotRequired[dict[str, Any] | None]


class GetOllamaModels(TypedDict):
    """List the models that the Ollama servers have."""

    provider: NotRequired[str | None]


class GetOllamaModelsResponse(TypedDict):
    """Models as Ollama tells them: name, model, modified_at, size, digest, details."""

    results: list[dict[str, Any]]
    responseStatus: NotRequired[ResponseStatus | None]


class GetOpenAiChat(TypedDict):
    """Read a job with all that is known of it."""

    refId: NotRequired[str | None]
    id: NotRequired[int | None]


class GetOpenAiChatResponse(TypedDict):
    """A job as it stands."""

    result: BackgroundJob
    responseStatus: NotRequired[ResponseStatus | None]


class GetOpenAiChatStatus(TypedDict):
    """Ask where a queued chat stands."""

    refId: NotRequired[str | None]
    jobId: NotRequired[int | None]


class GetOpenAiChatStatusResponse(TypedDict):
    """Where a job stands, and its result once there is one."""

    jobId: int
    refId: str
    jobState: str
    status: str
    queuePosition: NotRequired[int | None]
    estimatedStartSecs: NotRequired[int | None]
    runAfter: NotRequired[str | None]
    waitsForLimitsSince: NotRequired[str | None]
    flow: NotRequired[FlowState | None]
    responseStatus: NotRequired[ResponseStatus | None]
    result: NotRequired[dict[str, Any] | None]


class GetOverview(TypedDict):
    """Ask how things stand at this moment."""



class GetOverviewResponse(TypedDict):
    """How things stand. Counts only ever grow: what happens in a time is their difference."""

    date: str
    accepted: int
    inFlight: int
    delayed: int
    executed: int
    callbacksDue: int
    callbacksDelayed: int
    callbacksInFlight: int
    waiting: list[WaitingRow]
    stages: list[StageRow]
    providers: list[ProviderSlotsRow]
    workers: list[WorkerRow]
    lostWorkers: list[WorkerRow]
    notices: list[NoticeRow]
    counts: dict[str, int]
    latencies: list[LatencyRow]


class GetPlace(TypedDict):
    """Show a page; its script reads the rest of the address."""



class GetResult(TypedDict):
    """Give the result of the one job that the link is signed for; no API key is needed."""

    jobId: int
    expires: NotRequired[str]
    signature: NotRequired[str]


class GetSchema(TypedDict):
    """Give the JSON Schema of a DTO, complete by itself."""

    name: str


class GetServerInfo(TypedDict):
    """Tell which version this is, what its clock says, and how many models the key may use."""



class GetServerInfoResponse(TypedDict):
    """The server, as the caller's key sees it."""

    version: str
    date: str
    models: int


class GetSession(TypedDict):
    """Say who is signed in, with the token that changes need."""



class GetSettings(TypedDict):
    """Ask for the settings in force."""



class GetSettingsResponse(TypedDict):
    """All settings of the gateway that answers."""

    results: list[SettingRow]


class GetStaticFile(TypedDict):
    """Serve a file of the pages."""

    version: str
    name: str


class GetStorage(TypedDict):
    """Tell who has how many bytes of files, most first."""

    take: NotRequired[int]


class GetStorageResponse(TypedDict):
    """What is stored."""

    results: list[StorageRow]
    bytes: int
    quotaBytes: NotRequired[int | None]


GetSummaryStats = TypedDict("GetSummaryStats", {"from": "NotRequired[int | None]", "to": "NotRequired[int | None]"})


class GetSummaryStatsResponse(TypedDict):
    """Sums by name."""

    providerStats: list[SummaryStats]
    modelStats: list[SummaryStats]
    monthStats: list[SummaryStats]
    responseStatus: NotRequired[ResponseStatus | None]


class GetTextGenerationStatus(TypedDict):
    """Ask where a job stands that makes a text."""

    refId: NotRequired[str | None]
    jobId: NotRequired[int | None]


class GetTextGenerationStatusResponse(TypedDict):
    """Where a job stands, with its texts once there are some."""

    jobId: int
    refId: str
    jobState: str
    status: str
    duration: NotRequired[str | None]
    responseStatus: NotRequired[ResponseStatus | None]
    results: NotRequired[list[TextOutput] | None]


class GetTrend(TypedDict):
    """Ask how things stood: in the last hour each 15 seconds, in the last day each 5 minutes."""

    span: NotRequired[Literal['hour', 'day']]


class GetTrendResponse(TypedDict):
    """Samples, oldest first."""

    results: list[TrendRow]


class GetTypes(TypedDict):
    """Give the DTOs of all endpoints in a language, for typed clients."""

    language: str


GetUsage = TypedDict("GetUsage", {"from": "NotRequired[int | None]", "to": "NotRequired[int | None]", "groupBy": "NotRequired[Literal['model', 'provider', 'tag', 'owner', 'day', 'month']]"})


class GetUsageResponse(TypedDict):
    """Sums, in the order of their names."""

    results: list[UsageStats]
    responseStatus: NotRequired[ResponseStatus | None]


class GetWebhookKeys(TypedDict):
    """Give receivers the public keys; empty unless callbacks are signed with key pairs."""



class GetWorkerStats(TypedDict):
    """Show what each worker does and what waits."""



class GetWorkerStatsResponse(TypedDict):
    """All workers."""

    results: list[WorkerStats]
    queueCounts: dict[str, int]
    responseStatus: NotRequired[ResponseStatus | None]


class Hello(TypedDict):
    """Greet somebody, to try whether calls come through."""

    name: NotRequired[str]


class HelloResponse(TypedDict):
    """A greeting."""

    result: str


class IdResponse(TypedDict):
    """What was made or changed."""

    id: str
    responseStatus: NotRequired[ResponseStatus | None]


class ImageToImage(TypedDict):
    """Make pictures of a picture, and wait for them."""

    positivePrompt: str
    negativePrompt: NotRequired[str | None]
    image: NotRequired[str | None]
    model: NotRequired[str | None]
    denoise: NotRequired[float | None]
    batchSize: NotRequired[int | None]
    seed: NotRequired[int | None]
    refId: NotRequired[str | None]
    tag: NotRequired[str | None]
    provider: NotRequired[str | None]


class ImageToText(TypedDict):
    """Describe a picture, and wait for the text."""

    image: NotRequired[str | None]
    model: NotRequired[str | None]
    prompt: NotRequired[str | None]
    refId: NotRequired[str | None]
    tag: NotRequired[str | None]
    provider: NotRequired[str | None]


class ImageUpscale(TypedDict):
    """Make a picture twice as large, and wait for it."""

    image: NotRequired[str | None]
    model: NotRequired[str | None]
    seed: NotRequired[int | None]
    refId: NotRequired[str | None]
    tag: NotRequired[str | None]
    provider: NotRequired[str | None]


class ImageWithMask(TypedDict):
    """Change what a mask marks of a picture, and wait for it."""

    positivePrompt: str
    negativePrompt: NotRequired[str | None]
    image: NotRequired[str | None]
    model: NotRequired[str | None]
    denoise: NotRequired[float | None]
    batchSize: NotRequired[int | None]
    seed: NotRequired[int | None]
    mask: NotRequired[str | None]
    refId: NotRequired[str | None]
    tag: NotRequired[str | None]
    provider: NotRequired[str | None]


class JobGroup(TypedDict):
    """How a group stands. Times are UTC."""

    id: str
    groupState: str
    total: int
    queued: int
    started: int
    completed: int
    failed: int
    cancelled: int
    progress: float
    etaSecs: NotRequired[int | None]
    cost: NotRequired[float | None]
    failedJobs: NotRequired[list[int] | None]
    replyTo: NotRequired[str | None]
    createdBy: str
    createdDate: str
    endedDate: NotRequired[str | None]
    responseStatus: NotRequired[ResponseStatus | None]


class JobSchedule(TypedDict):
    """A schedule. Times are UTC."""

    id: str
    name: str
    cron: str
    timeZone: str
    endpoint: str
    request: dict[str, Any]
    replyTo: NotRequired[str | None]
    tag: NotRequired[str | None]
    provider: NotRequired[str | None]
    timeoutSecs: NotRequired[float | None]
    jitterSecs: int
    catchUp: str
    paused: bool
    problem: NotRequired[str | None]
    createdBy: str
    createdDate: str
    nextDates: list[str]
    lastDate: NotRequired[str | None]
    lastJobId: NotRequired[int | None]
    jobs: int
    responseStatus: NotRequired[ResponseStatus | None]


class JobSummary(TypedDict):
    """One job of a list: all but what was asked and answered."""

    id: int
    refId: str
    tag: NotRequired[str | None]
    createdBy: str
    model: str
    provider: NotRequired[str | None]
    operation: str
    state: str
    statusCode: NotRequired[int | None]
    createdDate: str
    startedDate: NotRequired[str | None]
    executedDate: NotRequired[str | None]
    completedDate: NotRequired[str | None]
    waitedMs: NotRequired[int | None]
    durationMs: NotRequired[int | None]
    attempts: NotRequired[int]
    worker: NotRequired[str | None]
    errorCode: NotRequired[str | None]
    errorMessage: NotRequired[str | None]
    promptTokens: NotRequired[int | None]
    completionTokens: NotRequired[int | None]
    totalTokens: NotRequired[int | None]
    cachedTokens: NotRequired[int | None]
    images: NotRequired[int | None]
    characters: NotRequired[int | None]
    audioSeconds: NotRequired[float | None]
    cost: NotRequired[float | None]
    isKept: NotRequired[bool | None]
    streamed: NotRequired[bool | None]
    replyTo: NotRequired[str | None]


class KeyTaken(TypedDict):
    """What a key has taken; this month's (UTC) is that of all keys of its owner without limits."""

    requests: NotRequired[int]
    tokens: NotRequired[int]
    liveJobs: NotRequired[int]
    monthTokens: NotRequired[int]
    monthCost: NotRequired[float]


class KeyValue(TypedDict):
    """A name and what it stands for."""

    key: str
    value: str


class LatencyRow(TypedDict):
    """How many jobs were answered within a bound, and in more than the bound before it."""

    withinMs: NotRequired[int | None]
    total: int


class ListAiProviderModels(TypedDict):
    """Ask a provider, before it is added, which models it has. Nothing is kept."""

    aiTypeId: NotRequired[str | None]
    apiBaseUrl: NotRequired[str | None]
    apiKeyVar: NotRequired[str | None]
    apiKey: NotRequired[str | None]
    apiKeyHeader: NotRequired[str | None]
    heartbeatUrl: NotRequired[str | None]
    proxy: NotRequired[str | None]
    caFile: NotRequired[str | None]
    clientCert: NotRequired[str | None]
    clientKey: NotRequired[str | None]
    concurrency: NotRequired[int | None]
    adaptive: NotRequired[bool | None]
    requestsPerMinute: NotRequired[int | None]
    tokensPerMinute: NotRequired[int | None]
    priority: NotRequired[int | None]
    enabled: NotRequired[bool | None]
    models: NotRequired[list[AiProviderModel] | None]
    selectedModels: NotRequired[list[str] | None]
    defaults: NotRequired[dict[str, Any] | None]
    batch: NotRequired[bool | None]
    batchPrice: NotRequired[float | None]
    metricsUrl: NotRequired[str | None]
    metricsGauges: NotRequired[list[str] | None]
    name: NotRequired[str | None]


class ListAiProviderModelsResponse(TypedDict):
    """Its models, by the names that it gives them; or why it does not tell."""

    results: list[str]
    reason: NotRequired[str | None]
    responseStatus: NotRequired[ResponseStatus | None]


class ListBatches(TypedDict):
    """List your batches, the latest first."""

    after: NotRequired[str | None]
    limit: NotRequired[int]


class ListFiles(TypedDict):
    """List your files, the latest first."""

    purpose: NotRequired[str | None]
    after: NotRequired[str | None]
    limit: NotRequired[int]
    order: NotRequired[Literal['asc', 'desc']]


class ListModels(TypedDict):
    """List the models as OpenAI does."""

    operation: NotRequired[Literal['chat', 'completion', 'embedding', 'response', 'ollama_generate', 'moderation', 'image', 'image_edit', 'image_variation', 'image_upscale', 'image_to_text', 'speech', 'transcription', 'translation', 'transform'] | None]


class MediaModel(TypedDict):
    """A model, by provider type: its names there, and what it can be asked."""

    id: str
    name: str
    apiModels: dict[str, str]
    supportedTasks: dict[str, list[str]]


class MediaProvider(TypedDict):
    """A provider of pictures or sound as it is shown. Its key is not."""

    id: int
    name: str
    apiKeyVar: NotRequired[str | None]
    apiKeyHeader: NotRequired[str | None]
    apiBaseUrl: NotRequired[str | None]
    heartbeatUrl: NotRequired[str | None]
    concurrency: NotRequired[int]
    priority: int
    enabled: bool
    status: str
    offlineDate: NotRequired[str | None]
    createdDate: str
    mediaTypeId: str
    mediaType: dict[str, Any]
    models: list[str]
    operations: dict[str, list[str]]


class MediaTransformArgs(TypedDict):
    """What AI Server's own API asks of a file; the members that its tasks use."""

    taskType: NotRequired[str | None]
    outputFormat: NotRequired[str | None]
    imageOutputFormat: NotRequired[str | None]
    scaleWidth: NotRequired[int | None]
    scaleHeight: NotRequired[int | None]
    cropX: NotRequired[int]
    cropY: NotRequired[int]
    cropWidth: NotRequired[int | None]
    cropHeight: NotRequired[int | None]
    cutStart: NotRequired[float | None]
    cutEnd: NotRequired[float | None]
    watermarkPosition: NotRequired[Literal['TopLeft', 'TopRight', 'BottomLeft', 'BottomRight', 'Center'] | None]
    watermarkScale: NotRequired[float | None]


class MediaType(TypedDict):
    """A type of providers."""

    id: str
    provider: str


class NoFields(TypedDict):
    """A request that says all by its address."""



class NoticeRow(TypedDict):
    """What a process has to complain of: secrets, database or clock are not the others'."""

    process: str
    text: str
    date: str


class OllamaChat(TypedDict):
    """Chat as Ollama does: line by line, unless the request says otherwise."""

    refId: NotRequired[str | None]
    provider: NotRequired[str | None]
    tag: NotRequired[str | None]
    replyTo: NotRequired[str | None]
    timeoutSecs: NotRequired[float | None]
    model: str
    messages: NotRequired[list[OllamaMessage]]
    tools: NotRequired[list[dict[str, Any]] | None]
    format: NotRequired[str | dict[str, Any] | None]
    options: NotRequired[dict[str, Any] | None]
    stream: NotRequired[bool | None]
    think: NotRequired[bool | str | None]
    keep_alive: NotRequired[float | str | None]


class OllamaChatResponse(TypedDict):
    """An answer, or a piece of one."""

    model: str
    created_at: str
    message: OllamaMessage
    done: bool
    done_reason: NotRequired[str | None]
    total_duration: NotRequired[int | None]
    load_duration: NotRequired[int | None]
    prompt_eval_count: NotRequired[int | None]
    prompt_eval_duration: NotRequired[int | None]
    eval_count: NotRequired[int | None]
    eval_duration: NotRequired[int | None]


class OllamaEmbed(TypedDict):
    """Embed texts as Ollama does."""

    refId: NotRequired[str | None]
    provider: NotRequired[str | None]
    tag: NotRequired[str | None]
    replyTo: NotRequired[str | None]
    timeoutSecs: NotRequired[float | None]
    model: str
    input: str | list[str]
    dimensions: NotRequired[int | None]
    truncate: NotRequired[bool | None]
    options: NotRequired[dict[str, Any] | None]
    keep_alive: NotRequired[float | str | None]


class OllamaEmbedResponse(TypedDict):
    """A vector a text."""

    model: str
    embeddings: list[list[float]]
    total_duration: NotRequired[int | None]
    load_duration: NotRequired[int | None]
    prompt_eval_count: NotRequired[int | None]


class OllamaEmbeddings(TypedDict):
    """Embed one text, as Ollama did before."""

    refId: NotRequired[str | None]
    provider: NotRequired[str | None]
    tag: NotRequired[str | None]
    replyTo: NotRequired[str | None]
    timeoutSecs: NotRequired[float | None]
    model: str
    prompt: NotRequired[str]


class OllamaEmbeddingsResponse(TypedDict):
    """The text's vector."""

    embedding: list[float]


class OllamaGenerate(TypedDict):
    """A generation in Ollama's words."""

    model: str
    prompt: NotRequired[str | None]
    suffix: NotRequired[str | None]
    images: NotRequired[list[str] | None]
    format: NotRequired[str | dict[str, Any] | None]
    options: NotRequired[dict[str, Any] | None]
    system: NotRequired[str | None]
    template: NotRequired[str | None]
    context: NotRequired[list[int] | None]
    stream: NotRequired[bool | None]
    raw: NotRequired[bool | None]
    think: NotRequired[bool | str | None]
    keep_alive: NotRequired[float | str | None]


class OllamaGeneration(TypedDict):
    """Run a generation of Ollama's and wait for its answer."""

    model: str
    prompt: NotRequired[str | None]
    suffix: NotRequired[str | None]
    images: NotRequired[list[str] | None]
    format: NotRequired[str | dict[str, Any] | None]
    options: NotRequired[dict[str, Any] | None]
    system: NotRequired[str | None]
    template: NotRequired[str | None]
    context: NotRequired[list[int] | None]
    stream: NotRequired[bool | None]
    raw: NotRequired[bool | None]
    think: NotRequired[bool | str | None]
    keep_alive: NotRequired[float | str | None]
    refId: NotRequired[str | None]
    provider: NotRequired[str | None]
    tag: NotRequired[str | None]
    replyTo: NotRequired[str | None]
    timeoutSecs: NotRequired[float | None]


class OllamaGenerationResponse(TypedDict):
    """What was generated."""

    model: str
    created_at: str
    response: str
    done: bool
    done_reason: NotRequired[str | None]
    context: NotRequired[list[int] | None]
    total_duration: NotRequired[int | None]
    load_duration: NotRequired[int | None]
    prompt_eval_count: NotRequired[int | None]
    prompt_eval_duration: NotRequired[int | None]
    eval_count: NotRequired[int | None]
    eval_duration: NotRequired[int | None]


class OllamaMessage(TypedDict):
    """One message of a conversation."""

    role: str
    content: NotRequired[str]
    images: NotRequired[list[str] | None]
    thinking: NotRequired[str | None]
    tool_calls: NotRequired[list[dict[str, Any]] | None]
    tool_name: NotRequired[str | None]
    tool_call_id: NotRequired[str | None]


class OllamaShow(TypedDict):
    """Tell of one model."""

    model: NotRequired[str]
    name: NotRequired[str]


class OllamaShowResponse(TypedDict):
    """What is known of a model."""

    modelfile: NotRequired[str]
    parameters: NotRequired[str]
    template: NotRequired[str]
    details: dict[str, Any]
    model_info: dict[str, Any]
    capabilities: list[str]
    modified_at: str


class OllamaTag(TypedDict):
    """A model. What the gateway does not know of it is empty."""

    name: str
    model: str
    modified_at: str
    size: NotRequired[int]
    digest: str
    details: dict[str, Any]


class OllamaTags(TypedDict):
    """List the models as Ollama does."""



class OllamaTagsResponse(TypedDict):
    """The models that the key may use."""

    models: list[OllamaTag]


class OllamaVersion(TypedDict):
    """Tell which version of Ollama's API this is like."""



class OllamaVersionResponse(TypedDict):
    """The version."""

    version: str


class OpenAiBatch(TypedDict):
    """A batch. Times are unix seconds."""

    id: str
    object: NotRequired[str]
    endpoint: str
    errors: NotRequired[dict[str, Any] | None]
    input_file_id: str
    completion_window: str
    status: str
    output_file_id: NotRequired[str | None]
    error_file_id: NotRequired[str | None]
    created_at: int
    in_progress_at: NotRequired[int | None]
    expires_at: NotRequired[int | None]
    finalizing_at: NotRequired[int | None]
    completed_at: NotRequired[int | None]
    failed_at: NotRequired[int | None]
    expired_at: NotRequired[int | None]
    cancelling_at: NotRequired[int | None]
    cancelled_at: NotRequired[int | None]
    request_counts: BatchCounts
    usage: NotRequired[dict[str, Any] | None]
    metadata: NotRequired[dict[str, str] | None]


class OpenAiBatches(TypedDict):
    """A page of batches."""

    object: NotRequired[str]
    data: list[OpenAiBatch]
    first_id: NotRequired[str | None]
    last_id: NotRequired[str | None]
    has_more: NotRequired[bool]


class OpenAiChat(TypedDict):
    """A chat request."""

    model: str
    messages: list[dict[str, Any]]
    stream: NotRequired[bool | None]
    stream_options: NotRequired[dict[str, Any] | None]
    temperature: NotRequired[float | None]
    top_p: NotRequired[float | None]
    n: NotRequired[int | None]
    max_tokens: NotRequired[int | None]
    max_completion_tokens: NotRequired[int | None]
    stop: NotRequired[str | list[str] | None]
    seed: NotRequired[int | None]
    frequency_penalty: NotRequired[float | None]
    presence_penalty: NotRequired[float | None]
    logit_bias: NotRequired[dict[str, Any] | None]
    logprobs: NotRequired[bool | None]
    top_logprobs: NotRequired[int | None]
    response_format: NotRequired[dict[str, Any] | None]
    tools: NotRequired[list[dict[str, Any]] | None]
    tool_choice: NotRequired[str | dict[str, Any] | None]
    parallel_tool_calls: NotRequired[bool | None]
    reasoning_effort: NotRequired[str | None]
    modalities: NotRequired[list[str] | None]
    audio: NotRequired[dict[str, Any] | None]
    service_tier: NotRequired[str | None]
    store: NotRequired[bool | None]
    metadata: NotRequired[dict[str, Any] | None]
    user: NotRequired[str | None]


class OpenAiChatCompletion(TypedDict):
    """Run a chat and wait for its answer."""

    model: str
    messages: list[dict[str, Any]]
    stream: NotRequired[bool | None]
    stream_options: NotRequired[dict[str, Any] | None]
    temperature: NotRequired[float | None]
    top_p: NotRequired[float | None]
    n: NotRequired[int | None]
    max_tokens: NotRequired[int | None]
    max_completion_tokens: NotRequired[int | None]
    stop: NotRequired[str | list[str] | None]
    seed: NotRequired[int | None]
    frequency_penalty: NotRequired[float | None]
    presence_penalty: NotRequired[float | None]
    logit_bias: NotRequired[dict[str, Any] | None]
    logprobs: NotRequired[bool | None]
    top_logprobs: NotRequired[int | None]
    response_format: NotRequired[dict[str, Any] | None]
    tools: NotRequired[list[dict[str, Any]] | None]
    tool_choice: NotRequired[str | dict[str, Any] | None]
    parallel_tool_calls: NotRequired[bool | None]
    reasoning_effort: NotRequired[str | None]
    modalities: NotRequired[list[str] | None]
    audio: NotRequired[dict[str, Any] | None]
    service_tier: NotRequired[str | None]
    store: NotRequired[bool | None]
    metadata: NotRequired[dict[str, Any] | None]
    user: NotRequired[str | None]
    refId: NotRequired[str | None]
    provider: NotRequired[str | None]
    tag: NotRequired[str | None]
    replyTo: NotRequired[str | None]
    timeoutSecs: NotRequired[float | None]


class OpenAiChatResponse(TypedDict):
    """The answer of a chat."""

    id: str
    object: str
    created: int
    model: str
    choices: list[Choice]
    usage: NotRequired[Usage | None]
    system_fingerprint: NotRequired[str | None]
    service_tier: NotRequired[str | None]
    responseStatus: NotRequired[ResponseStatus | None]


class OpenAiCompletion(TypedDict):
    """Complete a text."""

    refId: NotRequired[str | None]
    provider: NotRequired[str | None]
    tag: NotRequired[str | None]
    replyTo: NotRequired[str | None]
    timeoutSecs: NotRequired[float | None]
    model: str
    prompt: str | list[Any]
    suffix: NotRequired[str | None]
    stream: NotRequired[bool | None]
    stream_options: NotRequired[dict[str, Any] | None]
    temperature: NotRequired[float | None]
    top_p: NotRequired[float | None]
    n: NotRequired[int | None]
    best_of: NotRequired[int | None]
    max_tokens: NotRequired[int | None]
    stop: NotRequired[str | list[str] | None]
    seed: NotRequired[int | None]
    echo: NotRequired[bool | None]
    logprobs: NotRequired[int | None]
    user: NotRequired[str | None]


class OpenAiCompletionResponse(TypedDict):
    """A completed text."""

    id: str
    object: str
    created: int
    model: str
    choices: list[dict[str, Any]]
    usage: NotRequired[Usage | None]


class OpenAiEmbedding(TypedDict):
    """Turn texts into vectors."""

    refId: NotRequired[str | None]
    provider: NotRequired[str | None]
    tag: NotRequired[str | None]
    replyTo: NotRequired[str | None]
    timeoutSecs: NotRequired[float | None]
    model: str
    input: str | list[Any]
    dimensions: NotRequired[int | None]
    encoding_format: NotRequired[str | None]
    user: NotRequired[str | None]


class OpenAiEmbeddingResponse(TypedDict):
    """Vectors, in the order of the texts."""

    object: str
    model: str
    data: list[dict[str, Any]]
    usage: NotRequired[Usage | None]


class OpenAiFile(TypedDict):
    """A file."""

    id: str
    object: NotRequired[str]
    bytes: int
    created_at: int
    expires_at: NotRequired[int | None]
    filename: str
    purpose: str
    status: NotRequired[str]


class OpenAiFiles(TypedDict):
    """A page of files."""

    object: NotRequired[str]
    data: list[OpenAiFile]
    first_id: NotRequired[str | None]
    last_id: NotRequired[str | None]
    has_more: NotRequired[bool]


class OpenAiImageEdit(TypedDict):
    """Change pictures, sent as files of a form or named in JSON."""

    refId: NotRequired[str | None]
    provider: NotRequired[str | None]
    tag: NotRequired[str | None]
    replyTo: NotRequired[str | None]
    timeoutSecs: NotRequired[float | None]
    model: str
    prompt: str
    image: NotRequired[str | None]
    images: NotRequired[list[dict[str, Any]] | None]
    mask: NotRequired[str | dict[str, Any] | None]
    n: NotRequired[int | None]
    size: NotRequired[str | None]
    quality: NotRequired[str | None]
    background: NotRequired[str | None]
    input_fidelity: NotRequired[str | None]
    output_format: NotRequired[str | None]
    output_compression: NotRequired[int | None]
    response_format: NotRequired[str | None]
    stream: NotRequired[bool | None]
    partial_images: NotRequired[int | None]
    user: NotRequired[str | None]


class OpenAiImageGeneration(TypedDict):
    """Make pictures, and answer with them."""

    refId: NotRequired[str | None]
    provider: NotRequired[str | None]
    tag: NotRequired[str | None]
    replyTo: NotRequired[str | None]
    timeoutSecs: NotRequired[float | None]
    model: str
    prompt: str
    n: NotRequired[int | None]
    size: NotRequired[str | None]
    quality: NotRequired[str | None]
    style: NotRequired[str | None]
    background: NotRequired[str | None]
    moderation: NotRequired[str | None]
    output_format: NotRequired[str | None]
    output_compression: NotRequired[int | None]
    response_format: NotRequired[str | None]
    stream: NotRequired[bool | None]
    partial_images: NotRequired[int | None]
    user: NotRequired[str | None]


class OpenAiImageVariation(TypedDict):
    """Make pictures like one, which is a file of a form."""

    refId: NotRequired[str | None]
    provider: NotRequired[str | None]
    tag: NotRequired[str | None]
    replyTo: NotRequired[str | None]
    timeoutSecs: NotRequired[float | None]
    model: str
    image: str
    n: NotRequired[int | None]
    size: NotRequired[str | None]
    response_format: NotRequired[str | None]
    user: NotRequired[str | None]


class OpenAiImagesResponse(TypedDict):
    """Pictures."""

    created: int
    data: list[dict[str, Any]]
    background: NotRequired[str | None]
    output_format: NotRequired[str | None]
    quality: NotRequired[str | None]
    size: NotRequired[str | None]
    usage: NotRequired[dict[str, Any] | None]


class OpenAiModel(TypedDict):
    """A model."""

    id: str
    object: NotRequired[str]
    created: NotRequired[int]
    owned_by: str


class OpenAiModels(TypedDict):
    """All models that the key may use."""

    object: NotRequired[str]
    data: list[OpenAiModel]


class OpenAiModeration(TypedDict):
    """Judge texts or pictures."""

    refId: NotRequired[str | None]
    provider: NotRequired[str | None]
    tag: NotRequired[str | None]
    replyTo: NotRequired[str | None]
    timeoutSecs: NotRequired[float | None]
    input: str | list[Any]
    model: NotRequired[str | None]


class OpenAiModerationResponse(TypedDict):
    """A judgement of each input."""

    id: str
    model: str
    results: list[dict[str, Any]]


class OpenAiResponse(TypedDict):
    """A response, with what it repeats of its request."""

    id: str
    object: str
    created_at: int
    status: str
    background: NotRequired[bool | None]
    model: str
    output: list[dict[str, Any]]
    error: NotRequired[dict[str, Any] | None]
    incomplete_details: NotRequired[dict[str, Any] | None]
    usage: NotRequired[dict[str, Any] | None]


class OpenAiSpeech(TypedDict):
    """Speak a text, and answer with the sound."""

    refId: NotRequired[str | None]
    provider: NotRequired[str | None]
    tag: NotRequired[str | None]
    replyTo: NotRequired[str | None]
    timeoutSecs: NotRequired[float | None]
    model: str
    input: str
    voice: NotRequired[str | dict[str, Any] | None]
    instructions: NotRequired[str | None]
    response_format: NotRequired[str | None]
    speed: NotRequired[float | None]
    stream_format: NotRequired[str | None]


class OpenAiTranscription(TypedDict):
    """Write down what a recording says, which is a file of a form."""

    refId: NotRequired[str | None]
    provider: NotRequired[str | None]
    tag: NotRequired[str | None]
    replyTo: NotRequired[str | None]
    timeoutSecs: NotRequired[float | None]
    model: str
    file: str
    language: NotRequired[str | None]
    prompt: NotRequired[str | None]
    response_format: NotRequired[str | None]
    temperature: NotRequired[float | None]
    stream: NotRequired[bool | None]


class OpenAiTranscriptionResponse(TypedDict):
    """What was said; other than in JSON it is text."""

    text: str
    language: NotRequired[str | None]
    duration: NotRequired[float | None]
    segments: NotRequired[list[dict[str, Any]] | None]
    words: NotRequired[list[dict[str, Any]] | None]
    usage: NotRequired[dict[str, Any] | None]


class OpenAiTranslation(TypedDict):
    """Write down in English what a recording says, which is a file of a form."""

    refId: NotRequired[str | None]
    provider: NotRequired[str | None]
    tag: NotRequired[str | None]
    replyTo: NotRequired[str | None]
    timeoutSecs: NotRequired[float | None]
    model: str
    file: str
    prompt: NotRequired[str | None]
    response_format: NotRequired[str | None]
    temperature: NotRequired[float | None]


class OpenAiUpload(TypedDict):
    """An upload in parts. It expires an hour after its beginning."""

    id: str
    object: NotRequired[str]
    bytes: int
    created_at: int
    expires_at: int
    filename: str
    purpose: str
    status: str
    file: NotRequired[OpenAiFile | None]


class OpenAiUploadPart(TypedDict):
    """A part of an upload."""

    id: str
    object: NotRequired[str]
    created_at: int
    upload_id: str


class PageStats(TypedDict):
    """How many there are of something."""

    label: str
    total: int


class PinConversation(TypedDict):
    """Pin a conversation, so that it is listed first; or let it go."""

    id: str
    pinned: NotRequired[bool]


class PromptRow(TypedDict):
    """A system prompt. `is_own`: yours, to change and delete."""

    id: str
    name: str
    value: str
    isOwn: bool


class ProviderSlotsRow(TypedDict):
    """How many calls run at a provider over the whole cluster, and what its server tells."""

    name: str
    inUse: int
    limit: NotRequired[int | None]
    waitingThere: NotRequired[int | None]
    waitingSince: NotRequired[str | None]
    metricsProblem: NotRequired[str | None]


class QueryAiModels(TypedDict):
    """List the models with their providers."""

    skip: NotRequired[int | None]
    take: NotRequired[int | None]
    orderBy: NotRequired[str | None]
    orderByDesc: NotRequired[str | None]
    include: NotRequired[str | None]
    fields: NotRequired[str | None]
    id: NotRequired[str | None]
    vision: NotRequired[bool | None]


class QueryAiModelsResponse(TypedDict):
    """A page of models."""

    offset: int
    total: int
    results: list[AiModel]


class QueryAiProviders(TypedDict):
    """List the providers."""

    skip: NotRequired[int | None]
    take: NotRequired[int | None]
    orderBy: NotRequired[str | None]
    orderByDesc: NotRequired[str | None]
    include: NotRequired[str | None]
    fields: NotRequired[str | None]
    id: NotRequired[int | None]
    name: NotRequired[str | None]


class QueryAiProvidersResponse(TypedDict):
    """A page of providers."""

    offset: int
    total: int
    results: list[AiProvider]


class QueryAiTypes(TypedDict):
    """List the API dialects."""

    skip: NotRequired[int | None]
    take: NotRequired[int | None]
    orderBy: NotRequired[str | None]
    orderByDesc: NotRequired[str | None]
    include: NotRequired[str | None]
    fields: NotRequired[str | None]


class QueryAiTypesResponse(TypedDict):
    """A page of API dialects."""

    offset: int
    total: int
    results: list[AiType]


class QueryApiKeys(TypedDict):
    """List keys, newest first."""

    skip: NotRequired[int]
    take: NotRequired[int]
    id: NotRequired[int | None]
    name: NotRequired[str | None]
    userId: NotRequired[str | None]
    refId: NotRequired[str | None]
    includeCancelled: NotRequired[bool]


class QueryApiKeysResponse(TypedDict):
    """A page of keys."""

    offset: int
    total: int
    results: list[ApiKeyRow]
    responseStatus: NotRequired[ResponseStatus | None]


class QueryArtifacts(TypedDict):
    """List files that were uploaded or made, the latest first."""

    owner: NotRequired[str | None]
    skip: NotRequired[int]
    take: NotRequired[int]


class QueryArtifactsResponse(TypedDict):
    """A page of files."""

    offset: NotRequired[int]
    results: list[ArtifactRow]


QueryAuditLog = TypedDict("QueryAuditLog", {"skip": "NotRequired[int]", "take": "NotRequired[int]", "actor": "NotRequired[str | None]", "action": "NotRequired[str | None]", "target": "NotRequired[str | None]", "from": "NotRequired[int | None]", "to": "NotRequired[int | None]"})


class QueryAuditLogResponse(TypedDict):
    """A page of the audit log."""

    offset: int
    total: int
    results: list[AuditRow]
    responseStatus: NotRequired[ResponseStatus | None]


class QueryBatches(TypedDict):
    """List your batches with how far they are, the newest first; an admin's are everybody's."""

    skip: NotRequired[int]
    take: NotRequired[int]


class QueryBatchesResponse(TypedDict):
    """A page of batches."""

    offset: int
    total: int
    results: list[BatchRow]
    responseStatus: NotRequired[ResponseStatus | None]


class QueryCallbackSubscriptions(TypedDict):
    """List the caller's subscriptions."""

    skip: NotRequired[int]
    take: NotRequired[int]


class QueryCallbackSubscriptionsResponse(TypedDict):
    """The caller's subscriptions, the oldest first."""

    offset: int
    total: int
    results: list[CallbackSubscription]
    responseStatus: NotRequired[ResponseStatus | None]


class QueryConversations(TypedDict):
    """List your conversations: pinned ones, then the latest first."""

    text: NotRequired[str]
    skip: NotRequired[int]
    take: NotRequired[int]


class QueryConversationsResponse(TypedDict):
    """A page of the list."""

    offset: int
    total: int
    results: list[ConversationHead]


class QueryGroups(TypedDict):
    """List your groups, the newest first; an admin's are everybody's."""

    skip: NotRequired[int]
    take: NotRequired[int]


class QueryGroupsResponse(TypedDict):
    """A page of groups."""

    offset: int
    total: int
    results: list[JobGroup]
    responseStatus: NotRequired[ResponseStatus | None]


QueryJobs = TypedDict("QueryJobs", {"state": "NotRequired[Literal['Queued', 'Started', 'Executed', 'Completed', 'Failed', 'Cancelled'] | None]", "model": "NotRequired[str | None]", "provider": "NotRequired[str | None]", "tag": "NotRequired[str | None]", "refId": "NotRequired[str | None]", "owner": "NotRequired[str | None]", "from": "NotRequired[int | None]", "to": "NotRequired[int | None]", "error": "NotRequired[str | None]", "statusCode": "NotRequired[int | None]", "skip": "NotRequired[int]", "take": "NotRequired[int]", "orderBy": "NotRequired[str | None]", "orderByDesc": "NotRequired[str | None]", "include": "NotRequired[str | None]", "fields": "NotRequired[str | None]", "all": "NotRequired[bool]"})


class QueryJobsResponse(TypedDict):
    """A page of jobs."""

    offset: NotRequired[int]
    total: NotRequired[int | None]
    results: list[JobSummary]
    responseStatus: NotRequired[ResponseStatus | None]


class QueryMediaModels(TypedDict):
    """List the models for pictures and sound."""

    skip: NotRequired[int | None]
    take: NotRequired[int | None]
    orderBy: NotRequired[str | None]
    orderByDesc: NotRequired[str | None]
    include: NotRequired[str | None]
    fields: NotRequired[str | None]
    id: NotRequired[str | None]
    providerId: NotRequired[str | None]


class QueryMediaModelsResponse(TypedDict):
    """Models."""

    offset: NotRequired[int]
    total: int
    results: list[MediaModel]


class QueryMediaProviders(TypedDict):
    """List the providers that can be asked for pictures or sound."""

    skip: NotRequired[int | None]
    take: NotRequired[int | None]
    orderBy: NotRequired[str | None]
    orderByDesc: NotRequired[str | None]
    include: NotRequired[str | None]
    fields: NotRequired[str | None]
    id: NotRequired[int | None]
    name: NotRequired[str | None]


class QueryMediaProvidersResponse(TypedDict):
    """A page of providers."""

    offset: int
    total: int
    results: list[MediaProvider]


class QueryMediaTypes(TypedDict):
    """List the types of providers for pictures and sound."""

    skip: NotRequired[int | None]
    take: NotRequired[int | None]
    orderBy: NotRequired[str | None]
    orderByDesc: NotRequired[str | None]
    include: NotRequired[str | None]
    fields: NotRequired[str | None]


class QueryMediaTypesResponse(TypedDict):
    """Types."""

    offset: NotRequired[int]
    total: int
    results: list[MediaType]


class QueryPrompts(TypedDict):
    """List the system prompts: ReplyTo's own, and yours."""



class QueryPromptsResponse(TypedDict):
    """All prompts."""

    offset: NotRequired[int]
    total: int
    results: list[PromptRow]


QuerySchedules = TypedDict("QuerySchedules", {"id": "NotRequired[str | None]", "skip": "NotRequired[int]", "take": "NotRequired[int]", "from": "NotRequired[int | None]", "times": "NotRequired[int]"})


class QuerySchedulesResponse(TypedDict):
    """A page of schedules."""

    offset: int
    total: int
    results: list[JobSchedule]
    responseStatus: NotRequired[ResponseStatus | None]


class QueryTextToSpeechVoices(TypedDict):
    """List the voices that speech can be asked in."""

    skip: NotRequired[int | None]
    take: NotRequired[int | None]
    orderBy: NotRequired[str | None]
    orderByDesc: NotRequired[str | None]
    include: NotRequired[str | None]
    fields: NotRequired[str | None]


class QueryTextToSpeechVoicesResponse(TypedDict):
    """Voices."""

    offset: NotRequired[int]
    total: int
    results: list[Voice]


class QueueConvertAudio(TypedDict):
    """Queue a sound in another format, and be told where to ask for it."""

    audio: NotRequired[str | None]
    outputFormat: Literal['mp3', 'wav', 'aac', 'flac', 'ogg', 'm4a', 'wma']
    refId: NotRequired[str | None]
    tag: NotRequired[str | None]
    runAfter: NotRequired[str | None]
    flowKey: NotRequired[str | None]
    maxParallel: NotRequired[int | None]
    rate: NotRequired[str | None]
    priority: NotRequired[str | None]
    groupId: NotRequired[str | None]
    replyTo: NotRequired[str | None]
    state: NotRequired[str | None]


class QueueConvertImage(TypedDict):
    """Queue a picture in another format, and be told where to ask for it."""

    image: NotRequired[str | None]
    outputFormat: Literal['jpg', 'png', 'gif', 'bmp', 'tiff', 'webp']
    refId: NotRequired[str | None]
    tag: NotRequired[str | None]
    runAfter: NotRequired[str | None]
    flowKey: NotRequired[str | None]
    maxParallel: NotRequired[int | None]
    rate: NotRequired[str | None]
    priority: NotRequired[str | None]
    groupId: NotRequired[str | None]
    replyTo: NotRequired[str | None]
    state: NotRequired[str | None]


class QueueConvertVideo(TypedDict):
    """Queue a video in another format, and be told where to ask for it."""

    video: NotRequired[str | None]
    outputFormat: Literal['mp4', 'mov', 'webm', 'mkv', 'avi', 'wmv', 'mpeg', 'ogg']
    refId: NotRequired[str | None]
    tag: NotRequired[str | None]
    runAfter: NotRequired[str | None]
    flowKey: NotRequired[str | None]
    maxParallel: NotRequired[int | None]
    rate: NotRequired[str | None]
    priority: NotRequired[str | None]
    groupId: NotRequired[str | None]
    replyTo: NotRequired[str | None]
    state: NotRequired[str | None]


class QueueCropImage(TypedDict):
    """Queue a part out of a picture, and be told where to ask for it."""

    x: NotRequired[int]
    y: NotRequired[int]
    width: int
    height: int
    image: NotRequired[str | None]
    refId: NotRequired[str | None]
    tag: NotRequired[str | None]
    runAfter: NotRequired[str | None]
    flowKey: NotRequired[str | None]
    maxParallel: NotRequired[int | None]
    rate: NotRequired[str | None]
    priority: NotRequired[str | None]
    groupId: NotRequired[str | None]
    replyTo: NotRequired[str | None]
    state: NotRequired[str | None]


class QueueCropVideo(TypedDict):
    """Queue a part out of a video's picture, and be told where to ask for it."""

    x: NotRequired[int]
    y: NotRequired[int]
    width: int
    height: int
    video: NotRequired[str | None]
    refId: NotRequired[str | None]
    tag: NotRequired[str | None]
    runAfter: NotRequired[str | None]
    flowKey: NotRequired[str | None]
    maxParallel: NotRequired[int | None]
    rate: NotRequired[str | None]
    priority: NotRequired[str | None]
    groupId: NotRequired[str | None]
    replyTo: NotRequired[str | None]
    state: NotRequired[str | None]


class QueueGenerationResponse(TypedDict):
    """A job was accepted."""

    jobId: int
    refId: str
    jobState: str
    status: str
    statusUrl: str
    responseStatus: NotRequired[ResponseStatus | None]


class QueueImageToImage(TypedDict):
    """Queue pictures of a picture, and be told where to ask for them."""

    positivePrompt: str
    negativePrompt: NotRequired[str | None]
    image: NotRequired[str | None]
    model: NotRequired[str | None]
    denoise: NotRequired[float | None]
    batchSize: NotRequired[int | None]
    seed: NotRequired[int | None]
    refId: NotRequired[str | None]
    tag: NotRequired[str | None]
    provider: NotRequired[str | None]
    runAfter: NotRequired[str | None]
    flowKey: NotRequired[str | None]
    maxParallel: NotRequired[int | None]
    rate: NotRequired[str | None]
    priority: NotRequired[str | None]
    groupId: NotRequired[str | None]
    replyTo: NotRequired[str | None]
    state: NotRequired[str | None]


class QueueImageToText(TypedDict):
    """Queue the description of a picture, and be told where to ask for it."""

    image: NotRequired[str | None]
    model: NotRequired[str | None]
    prompt: NotRequired[str | None]
    refId: NotRequired[str | None]
    tag: NotRequired[str | None]
    provider: NotRequired[str | None]
    runAfter: NotRequired[str | None]
    flowKey: NotRequired[str | None]
    maxParallel: NotRequired[int | None]
    rate: NotRequired[str | None]
    priority: NotRequired[str | None]
    groupId: NotRequired[str | None]
    replyTo: NotRequired[str | None]
    state: NotRequired[str | None]


class QueueImageUpscale(TypedDict):
    """Queue a picture to be made twice as large, and be told where to ask for it."""

    image: NotRequired[str | None]
    model: NotRequired[str | None]
    seed: NotRequired[int | None]
    refId: NotRequired[str | None]
    tag: NotRequired[str | None]
    provider: NotRequired[str | None]
    runAfter: NotRequired[str | None]
    flowKey: NotRequired[str | None]
    maxParallel: NotRequired[int | None]
    rate: NotRequired[str | None]
    priority: NotRequired[str | None]
    groupId: NotRequired[str | None]
    replyTo: NotRequired[str | None]
    state: NotRequired[str | None]


class QueueImageWithMask(TypedDict):
    """Queue the change of what a mask marks, and be told where to ask for it."""

    positivePrompt: str
    negativePrompt: NotRequired[str | None]
    image: NotRequired[str | None]
    model: NotRequired[str | None]
    denoise: NotRequired[float | None]
    batchSize: NotRequired[int | None]
    seed: NotRequired[int | None]
    mask: NotRequired[str | None]
    refId: NotRequired[str | None]
    tag: NotRequired[str | None]
    provider: NotRequired[str | None]
    runAfter: NotRequired[str | None]
    flowKey: NotRequired[str | None]
    maxParallel: NotRequired[int | None]
    rate: NotRequired[str | None]
    priority: NotRequired[str | None]
    groupId: NotRequired[str | None]
    replyTo: NotRequired[str | None]
    state: NotRequired[str | None]


class QueueOllamaGeneration(TypedDict):
    """Queue a generation of Ollama's, and be told where to ask for it."""

    refId: NotRequired[str | None]
    provider: NotRequired[str | None]
    tag: NotRequired[str | None]
    replyTo: NotRequired[str | None]
    timeoutSecs: NotRequired[float | None]
    runAfter: NotRequired[str | None]
    flowKey: NotRequired[str | None]
    maxParallel: NotRequired[int | None]
    rate: NotRequired[str | None]
    priority: NotRequired[str | None]
    groupId: NotRequired[str | None]
    request: OllamaGenerate


class QueueOpenAiChatCompletion(TypedDict):
    """Queue a chat, and be told where to ask for it."""

    refId: NotRequired[str | None]
    provider: NotRequired[str | None]
    tag: NotRequired[str | None]
    replyTo: NotRequired[str | None]
    timeoutSecs: NotRequired[float | None]
    runAfter: NotRequired[str | None]
    flowKey: NotRequired[str | None]
    maxParallel: NotRequired[int | None]
    rate: NotRequired[str | None]
    priority: NotRequired[str | None]
    groupId: NotRequired[str | None]
    request: OpenAiChat


class QueueOpenAiChatResponse(TypedDict):
    """A chat was accepted."""

    id: int
    refId: str
    statusUrl: str
    groupId: NotRequired[str | None]
    responseStatus: NotRequired[ResponseStatus | None]


class QueueScaleImage(TypedDict):
    """Queue a picture in another size, and be told where to ask for it."""

    width: NotRequired[int | None]
    height: NotRequired[int | None]
    image: NotRequired[str | None]
    refId: NotRequired[str | None]
    tag: NotRequired[str | None]
    runAfter: NotRequired[str | None]
    flowKey: NotRequired[str | None]
    maxParallel: NotRequired[int | None]
    rate: NotRequired[str | None]
    priority: NotRequired[str | None]
    groupId: NotRequired[str | None]
    replyTo: NotRequired[str | None]
    state: NotRequired[str | None]


class QueueScaleVideo(TypedDict):
    """Queue a video in another size, and be told where to ask for it."""

    width: NotRequired[int | None]
    height: NotRequired[int | None]
    video: NotRequired[str | None]
    refId: NotRequired[str | None]
    tag: NotRequired[str | None]
    runAfter: NotRequired[str | None]
    flowKey: NotRequired[str | None]
    maxParallel: NotRequired[int | None]
    rate: NotRequired[str | None]
    priority: NotRequired[str | None]
    groupId: NotRequired[str | None]
    replyTo: NotRequired[str | None]
    state: NotRequired[str | None]


class QueueSpeechToText(TypedDict):
    """Queue a recording to be written down, and be told where to ask for the text."""

    audio: NotRequired[str | None]
    model: NotRequired[str | None]
    language: NotRequired[str | None]
    refId: NotRequired[str | None]
    tag: NotRequired[str | None]
    provider: NotRequired[str | None]
    runAfter: NotRequired[str | None]
    flowKey: NotRequired[str | None]
    maxParallel: NotRequired[int | None]
    rate: NotRequired[str | None]
    priority: NotRequired[str | None]
    groupId: NotRequired[str | None]
    replyTo: NotRequired[str | None]
    state: NotRequired[str | None]


class QueueTextToImage(TypedDict):
    """Queue pictures of a text, and be told where to ask for them."""

    positivePrompt: str
    negativePrompt: NotRequired[str | None]
    model: NotRequired[str | None]
    width: NotRequired[int | None]
    height: NotRequired[int | None]
    batchSize: NotRequired[int | None]
    seed: NotRequired[int | None]
    refId: NotRequired[str | None]
    tag: NotRequired[str | None]
    provider: NotRequired[str | None]
    runAfter: NotRequired[str | None]
    flowKey: NotRequired[str | None]
    maxParallel: NotRequired[int | None]
    rate: NotRequired[str | None]
    priority: NotRequired[str | None]
    groupId: NotRequired[str | None]
    replyTo: NotRequired[str | None]
    state: NotRequired[str | None]


class QueueTextToSpeech(TypedDict):
    """Queue a text to be spoken, and be told where to ask for the sound."""

    input: NotRequired[str | None]
    text: NotRequired[str | None]
    model: NotRequired[str | None]
    voice: NotRequired[str | None]
    seed: NotRequired[int | None]
    refId: NotRequired[str | None]
    tag: NotRequired[str | None]
    provider: NotRequired[str | None]
    runAfter: NotRequired[str | None]
    flowKey: NotRequired[str | None]
    maxParallel: NotRequired[int | None]
    rate: NotRequired[str | None]
    priority: NotRequired[str | None]
    groupId: NotRequired[str | None]
    replyTo: NotRequired[str | None]
    state: NotRequired[str | None]


class QueueTrimVideo(TypedDict):
    """Queue a part out of a video's time, and be told where to ask for it."""

    video: NotRequired[str | None]
    startTime: NotRequired[str | None]
    endTime: NotRequired[str | None]
    refId: NotRequired[str | None]
    tag: NotRequired[str | None]
    runAfter: NotRequired[str | None]
    flowKey: NotRequired[str | None]
    maxParallel: NotRequired[int | None]
    rate: NotRequired[str | None]
    priority: NotRequired[str | None]
    groupId: NotRequired[str | None]
    replyTo: NotRequired[str | None]
    state: NotRequired[str | None]


class QueueWatermarkImage(TypedDict):
    """Queue a picture with a watermark, and be told where to ask for it."""

    watermark: NotRequired[str | None]
    position: NotRequired[Literal['TopLeft', 'TopRight', 'BottomLeft', 'BottomRight', 'Center'] | None]
    image: NotRequired[str | None]
    watermarkScale: NotRequired[float | None]
    opacity: NotRequired[float | None]
    refId: NotRequired[str | None]
    tag: NotRequired[str | None]
    runAfter: NotRequired[str | None]
    flowKey: NotRequired[str | None]
    maxParallel: NotRequired[int | None]
    rate: NotRequired[str | None]
    priority: NotRequired[str | None]
    groupId: NotRequired[str | None]
    replyTo: NotRequired[str | None]
    state: NotRequired[str | None]


class QueueWatermarkVideo(TypedDict):
    """Queue a video with a watermark, and be told where to ask for it."""

    watermark: NotRequired[str | None]
    position: NotRequired[Literal['TopLeft', 'TopRight', 'BottomLeft', 'BottomRight', 'Center'] | None]
    video: NotRequired[str | None]
    refId: NotRequired[str | None]
    tag: NotRequired[str | None]
    runAfter: NotRequired[str | None]
    flowKey: NotRequired[str | None]
    maxParallel: NotRequired[int | None]
    rate: NotRequired[str | None]
    priority: NotRequired[str | None]
    groupId: NotRequired[str | None]
    replyTo: NotRequired[str | None]
    state: NotRequired[str | None]


class ReadinessResponse(TypedDict):
    """Whether all is there that a job needs."""

    status: str
    checks: dict[str, str]


class Reload(TypedDict):
    """Read providers.toml again."""



class ReplaceFileUpload(TypedDict):
    """Upload another file in the place of one; the answer says where it is."""

    path: str


ReplayDeliveries = TypedDict("ReplayDeliveries", {"state": "NotRequired[Literal['Pending', 'Delivered', 'Stopped', 'Exhausted', 'Cancelled'] | None]", "host": "NotRequired[str | None]", "tag": "NotRequired[str | None]", "from": "NotRequired[int | None]", "to": "NotRequired[int | None]", "after": "NotRequired[str | None]", "dryRun": "NotRequired[bool]"})


class ReplayDeliveriesResponse(TypedDict):
    """How many were meant and how many are sent again."""

    total: int
    replayed: int
    inFlight: int
    remaining: int
    dryRun: bool
    after: NotRequired[str | None]
    responseStatus: NotRequired[ResponseStatus | None]


class ReplayDelivery(TypedDict):
    """Send a callback again, at once, whatever became of it; same webhook-id, same body."""

    refId: NotRequired[str | None]
    id: NotRequired[int | None]


class ReplayDeliveryResponse(TypedDict):
    """What came of it: 'queued', or 'in_flight' when an attempt runs right now."""

    id: int
    refId: str
    status: str
    responseStatus: NotRequired[ResponseStatus | None]


class ResponseError(TypedDict):
    """One field that was wrong."""

    errorCode: str
    fieldName: NotRequired[str | None]
    message: NotRequired[str | None]


class ResponseStatus(TypedDict):
    """ServiceStack's account of a failure."""

    errorCode: NotRequired[str | None]
    message: NotRequired[str | None]
    errors: NotRequired[list[ResponseError] | None]


class RetrieveBatch(TypedDict):
    """Read how far a batch is."""

    batch_id: str


class RetrieveFile(TypedDict):
    """Read what is known of a file."""

    file_id: str


class RetrieveFileContent(TypedDict):
    """Read a file, or the range of it that `Range` names."""

    file_id: str
    format: NotRequired[str | None]


class RetrieveModel(TypedDict):
    """Show one model as OpenAI does."""

    name: str


class RetrieveResponse(TypedDict):
    """Show a response as it stands, or tell its stream again from behind an event."""

    response_id: str
    stream: NotRequired[str]
    starting_after: NotRequired[str]


class RetryGroup(TypedDict):
    """Queue the jobs of a group again that failed; of a batch, those lines in a new batch."""

    id: str
    createdBy: NotRequired[str | None]
    cancelled: NotRequired[bool]
    take: NotRequired[int]
    after: NotRequired[str | None]


class RetryGroupResponse(TypedDict):
    """What was queued again."""

    id: str
    matched: int
    retried: int
    after: NotRequired[str | None]
    responseStatus: NotRequired[ResponseStatus | None]


class RetryJob(TypedDict):
    """Queue a job again that Failed or was Cancelled: same id and RefId, attempts and time anew."""

    refId: NotRequired[str | None]
    id: NotRequired[int | None]


class RetryJobResponse(TypedDict):
    """The job is on its way again."""

    id: int
    refId: str
    jobState: str
    responseStatus: NotRequired[ResponseStatus | None]


RetryJobs = TypedDict("RetryJobs", {"state": "NotRequired[Literal['Queued', 'Started', 'Executed', 'Completed', 'Failed', 'Cancelled'] | None]", "model": "NotRequired[str | None]", "provider": "NotRequired[str | None]", "tag": "NotRequired[str | None]", "refId": "NotRequired[str | None]", "owner": "NotRequired[str | None]", "from": "NotRequired[int | None]", "to": "NotRequired[int | None]", "error": "NotRequired[str | None]", "statusCode": "NotRequired[int | None]", "take": "NotRequired[int]", "after": "NotRequired[str | None]", "dryRun": "NotRequired[bool]"})


class RetryJobsResponse(TypedDict):
    """How many jobs matched, and how many of them are on their way again."""

    matched: int
    retried: int
    dryRun: bool
    after: NotRequired[str | None]
    responseStatus: NotRequired[ResponseStatus | None]


class RevokeApiKey(TypedDict):
    """End a key for good."""

    id: int


class RotateApiKey(TypedDict):
    """Give a key another secret."""

    id: int
    graceSecs: NotRequired[int]


class RotateCallbackSecret(TypedDict):
    """Get a new signing secret; the one before it signs too until it expires."""

    overlapSecs: NotRequired[int]


class RotateCallbackSecretResponse(TypedDict):
    """The new secret: shown this once."""

    secret: str
    keyId: str
    createdDate: str
    previousExpiryDate: str
    responseStatus: NotRequired[ResponseStatus | None]


class RunSchedule(TypedDict):
    """Make a schedule's call now, beside its times."""

    id: str
    refId: NotRequired[str | None]


class RunScheduleResponse(TypedDict):
    """The job that was made."""

    id: int
    refId: str
    statusUrl: str
    responseStatus: NotRequired[ResponseStatus | None]


class RunningRow(TypedDict):
    """What a worker runs: a job, or its callback, which has no model here."""

    id: int
    model: NotRequired[str | None]
    provider: NotRequired[str | None]
    startedDate: str


class SaveConversation(TypedDict):
    """Save a conversation, whole."""

    id: str
    title: str
    model: NotRequired[str]
    version: NotRequired[int]
    content: dict[str, Any]


class SaveConversationResponse(TypedDict):
    """What became of it."""

    id: str
    version: int


class SavePrompt(TypedDict):
    """Save a system prompt; under the id of one of ReplyTo's, yours takes its place."""

    id: str
    name: str
    value: str


class ScaleImage(TypedDict):
    """Make a picture in another size, and wait for it."""

    width: NotRequired[int | None]
    height: NotRequired[int | None]
    image: NotRequired[str | None]
    refId: NotRequired[str | None]
    tag: NotRequired[str | None]


class ScaleVideo(TypedDict):
    """Make a video in another size, and wait for it."""

    width: NotRequired[int | None]
    height: NotRequired[int | None]
    video: NotRequired[str | None]
    refId: NotRequired[str | None]
    tag: NotRequired[str | None]


class SessionResponse(TypedDict):
    """Who is signed in."""

    owner: str
    isAdmin: bool
    scopes: list[str]
    csrfToken: str
    maxBodyBytes: int
    currency: NotRequired[str]


class SettingRow(TypedDict):
    """One setting. A secret's value is never told."""

    name: str
    value: NotRequired[str | None]
    isSecret: bool
    isDefault: bool
    description: str


class SignIn(TypedDict):
    """Begin a session."""

    key: str


class SignOut(TypedDict):
    """End the session."""



class SpeechToText(TypedDict):
    """Write down what a recording says, and wait for it."""

    audio: NotRequired[str | None]
    model: NotRequired[str | None]
    language: NotRequired[str | None]
    refId: NotRequired[str | None]
    tag: NotRequired[str | None]
    provider: NotRequired[str | None]


class StageRow(TypedDict):
    """One stage that jobs pass; of chats there is one for each model."""

    name: str
    model: NotRequired[str | None]
    depth: int
    lagSecs: float
    inFlight: NotRequired[int | None]
    held: NotRequired[int | None]
    workers: int
    slots: NotRequired[int | None]
    busy: NotRequired[int | None]


class StorageRow(TypedDict):
    """What one owner has."""

    owner: str
    bytes: int


class StoreFileUpload(TypedDict):
    """Upload files; those in `pub` can be read by everybody who has their path."""

    location: NotRequired[Literal['pub', 'secure']]


class StoreFileUploadResponse(TypedDict):
    """The paths of what was uploaded."""

    results: list[str]


class StreamOpenAiChat(TypedDict):
    """Follow the stream of a job, from its start or behind an event."""

    refId: NotRequired[str | None]
    id: NotRequired[int | None]
    lastEventId: NotRequired[str | None]


class StringResponse(TypedDict):
    """What was done, in words."""

    result: str
    responseStatus: NotRequired[ResponseStatus | None]


class SummaryStats(TypedDict):
    """One sum."""

    name: str
    total: int
    totalPromptTokens: int
    totalCompletionTokens: int
    totalMinutes: float
    tokensPerSecond: float


class TestCallback(TypedDict):
    """Send a signed sample to a URL now, and show what came of it."""

    url: str


class TestCallbackResponse(TypedDict):
    """What came of the sample."""

    delivered: bool
    reason: str
    webhookId: str
    result: DeliveryAttemptRow
    responseStatus: NotRequired[ResponseStatus | None]


class TextGenerationResponse(TypedDict):
    """Texts that were made. Of a recording two: the second has its parts with times, as JSON."""

    results: list[TextOutput]
    duration: str
    responseStatus: NotRequired[ResponseStatus | None]


class TextOutput(TypedDict):
    """A text that a job made."""

    text: str


class TextToImage(TypedDict):
    """Make pictures of a text, and wait for them."""

    positivePrompt: str
    negativePrompt: NotRequired[str | None]
    model: NotRequired[str | None]
    width: NotRequired[int | None]
    height: NotRequired[int | None]
    batchSize: NotRequired[int | None]
    seed: NotRequired[int | None]
    refId: NotRequired[str | None]
    tag: NotRequired[str | None]
    provider: NotRequired[str | None]


class TextToSpeech(TypedDict):
    """Speak a text, and wait for the sound."""

    input: NotRequired[str | None]
    text: NotRequired[str | None]
    model: NotRequired[str | None]
    voice: NotRequired[str | None]
    seed: NotRequired[int | None]
    refId: NotRequired[str | None]
    tag: NotRequired[str | None]
    provider: NotRequired[str | None]


class TrendRow(TypedDict):
    """How things stood at a moment. Counts are since the beginning: they only grow."""

    date: str
    accepted: int
    completed: int
    failed: int
    cancelled: int
    inFlight: int
    waiting: int
    callbacks: int
    latencies: list[int]


class TrimVideo(TypedDict):
    """Make a part out of a video's time, and wait for it."""

    video: NotRequired[str | None]
    startTime: NotRequired[str | None]
    endTime: NotRequired[str | None]
    refId: NotRequired[str | None]
    tag: NotRequired[str | None]


class UpdateAiProvider(TypedDict):
    """Change fields of a provider; what is absent stays."""

    aiTypeId: NotRequired[str | None]
    apiBaseUrl: NotRequired[str | None]
    apiKeyVar: NotRequired[str | None]
    apiKey: NotRequired[str | None]
    apiKeyHeader: NotRequired[str | None]
    heartbeatUrl: NotRequired[str | None]
    proxy: NotRequired[str | None]
    caFile: NotRequired[str | None]
    clientCert: NotRequired[str | None]
    clientKey: NotRequired[str | None]
    concurrency: NotRequired[int | None]
    adaptive: NotRequired[bool | None]
    requestsPerMinute: NotRequired[int | None]
    tokensPerMinute: NotRequired[int | None]
    priority: NotRequired[int | None]
    enabled: NotRequired[bool | None]
    models: NotRequired[list[AiProviderModel] | None]
    selectedModels: NotRequired[list[str] | None]
    defaults: NotRequired[dict[str, Any] | None]
    batch: NotRequired[bool | None]
    batchPrice: NotRequired[float | None]
    metricsUrl: NotRequired[str | None]
    metricsGauges: NotRequired[list[str] | None]
    id: NotRequired[int | None]
    name: NotRequired[str | None]


class UpdateApiKey(TypedDict):
    """Change a key. What is absent stays; what is named in `reset` is taken away."""

    requestsPerMinute: NotRequired[int | None]
    tokensPerMinute: NotRequired[int | None]
    concurrentJobs: NotRequired[int | None]
    queuedJobs: NotRequired[int | None]
    monthlyTokens: NotRequired[int | None]
    monthlyCost: NotRequired[float | None]
    priority: NotRequired[Literal['high', 'normal', 'low'] | None]
    weight: NotRequired[int | None]
    waitSecs: NotRequired[int | None]
    userName: NotRequired[str | None]
    scopes: NotRequired[list[Literal['chat', 'read', 'admin:read', 'admin:keys', 'admin:providers', 'admin']] | None]
    models: NotRequired[list[str] | None]
    expiryDate: NotRequired[int | None]
    notes: NotRequired[str | None]
    meta: NotRequired[dict[str, str] | None]
    id: int
    name: NotRequired[str | None]
    reset: NotRequired[list[str] | None]


class UpdateCallbackSubscription(TypedDict):
    """Change a subscription; what is left out stays."""

    id: str
    url: NotRequired[str | None]
    events: NotRequired[list[Literal['job.completed', 'job.failed', 'job.cancelled', 'callback.exhausted', 'batch.completed', 'batch.failed', 'batch.expired', 'batch.cancelled', 'group.completed', 'group.cancelled']] | None]


class UpdateMediaProvider(TypedDict):
    """Change fields of a provider of pictures or sound; what is absent stays."""

    apiKey: NotRequired[str | None]
    apiKeyVar: NotRequired[str | None]
    apiKeyHeader: NotRequired[str | None]
    apiBaseUrl: NotRequired[str | None]
    heartbeatUrl: NotRequired[str | None]
    concurrency: NotRequired[int | None]
    priority: NotRequired[int | None]
    enabled: NotRequired[bool | None]
    models: NotRequired[list[str] | None]
    id: NotRequired[int | None]
    name: NotRequired[str | None]
    mediaTypeId: NotRequired[str | None]


class UpdateSchedule(TypedDict):
    """Change a schedule; what is not given stays. Resumed, it goes on with the next time."""

    id: str
    name: NotRequired[str | None]
    cron: NotRequired[str | None]
    timeZone: NotRequired[str | None]
    endpoint: NotRequired[str | None]
    request: NotRequired[dict[str, Any] | None]
    replyTo: NotRequired[str | None]
    tag: NotRequired[str | None]
    provider: NotRequired[str | None]
    timeoutSecs: NotRequired[float | None]
    jitterSecs: NotRequired[int | None]
    catchUp: NotRequired[Literal['skip', 'once', 'all'] | None]
    paused: NotRequired[bool | None]


class Usage(TypedDict):
    """Tokens of a call."""

    prompt_tokens: NotRequired[int]
    completion_tokens: NotRequired[int]
    total_tokens: NotRequired[int]


class UsageStats(TypedDict):
    """One sum, in detail."""

    name: str
    total: int
    totalPromptTokens: int
    totalCompletionTokens: int
    totalMinutes: float
    tokensPerSecond: float
    completed: int
    failed: int
    cancelled: int
    totalTokens: int
    cachedTokens: int
    images: int
    characters: int
    audioSeconds: float
    cost: float
    isCostKnown: NotRequired[bool]
    averageWaitMs: int
    p50Ms: NotRequired[int | None]
    p95Ms: NotRequired[int | None]
    p99Ms: NotRequired[int | None]


class Voice(TypedDict):
    """A voice, and what to give as the model for it."""

    id: str
    model: str


class WaitForOpenAiChat(TypedDict):
    """Wait until a job has ended, then read it."""

    refId: NotRequired[str | None]
    id: NotRequired[int | None]


class WaitingRow(TypedDict):
    """How many jobs wait for a model."""

    model: str
    interactive: int
    queued: int
    bulk: int


class WatermarkImage(TypedDict):
    """Make a picture with a watermark, and wait for it."""

    watermark: NotRequired[str | None]
    position: NotRequired[Literal['TopLeft', 'TopRight', 'BottomLeft', 'BottomRight', 'Center'] | None]
    image: NotRequired[str | None]
    watermarkScale: NotRequired[float | None]
    opacity: NotRequired[float | None]
    refId: NotRequired[str | None]
    tag: NotRequired[str | None]


class WatermarkVideo(TypedDict):
    """Make a video with a watermark, and wait for it."""

    watermark: NotRequired[str | None]
    position: NotRequired[Literal['TopLeft', 'TopRight', 'BottomLeft', 'BottomRight', 'Center'] | None]
    video: NotRequired[str | None]
    refId: NotRequired[str | None]
    tag: NotRequired[str | None]


class WebhookKey(TypedDict):
    """A public key."""

    id: str
    algorithm: str
    publicKey: str


class WebhookKeys(TypedDict):
    """The public keys that callbacks may be signed with."""

    keys: list[WebhookKey]


class WorkerRow(TypedDict):
    """One worker process, as it told of itself. Counts are since its start."""

    name: str
    pid: int
    host: NotRequired[str | None]
    version: NotRequired[str | None]
    pools: list[str]
    queues: list[str]
    slots: NotRequired[int | None]
    busy: NotRequired[int | None]
    isStopping: bool
    startedDate: NotRequired[str | None]
    heardDate: str
    received: int
    completed: int
    retries: int
    failed: int
    runningJobs: int
    running: list[RunningRow]


class WorkerStats(TypedDict):
    """One worker process. Counts are since its start."""

    name: str
    queued: int
    received: int
    completed: int
    retries: int
    failed: int
    runningJob: NotRequired[int | None]
    runningTime: NotRequired[str | None]
    runningJobs: NotRequired[int]
    queues: list[str]
