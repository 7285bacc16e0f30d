"""The demo LLM says what its sounds are."""

from __future__ import annotations

import json

import pytest

from cli.demo import sounds


def test_a_tone_in_the_place_of_speech_is_titled_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    asked = {"model": "demo-speech", "input": "hello there"}
    made = sounds.speech(sounds.parse_speech(json.dumps(asked).encode()), None)
    assert b"ReplyTo demo tone" in (made.raw or b"")
