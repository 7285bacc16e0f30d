"""Tests; a package so that they find their factories however pytest is started."""
