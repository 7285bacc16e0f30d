"""Every key in Redis: its builder, its type, and how long it lives. No other module spells one.

Times in keys and scores are unix milliseconds unless a name says otherwise.
"""

from __future__ import annotations

from typing import Final

#: kombu's separator between a queue's name and its priority step.
PRIORITY_SEPARATOR: Final = "\x06\x16"

#: Between two names in one key. Names hold no control characters, so no two pairs make one key.
_SEPARATOR: Final = "\x1f"

# --- jobs -------------------------------------------------------------------------------------

#: STRING, the last job id given (INCR). Never expires.
JOB_ID: Final = "jobs:id"

#: HASH, the epoch of the ids, and the server process that has it. Never expires.
LEDGER: Final = f"{JOB_ID}:ledger"

#: Prefix of a job's HASH. The id is given inside the accept script, which appends it.
JOB_PREFIX: Final = "job:"

#: STRING, the last place given (INCR), in line and in turn. Back of the line: +n, front: -n.
QUEUE_PLACE: Final = "jobs:place"

#: ZSET of job ids by due time: waiting for their next attempt. Members leave when due.
DELAYED: Final = "jobs:delayed"

#: ZSET of job ids by lease expiry: Started, claimed by a worker. Members leave on execute/defer.
LEASES: Final = "jobs:leases"

#: ZSET of job ids by deadline: not yet Executed. Members leave on execute.
DEADLINES: Final = "jobs:deadlines"

#: ZSET of job ids by due time: accepted, and not to run before it. Members leave when due.
LATER: Final = f"{DEADLINES}:later"

#: ZSET of job ids by place: they wait for room with their flow key. Members leave when let in.
PARKED: Final = f"{DEADLINES}:parked"

#: ZSET of flows with parked jobs (owner, separator, key), by when to look at them again.
FLOWS_DUE: Final = f"{DEADLINES}:flows"

#: ZSET of job ids by time: Executed, waiting to be completed. Members leave on complete.
EXECUTED: Final = "jobs:executed"

#: ZSET of job ids by time: ended, and not in the history yet. Members leave when they are.
UNSTORED: Final = "jobs:unstored"

#: STRING, present while a process works on UNSTORED. Expires by itself (milliseconds).
HISTORY_LEASE: Final = "history:lease"

#: SET of model names that ever had a job. Never expires; bounded by the registry.
MODELS: Final = "jobs:models"

#: SET of gates that are closed (see `shared/lua/includes/gates.lua`). Bounded by the registry.
GATES: Final = "jobs:gates"

#: HASH of counts of what happened, by name (see `shared/telemetry/counters.py`). Never expires.
COUNTERS: Final = "counters"

#: ZSETs of JSON by time (milliseconds): how things stood, each quarter of a minute of an hour, and
#: each five minutes of a day. Bounded.
TREND_HOUR: Final = "trend:hour"
TREND_DAY: Final = "trend:day"


def trend_turn(trend: str) -> str:
    """STRING, present since the last sample of this trend. Expires by itself (milliseconds)."""
    return f"{trend}:turn"


#: HASH of JSON by provider: what the last probe found, or that a job was answered since. Never
#: expires; bounded by the registry.
PROBED: Final = "providers:probed"

#: HASH of counts by name and labels (see `shared/telemetry/tally.py`). Never expires; bounded.
METRICS: Final = "metrics"

#: STRING, present while a completion task works on EXECUTED. Expires by itself (milliseconds).
COMPLETION_LEASE: Final = "completion:lease"

# --- deliveries -------------------------------------------------------------------------------

#: ZSET of job ids by due time: deliveries waiting for their next attempt.
DELIVERIES_DELAYED: Final = "deliveries:delayed"

#: ZSET of job ids by lease expiry: deliveries claimed by a worker.
DELIVERIES_LEASES: Final = "deliveries:leases"

#: Prefix of the keys of an endpoint (scheme, host, port and path of a URL, of one owner): a HASH
#: that lives a day after its last attempt, a thousand of an owner at most, and with a suffix a ZSET
#: of deliveries that wait for room. The scripts derive them; see `lua/includes/endpoint.lua`.
ENDPOINT_PREFIX: Final = "endpoint:"

#: Prefix of the keys of a host, with its port: a HASH while it cannot be reached, for a day at
#: most, and with a suffix a HASH of attempts that run and ZSETs of who waits for a place. Likewise.
HOST_PREFIX: Final = "endpoint-host:"

#: ZSET of endpoints and hosts with waiting deliveries, by when to look at them again.
ENDPOINTS_WAKES: Final = "endpoints:wakes"

