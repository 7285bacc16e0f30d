"""The callbacks task: sends signed callbacks, judges the answer, plans the next attempt."""
