"""For applications that use ReplyTo: typed DTOs, and what receives its callbacks."""

from replyto_client.job import Job
from replyto_client.seen import MemorySeen, RedisSeen, Seen
from replyto_client.verification import NotGenuine, verify

__all__ = ["Job", "MemorySeen", "NotGenuine", "RedisSeen", "Seen", "verify"]