#: SET of job ids: deliveries that wait for room at their endpoint or its host.
DELIVERIES_PARKED: Final = "deliveries:parked"

#: Prefix of what an older version kept of a host and port; goes within a day.
RECEIVER_PREFIX: Final = "receiver:"

#: ZSET of receivers where it left waiting deliveries, by when to look at them again.
RECEIVERS_WAKES: Final = "receivers:wakes"

#: SET of owners that have deliveries. Members leave with their last delivery.
DELIVERIES_OWNERS: Final = "deliveries:owners"

#: Prefix of a test's HASH. The id is given inside the script that makes it, which appends it.
CALLBACK_TEST_PREFIX: Final = "callback:test:"

#: Prefix of a delivery's HASH, for scripts that give it its id.
DELIVERY_PREFIX: Final = "delivery:"

#: SET of owners that have subscriptions. Never expires; bounded by the keys there are.
SUBSCRIBERS: Final = "callback:subscribers"


def job(job_id: int) -> str:
    """HASH, the job. Lives until `result_ttl` after it ended and its delivery ended."""
    return f"{JOB_PREFIX}{job_id}"


def chunks(job_id: int) -> str:
    """STREAM of what a streamed job has answered, then of its end; `stream_ttl` after that.

    The scripts derive it from the job's key.
    """
    return f"{job(job_id)}:chunks"


def ref(owner: str, ref_id: str) -> str:
    """STRING, the id of the owner's job with this RefId. Lives as long as the job."""
    return f"jobs:ref:{owner}{_SEPARATOR}{ref_id}"


#: ZSET of groups of jobs by when to look at them next. Members leave when the group is forgotten.
#: The scripts derive the keys of groups from it; see `lua/includes/group.lua`.
GROUPS: Final = "jobs:groups"

#: ZSET of groups by when they were made. Likewise.
GROUPS_ALL: Final = f"{GROUPS}:all"

#: STRING, present while a completion worker looks after groups. Expires by itself (milliseconds).
GROUPS_LEASE: Final = "groups:keeper"

#: Prefix of a group's HASH; what follows is its name in the ZSETs of groups.
GROUP_PREFIX: Final = f"{GROUPS}:is:"


def group(owner: str, group_id: str) -> str:
    """HASH, a group of jobs: what it is, and sums. Lives `result_ttl` after its end."""
    return f"{GROUP_PREFIX}{owner}{_SEPARATOR}{group_id}"


def group_jobs(owner: str, group_id: str) -> str:
    """ZSET of the ids of a group's jobs, by what became of them. Lives as long as the group."""
    return f"{GROUPS}:jobs:{owner}{_SEPARATOR}{group_id}"


def groups_of(owner: str) -> str:
    """ZSET of the owner's groups by when they were made. Members leave with the group."""
    return f"{GROUPS}:of:{owner}"


def later_of(owner: str) -> str:
    """ZSET of the owner's ids in LATER. The scripts derive it; see `lua/includes/later.lua`."""
    return f"{LATER}{_SEPARATOR}{owner}"


def parked_of(owner: str) -> str:
    """ZSET of the owner's ids in PARKED."""
    return f"{PARKED}{_SEPARATOR}{owner}"


def flow(owner: str, key: str, part: str = "") -> str:
    """HASH, an owner's flow key and its limits; with a part, what belongs to it.

    They live an hour longer than the last of its jobs may. The scripts derive them; see
    `lua/includes/flows.lua`.
    """
    name = f"{DEADLINES}:flow{_SEPARATOR}{owner}{_SEPARATOR}{key}"
    return f"{name}{_SEPARATOR}{part}" if part else name


def flow_parts(name: str) -> tuple[str, str]:
    """ZSET: what a member of FLOWS_DUE names, the owner and the key of a flow."""
    owner, _, key = name.partition(_SEPARATOR)
    return owner, key


def flow_parked(owner: str, key: str, place: str) -> str:
    """ZSET of ids by place: those of PARKED with this flow key that are to stand there."""
    return flow(owner, key, f"parked{_SEPARATOR}{place}")


def held_bytes(owner: str) -> str:
    """HASH, id → bytes of the owner's jobs that have no result yet, and their sum.

    Members leave with the result. The scripts derive it; see `lua/includes/owner_bytes.lua`.
    """
    return f"{DEADLINES}:bytes:{owner}"


def response(owner: str, name: str) -> str:
    """STRING, the id of the owner's job whose provider named its response so.

    Lives as long as a job may, from when the name was told.
    """
    return f"jobs:response:{owner}{_SEPARATOR}{name}"


