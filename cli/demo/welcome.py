"""The demo LLM's answer to a greeting: it shows what the chat page can do."""

from __future__ import annotations

import re
from typing import Any, Final

#: How people begin who try something out.
_GREETING: Final = re.compile(r"\s*(?:hello|hi|hey|good (?:morning|day|evening)|who|what can)\b", re.I)

_SHOWN: Final = """This is ReplyTo's demo LLM, not a real model. It shows what answers can look like:

| step | what happens |
|---|---|
| 1 | your message becomes a job, which is never lost |
| 2 | a worker asks a model of a provider |
| 3 | the answer comes word by word, also after a reload |

```python
from openai import OpenAI

client = OpenAI(base_url="http://127.0.0.1:5006/v1", api_key="ak-…")
```

And formulas: $e^{i\\pi} + 1 = 0$. Add a provider on the admin pages to ask a real model.

"""


def shown_to(messages: list[dict[str, Any]], said: str) -> str:
    """Return what comes before the answer to the first message, if that is a greeting."""
    is_first = not any(message.get("role") == "assistant" for message in messages)
    return _SHOWN if is_first and _GREETING.match(said) else ""
