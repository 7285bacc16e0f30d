"""Writes clients.md beside this file: each language's example is the one that tests run.

`make docs-api` calls it; a test holds the page to it.
"""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Final

from codegen.registry import LANGUAGES

HERE: Final = Path(__file__).parent
PROGRAMS: Final = HERE.parent / "tests/typed_clients/programs"
#: Of each language: what it is called, its example, and what stands above that.
SECTIONS: Final = (
    ("typescript", "TypeScript", "example.ts", "`npm install @servicestack/client`. Import from `./dtos`."),
    ("mjs", "JavaScript", "example.mjs", "`npm install @servicestack/client`. Import from `./dtos.mjs`."),
    ("python", "Python", "example.py", "`pip install servicestack`. Import from `dtos`."),
    ("php", "PHP", "example.php", "`composer require servicestack/client`. The classes are in the namespace `dtos`."),
    ("java", "Java", "Example.java", "Maven: `net.servicestack:client`, which brings Gson."),
    ("kotlin", "Kotlin", "example.kt", "Maven: `net.servicestack:client`, which brings Gson."),
    ("csharp", "C#", "example.cs", "NuGet: `ServiceStack.Client`."),
    ("go", "Go", "example.go", "`go get github.com/ServiceStack/servicestack-go`, imported as `ss`; put the file into a package `dtos`."),
    ("rust", "Rust", "example.rs", "`cargo add servicestack --features blocking`, and `serde`, `serde_json`."),
    ("ruby", "Ruby", "example.rb", "The file needs the standard library alone."),
)
HEAD: Final = """# Typed clients

ReplyTo gives the classes of its requests and answers in {count} languages, made from the same declarations that the gateway
reads: names, types, what may be absent, values of enums, and a line on each. They are ServiceStack's typed DTOs, so its
client libraries send them, and its tools fetch them and keep them up to date. No key is needed for that.

```bash
replyto dtos typescript --out dtos.ts                   # this machine's gateway; --url says another
replyto dtos python --include '{{inference}},{{jobs}}' --out dtos.py
replyto dtos typescript --out dtos.ts                   # again: brings the file up to date
curl -s http://127.0.0.1:5006/types/typescript > dtos.ts
npx @servicestack/cli typescript-ref http://127.0.0.1:5006    # or ServiceStack's: get-dtos, x
```

| language | file | how it is checked |
|---|---|---|
{table}

Where the table says "read", no compiler is at hand: the file for a small model is kept beside the tests and was read line by line.
Tell us if yours does not compile. The examples of PHP, Java, Kotlin, C# and Go run in our tests on a stub of ServiceStack's client
that sends with the language's own HTTP client; those of TypeScript, JavaScript, Python and Rust on the real one.

## Options

A file's header names its options. Take the comment mark from a line, set the value, and fetch the file again with one of the tools; or
give them in the query string of `/types/{{language}}`, in any casing. What is unknown is ignored, a value that is wrong is a 400.

| option | what it does |
|---|---|
| `IncludeTypes` | Only these, with commas: `Name` (with its bases, and of a request its answer), `Name.*` (with all that it needs), `*.Name` (requests that use it), `ReplyTo/*` or `ReplyTo/` (the namespace), `{{tag}}` or `{{tag1,tag2}}` (all requests with the tag, with what they need). Tags are those of [the reference](api.md). |
| `ExcludeTypes` | Not these; `services` is all requests, `types` all the rest. |
| `GlobalNamespace`, `Package` | What the classes stand in, where the language has that. |
| `AddDescriptionAsComments`, `AddDocAnnotations` | Whether descriptions are comments, and marked as JSDoc's. |
| `MakePropertiesOptional`, `AddNullableAnnotations` | Whether properties may be absent, and whether the type says so. |
| `AddServiceStackTypes` | Whether the file has, or imports, ServiceStack's own interfaces. |
| `AddResponseStatus`, `AddImplicitVersion` | Add `responseStatus` to each answer, `version` to each request. |
| `DefaultImports`, `AddNamespaces` | What is imported. |
| `ExportAsTypes` | TypeScript: whether types are exported. |
| `MakePartial`, `MakeVirtual`, `MakeInternal`, `BaseClass`, `InitializeCollections`, `AddDataContractAttributes`, `AddReturnMarker`, `AddGeneratedCodeAttributes` | .NET: how classes are declared. |
| `AddPropertyAccessors`, `SettersReturnThis` | Java: getters and setters. |
| `DataClass`, `DataClassJson` | Python: the decorators. |
| `WithoutOptions` | Leave the header out. |

`GET /types` names the languages, `/types/metadata` and `/metadata/app.json` describe the same for programs, and `/metadata` shows the
list of operations. Requests of other wires (`/v1/…`) are there as classes too, but not as something that these clients send: use an OpenAI
library for those.

## The same call in each language

A call that waits for its answer, one that is queued and asked for, and one that is refused. `url`, `key` and `model` are yours.
"""
_CHECKED: Final = {
    **dict.fromkeys(("typescript", "mjs", "python"), "compiled or loaded, and run with ServiceStack's client"),
    "typescript.d": "compiled",
    **dict.fromkeys(("php", "java", "csharp", "ruby"), "compiled, and run"),
    **dict.fromkeys(("kotlin", "go"), "compiled, and run (`make test-types-all`)"),
    "rust": "compiled, and run with ServiceStack's client (`make test-types-all`)",
    "fsharp": "type-checked (`make test-types-all`)",
}


def page() -> str:
    """Return the page."""
    rows = [
        f"| {one.label} (`{one.key}`) | `{one.file_name}` | {_CHECKED.get(one.key, 'read, not compiled')} |"
        for one in LANGUAGES
    ]
    parts = [HEAD.format(count="sixteen", table="\n".join(rows))]
    for key, label, file, text in SECTIONS:
        fence = Path(file).suffix[1:]
        parts.append(f"### {label}\n\n{text}\n\n```{fence}\n{_example(PROGRAMS / file)}\n```\n")
    parts.append(_LAST)
    return "\n".join(parts)


_LAST: Final = """### F#, VB.NET, Dart and Swift

Fetch `fsharp`, `vbnet`, `dart` or `swift` in the same way, and send the classes with ServiceStack's client for that platform (NuGet
`ServiceStack.Client`, pub.dev `servicestack`, SwiftPM `ServiceStack.Swift`): `client.send(OpenAiChatCompletion(…))` as above. Swift has no
word for JSON of any kind: what may be a text or something else is a `String` there.

### Zig

The file needs `std.json` alone: `POST` a struct's JSON to `/api/` and its `type_name`, and parse the answer as its `Response`.
"""


def _example(file: Path) -> str:
    found = re.search(r"^[^\n]*\[example\]\n(.*?)^[^\n]*\[/example\]", file.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    if found is None:
        raise ValueError(f"{file} marks no example")
    return textwrap.dedent(found[1]).rstrip()


if __name__ == "__main__":
    (HERE / "clients.md").write_text(page(), "utf-8")