def delivery(job_id: int) -> str:
    """HASH, the delivery of this job's callback. Lives as long as the job."""
    return f"{DELIVERY_PREFIX}{job_id}"


def delivery_log(job_id: int) -> str:
    """LIST of JSON, one row an attempt, oldest first. Lives as long as the delivery."""
    return f"{delivery(job_id)}:log"


def deliveries_of(owner: str, state: str = "") -> str:
    """ZSET of job ids by creation of their delivery: the owner's, or those of them in this state.

    Members leave with their delivery. The scripts derive a state's name from the first one, and
    `expiring`, a ZSET of those that have ended by when they go.
    """
    name = f"deliveries:of:{owner}"
    return f"{name}{_SEPARATOR}{state}" if state else name


def parked_by_receiver(receiver: str) -> str:
    """ZSET of job ids by due time: deliveries that an older version left waiting at a receiver."""
    return f"{RECEIVER_PREFIX}{receiver}{_SEPARATOR}parked"


def callback_keys(owner: str) -> str:
    """HASH, the owner's signing secrets, sealed, by key id. Never expires; five fields at most."""
    return f"callback:keys:{owner}"


def callback_subscriptions(owner: str) -> str:
    """HASH, the owner's subscriptions by id: events, creation (ms) and URL. Never expires."""
    return f"callback:subscriptions:{owner}"


def callback_test(test_id: int) -> str:
    """HASH, a sample asked for and what came of it. Lives five minutes."""
    return f"{CALLBACK_TEST_PREFIX}{test_id}"


# --- queues -----------------------------------------------------------------------------------


def message_list(queue: str, priority: int) -> str:
    """LIST, kombu's: Celery messages. LPUSH at the back, BRPOP and RPUSH at the consuming end."""
    return f"{queue}{PRIORITY_SEPARATOR}{priority}" if priority else queue


#: Prefixes of what belongs to a message list; scripts complete them for the jobs at a gate.
LINE_PREFIX: Final = "line:"
WAITING_PREFIX: Final = "waiting:"
TURNS_PREFIX: Final = "turns:"


def line(queue: str, priority: int) -> str:
    """ZSET of ids by place: whose message should be in `message_list(queue, priority)`."""
    return f"{LINE_PREFIX}{message_list(queue, priority)}"


def waiting(queue: str, priority: int) -> str:
    """ZSET of ids by place: jobs that stand behind the message list's window, or at a gate."""
    return f"{WAITING_PREFIX}{message_list(queue, priority)}"


def waiting_of(queue: str, priority: int, owner: str) -> str:
    """ZSET of ids by place: those of `waiting` that are this owner's."""
    return f"{waiting(queue, priority)}{_SEPARATOR}{owner}"


def turns(queue: str, priority: int) -> str:
    """ZSET of owners that have jobs in `waiting`, by when it is their turn.

    With a suffix that the scripts add, a HASH of the weights of those that have one; see
    `lua/includes/dispatch.lua`.
    """
    return f"{TURNS_PREFIX}{message_list(queue, priority)}"


def drain(queue: str) -> str:
    """HASH, how fast this queue's jobs are claimed. Lives ten minutes after the last claim."""
    return f"drain:{queue}"


def missing(queue: str, priority: int) -> str:
    """ZSET of ids by the time their message was first seen missing from the list."""
    return f"missing:{message_list(queue, priority)}"


# --- pages ------------------------------------------------------------------------------------


def session(token_hash: str) -> str:
    """STRING, hex SHA-256 of the API key that a browser's session stands for. Lives a week."""
    return f"session:{token_hash}"


def sign_in_failures(address: str) -> str:
    """STRING, how often signing in has failed from this address. Lives a minute."""
    return f"sign-in-failures:{address}"


# --- API keys ---------------------------------------------------------------------------------

#: HASH, digest of a secret → JSON of what it opens; its truth is the database. Never expires.
KEY_RECORDS: Final = "keys:records"

#: PUB/SUB channel on which gateway processes hear the digests of records that have changed.
KEY_CHANGES: Final = "keys:changed"

#: Prefix of `live(key_id)`, which the claim script completes from the job.
LIVE_PREFIX: Final = "limits:live:"


def live(key_id: str) -> str:
    """ZSET of ids: the jobs of a limited key that are not final. 0: never started, 1: started."""
    return f"{LIVE_PREFIX}{key_id}"


def requests_of(key_id: str) -> str:
    """ZSET of job ids by the time of accept, the last minute's. Lives two minutes."""
    return f"limits:requests:{key_id}"


def tokens_of(key_id: str) -> str:
    """HASH, unix second → tokens taken, the last minute's. Lives two minutes."""
    return f"limits:tokens:{key_id}"


