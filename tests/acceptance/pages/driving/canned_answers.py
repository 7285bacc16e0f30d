"""What the models of these tests answer: Markdown, slow words, tool calls, and attacks."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import Final

from tests.acceptance.llms.canned_llm import Answer, SseAnswer
from tests.acceptance.llms.canned_streams import DONE, chunk, data

MARKDOWN: Final = """## A title

Some **bold** text, `code`, and $e^{i\\pi} + 1 = 0$.

```python
def double(number: int) -> int:
    return 2 * number  # twice
```

| name | value |
|------|-------|
| one  | 1     |

- [a link](https://example.com/)
- ![a picture](https://tracker.example/pixel.png)
"""

#: Markdown as people and models write it.
AS_WRITTEN: Final = """<think>They want **all** of it.</think>It costs ~5 to ~7 euros.

- [x] done
- [ ] to do

これは**「大事」**です。

| left | right |
|:-----|------:|
| a    | 1     |

שלום עולם
"""

#: What must show as text or not at all, wherever it comes from.
ATTACKS: Final = (
    "<script>window.hacked=1</script>",
    "<img src=x onerror='window.hacked=1'>",
    "<svg onload='window.hacked=1'></svg>",
    "<svg><a xlink:href='javascript:window.hacked=1'><text y='9'>x</text></a></svg>",
    "[click](javascript:window.hacked=1)",
    "[click](JaVaScRiPt&#58;window.hacked=1)",
    "[click](data:text/html,<script>window.hacked=1</script>)",
    "![x](javascript:window.hacked=1)",
    "<iframe srcdoc='<script>parent.hacked=1</script>'></iframe>",
    "<a href='javascript:window.hacked=1'>x</a>",
    "<details open ontoggle='window.hacked=1'><summary>x</summary></details>",
    "<math><mtext><mglyph><style><img src=x onerror='window.hacked=1'></style></mglyph></math>",
    "<form action='/session'><button formaction='javascript:window.hacked=1'>x</button></form>",
    "<style>@import 'javascript:window.hacked=1'; * { display: none }</style>",
    "$\\href{javascript:window.hacked=1}{x}$",
    "```<img src=x onerror='window.hacked=1'>\nx\n```",
    "\"><img src=x onerror='window.hacked=1'>",
    "'-window.hacked=1-'",
    "{{constructor.constructor('window.hacked=1')()}}",
    "<b id='app' class='sign-in' style='position:fixed;inset:0'>clobbered</b>",
    "$$x \\tag{1}\\label{app}$$ $\\begin{equation}y\\label{conversation}\\end{equation}$",
    "$\\id{app}{x} \\style{position:fixed}{x} \\htmlData{a=b}{x}$ $\\ref{app}$",
    "[x](javascript&colon;window.hacked=1) [y](&#1;javascript:window.hacked=1) [z](vbscript:h)",
    "<javascript:window.hacked=1> [ref]\n\n[ref]: javascript:window.hacked=1",
    '![x](data:image/png;base64,iVBORw0KGgo= "\\" onload=\\"window.hacked=1") [a](#app "math")',
    "<dialog open>x</dialog> <div popover id=p>x</div> <button popovertarget=p>x</button>",
    "<base href=//evil.example> <meta http-equiv=refresh content='0;url=//evil.example'>",
    "<template shadowrootmode=open><style>*{display:none}</style></template> <object data=x>",
    "<input autofocus onfocus='window.hacked=1'> <video src=x onerror='window.hacked=1'></video>",
    '```js" onclick="window.hacked=1\nx\n```\n\n```__proto__\nx\n```',
    "<!-- --!><img src=x onerror='window.hacked=1'> <![CDATA[<img src=x onerror='hacked=1'>]]>",
    '{"__proto__": {"hacked": 1}, "constructor": {"prototype": {"hacked": 1}}}',
)

SLOW_WORDS: Final = tuple(f"word{number} " for number in range(50))
#: Between two words of the slow models (seconds): one takes 4 s, one 8 s, and one until it is
#: stopped, for whatever must happen in mid-answer on a busy machine as well.
_PAUSES_S: Final = {"slow": 0.08, "unhurried": 0.16, "endless": 0.16}
_ENDLESS_WORDS: Final = 5000


def _stream(*chunks: dict[str, object], pause_s: float = 0.0) -> SseAnswer:
    return SseAnswer((*(data(one) for one in chunks), DONE), pause_s=pause_s)


def _slow(name: str, words: Iterable[str]) -> SseAnswer:
    chunks = (chunk({"content": word}) for word in words)
    return _stream(*chunks, chunk({}, "stop"), pause_s=_PAUSES_S[name])


def said(text: str) -> SseAnswer:
    """Return a whole stream that says this at once."""
    usage = {"prompt_tokens": 11, "completion_tokens": 22, "total_tokens": 33}
    last = {**chunk({}), "choices": [], "usage": usage}
    return _stream(chunk({"role": "assistant", "content": text}), chunk({}, "stop"), last)


_TOOL = {
    "tool_calls": [
        {
            "index": 0,
            "id": "call_a",
            "type": "function",
            "function": {"name": "get_weather", "arguments": '{"city": "Oslo"}'},
        }
    ]
}


#: A picture of one pixel.
PIXEL: Final = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c63606060f80f00010401005fe5c34b0000000049454e44ae426082"
)
_PICTURE: Final = f"data:image/png;base64,{base64.b64encode(PIXEL).decode()}"


def refused(message: str) -> tuple[int, bytes]:
    """Return an error as OpenAI's API tells it."""
    error = {
        "message": message,
        "type": "invalid_request_error",
        "code": "context_length_exceeded",
    }
    return 400, json.dumps({"error": error}).encode()


def _said_back(body: bytes) -> SseAnswer:
    return said(json.loads(body)["messages"][-1]["content"])


ANSWERS: Final[dict[str, Answer]] = {
    "says-back": _said_back,
    "markdown": said(MARKDOWN),
    "as-written": said(AS_WRITTEN),
    "attacks": said("\n\n".join(ATTACKS)),
    "slow": _slow("slow", SLOW_WORDS),
    "unhurried": _slow("unhurried", SLOW_WORDS),
    "endless": _slow("endless", [f"word{number} " for number in range(_ENDLESS_WORDS)]),
    "endless-lines": _slow("endless", [f"line {n}\n\n" for n in range(_ENDLESS_WORDS)]),
    "thinks": _stream(
        chunk({"reasoning_content": "First I look at the **weather**."}),
        chunk(_TOOL),
        chunk({"content": "It rains."}),
        chunk({}, "tool_calls"),
    ),
    "draws": _stream(
        chunk({"content": "Here it is."}),
        chunk({"images": [{"type": "image_url", "image_url": {"url": _PICTURE}}]}),
        chunk({"images": [{"image_url": {"url": "https://tracker.example/pixel.png"}}]}),
        chunk({}, "stop"),
    ),
    "draws-badly": _stream(
        chunk({"images": [{"image_url": {"url": "data:image/png;base64,%%%"}}]}),
        chunk({"images": [{"image_url": {"url": _PICTURE}}]}),
        chunk({}, "stop"),
    ),
    "goes-on-and-on": _stream(chunk({"content": "And then"}), chunk({}, "length")),
    "refuses": refused("This <b>prompt</b> is too long."),
    "refuses-with-attacks": refused(" ".join(ATTACKS)),
}
