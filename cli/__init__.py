"""The `replyto` command."""