def month_of(key_id: str, month: str) -> str:
    """HASH, what a key took in a month such as 2026-11. Lives two months."""
    return f"limits:month:{key_id}{_SEPARATOR}{month}"


# --- workers ----------------------------------------------------------------------------------


#: STRING: by how much the server's clock was set back (ms). Lives ten seconds after the step.
CLOCK_SET_BACK: Final = "machines:clock_set_back"

#: HASH: how far that has led to shorter pauses. Lives while it goes on, and five minutes.
CLOCK_SET_BACK_PLACE: Final = f"{CLOCK_SET_BACK}:place"

#: HASH of fingerprints of what all processes have in common (see `shared/machines`). Never expires.
IDENTITY: Final = "machines:identity"

#: HASH of JSON by process: what it has to complain of. Lives a minute after the last complaint.
NOTICES: Final = "machines:notices"

#: ZSET of worker processes by when they were last heard. Lives as long as `beat`.
WORKERS: Final = "worker:beats"


def beat(process: str) -> str:
    """HASH of JSON by field: what a worker process said of itself. Lives ten minutes after that."""
    return f"worker:beat:{process}"


def worker(name: str) -> str:
    """STRING of JSON: what workers tell of themselves that do not beat yet. Lives 15 seconds."""
    return f"worker:{name}"


def abort_channel(worker_name: str) -> str:
    """PUB/SUB channel on which a worker process hears which jobs to abort."""
    return f"abort:{worker_name}"


#: What an abort channel carries in place of a job's id: all that the worker runs.
ABORT_ALL: Final = "all"


def wake_stream(process: str) -> str:
    """STREAM of one entry that wakes a gateway process's reader of streams. Lives a minute."""
    return f"wake:{process}"


def mailbox_channel(process: str) -> str:
    """PUB/SUB channel on which a gateway process hears that a job it waits for has moved."""
    return f"mailbox:{process}"


# --- providers --------------------------------------------------------------------------------

#: STRING of JSON, the live registry (see `shared/providers/registry_document.py`). Never expires.
REGISTRY: Final = "providers:registry"

#: STRING, the version of REGISTRY (INCR). Never expires.
REGISTRY_VERSION: Final = "providers:version"

#: PUB/SUB channel that tells of changes to the registry and to the providers' health.
PROVIDERS_CHANNEL: Final = "providers:changed"

#: HASH of JSON by provider, or provider and model: how calls to it went. Never expires; bounded by
#: the registry.
HEALTH: Final = "providers:health"

#: STRING, the number of the last change in HEALTH (INCR). Never expires.
HEALTH_VERSION: Final = "providers:health:version"

#: LIST of JSON: providers that a gateway wants probed, and where it waits for the answer.
PROBE_REQUESTS: Final = "providers:probe:requests"

#: STRING, present while a tick probes providers. Expires by itself (milliseconds).
PROBE_LEASE: Final = "providers:probe"

#: STRING, present while a completion worker feeds batches. Expires by itself (milliseconds).
BATCH_LEASE: Final = "batches:feeder"


def batch_told(batch_id: str) -> str:
    """STRING, present for a week: the end of this batch was told."""
    return f"batch:{batch_id}:told"


def probe_answer(token: str) -> str:
    """LIST of one JSON, what a probe found. Lives a minute."""
    return f"providers:probe:answer:{token}"


def slots(provider: str) -> str:
    """ZSET of job ids by lease expiry: calls of a limited provider, and slots reserved for one."""
    return f"slots:held:{provider}"


def rates(provider: str) -> str:
    """HASH, the buckets of a provider limited by the minute. Lives an hour after the last call."""
    return f"slots:rates:{provider}"


#: STRING, present while a completion worker judges learned limits. Expires by itself (ms).
ADAPTIVE_LEASE: Final = "slots:judge"


def adaptive(provider: str) -> str:
    """STRING of JSON, the learned limit of a provider. Lives a week after it was last judged."""
    return f"slots:adaptive:{provider}"


def seen(provider: str) -> str:
    """HASH of counts, what was seen of a provider since its limit was judged. Lives a minute."""
    return f"slots:seen:{provider}"


def gates_of(provider: str) -> str:
    """ZSET of the gates whose jobs wait for a slot of this provider, by when it is their turn."""
    return f"slots:gates:{provider}"


def server_turn(provider: str) -> str:
    """STRING, present for a second since a provider's server was last asked for its queue."""
    return f"slots:server:turn:{provider}"


def server_queue(provider: str) -> str:
    """STRING of JSON, what a provider's server told of its queue. Lives five seconds."""
    return f"slots:server:queue:{provider}"
