"""What ReplyTo is compared with: the same work done the usual way."""
