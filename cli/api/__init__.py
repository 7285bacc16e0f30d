"""The commands that call a gateway's API, and the receiver of callbacks."""
