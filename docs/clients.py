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
    ("fsharp", "F#", "example.fs", "NuGet: `ServiceStack.Client`."),
    ("vbnet", "VB.NET", "example.vb", "NuGet: `ServiceStack.Client`. No compiler has seen it: see above."),
    ("dart", "Dart", "example.dart", "pub.dev: `servicestack`. No compiler has seen it: see above."),
    (
        "swift",
        "Swift",
        "example.swift",
        "SwiftPM: `ServiceStack.Swift`. No compiler has seen it: see above. Swift has no word for JSON of any kind: what may be a text or "
        "something else is a `String` there.",
    ),
    (
        "zig",
        "Zig",
        "example.zig",
        "The file needs `std.json` alone. `Client` is twenty lines around `std.http.Client.fetch`: they POST a struct's JSON to `/api/` and "
        "its `type_name`, and parse the answer as its `Response`. (Zig 0.17.)",
    ),
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

**Swift, Dart and VB.NET are only checked by a grammar.** No compiler for them is at hand: tests read the whole file of Swift and of Dart with a
grammar of the language and each line of VB.NET's with one of our own, and the file for a small model is kept beside the tests and was read line
by line against ServiceStack's client. That finds a bracket that is missing, not a type that is wrong: tell us if yours does not compile.
The examples of PHP, Java, Kotlin, C# and Go run in our tests on a stub of ServiceStack's client that sends with the language's own HTTP
client; those of TypeScript, JavaScript, Python and Rust on the real one; Ruby and Zig need none. The compilers of Kotlin, F#, Go, Rust
and Zig are slow: they see a language's file and example whenever one of them has changed (`make test-types-all`).

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

Not all of ServiceStack's languages have all options; a header lists those of its language. Options that it has and ReplyTo has not
(`AddDefaultXmlNamespace`, `AddIndexesToDataMembers`, `AddModelExtensions`, `DefaultNamespaces`, `ExcludeGenericBaseTypes`,
`ExcludeNamespace`, `ExportTags`, `ExportValueTypes`, `MakeDataContractsExtensible`, `TreatTypesAsStrings`) change nothing in the file.

ServiceStack's `@servicestack/cli` fetches and updates C#, F#, VB.NET, TypeScript (and `.d.ts`), Java, Kotlin, Swift and Dart, which our tests
do; for the other languages `replyto dtos`, `get-dtos` and `x` do the same.

## Clients that other generators make

`/openapi.json` has all calls with their schemas, forms with files too ([the page](api.md) at `/docs` shows them). Our tests make a client of it
with `openapi-typescript` and call with `openapi-fetch`:

```bash
npx openapi-typescript http://127.0.0.1:5006/openapi.json -o openapi.ts
```

`GET /types` names the languages, `/types/metadata` and `/metadata/app.json` describe the same for programs, and `/metadata` shows the
list of operations. Requests of other wires (`/v1/…`) are there as classes too, but not as something that these clients send: use an OpenAI
library for those.

## The same call in each language

A call that waits for its answer, one that is queued and asked for, one that makes a picture, and one that is refused. `url`, `key` and
`model` are yours.

<!-- tabs -->
"""
_CHECKED: Final = {
    **dict.fromkeys(("typescript", "mjs", "python"), "compiled or loaded, and run with ServiceStack's client"),
    "typescript.d": "compiled",
    **dict.fromkeys(("php", "java", "csharp", "ruby"), "compiled, and run"),
    **dict.fromkeys(("kotlin", "go"), "compiled, and run, when it changes"),
    "rust": "compiled, and run with ServiceStack's client, when it changes",
    "fsharp": "type-checked, and its example, when it changes",
    "zig": "compiled, and run, when it changes",
    **dict.fromkeys(("swift", "dart", "vbnet"), "grammar only"),
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
    parts.append("<!-- /tabs -->\n")
    return "\n".join(parts)


def _example(file: Path) -> str:
    found = re.search(r"^[^\n]*\[example\]\n(.*?)^[^\n]*\[/example\]", file.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    if found is None:
        raise ValueError(f"{file} marks no example")
    return textwrap.dedent(found[1]).rstrip()


if __name__ == "__main__":
    (HERE / "clients.md").write_text(page(), "utf-8")
