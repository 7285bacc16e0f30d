"""The same calls from each language, with the DTOs that the running gateway generates for it.

A call that waits, one that is queued and asked for, one that makes a picture, and one that is
refused. TypeScript, JavaScript, Python and Rust have ServiceStack's own client; elsewhere a stub of
it stands on the language's HTTP client.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import pytest
import requests

from tests.acceptance.system.stack import Stack
from tests.typed_clients.conftest import HERE, MODULES, SLOW, TOOLS, Fetch, Run, missing, put

slow = pytest.mark.skipif(not SLOW, reason="a slow compiler: REPLYTO_TEST_TYPES_SLOW=1 asks for it")
_GSON = Path("/usr/share/java/gson.jar")
_MONO = Path("/usr/lib/mono/4.5/System.Runtime.Serialization.dll")


@pytest.fixture
def call(stack: Stack, run: Run) -> Run:
    """Return what runs a program with the gateway's address, and looks at what it printed."""

    def ran(*command: str | Path, env: dict[str, str] | None = None) -> str:
        said = run(*command, stack.url, stack.api_key, "demo-instant", env=env)
        assert re.search(r"^sync: .*Hello!$", said, re.MULTILINE), said
        assert re.search(r"^queued: Completed .*Hello!$", said, re.MULTILINE), said
        assert re.search(r"^error: \w+$", said, re.MULTILINE), said
        made = re.search(r"^media: (http\S+)$", said, re.MULTILINE)
        assert made, said
        assert requests.get(made[1], timeout=60).content.startswith(b"\x89PNG")
        return said

    return ran


def test_typescript(fetch: Fetch, run: Run, call: Run, tmp_path: Path) -> None:
    file = fetch("typescript", "dtos.ts")
    # What is not checked in an application is checked here.
    file.write_text(file.read_text().replace("// @ts-nocheck", ""))
    put(tmp_path, "programs/example.ts")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "node_modules").symlink_to(MODULES)
    strict = ("--strict", "--target", "es2022", "--module", "nodenext", "--skipLibCheck")
    run("node", MODULES / "typescript/bin/tsc", *strict, "example.ts")
    call("node", "example.js")


def test_typescript_definitions(fetch: Fetch, run: Run) -> None:
    ambient = fetch("typescript.d", "dtos.d.ts")
    exported = fetch("typescript.d", "module.d.ts", "?ExportAsTypes=true")
    named = fetch("typescript.d", "named.d.ts", "?GlobalNamespace=named")
    tsc = ("node", MODULES / "typescript/bin/tsc", "--noEmit", "--strict")
    run(*tsc, exported, named)
    # Names of the browser's (`MediaProvider`) are taken there: whoever needs both has a namespace.
    run(*tsc, "--lib", "es2022", ambient)


def test_javascript(fetch: Fetch, run: Run, call: Run, tmp_path: Path) -> None:
    fetch("mjs", "dtos.mjs")
    put(tmp_path, "programs/example.mjs")
    (tmp_path / "node_modules").symlink_to(MODULES)
    typed = ("--noEmit", "--allowJs", "--checkJs", "--target", "es2022", "--skipLibCheck")
    run("node", MODULES / "typescript/bin/tsc", *typed, "dtos.mjs")
    call("node", "example.mjs")


def test_python(fetch: Fetch, call: Run, tmp_path: Path) -> None:
    fetch("python", "dtos.py")
    put(tmp_path, "programs/example.py")
    call(sys.executable, "-W", "ignore", "example.py")


def test_php(fetch: Fetch, call: Run, tmp_path: Path) -> None:
    fetch("php", "dtos.php")
    put(tmp_path, "programs/example.php", "stubs/servicestack.php")
    call("php", "example.php")


def test_ruby(fetch: Fetch, call: Run, tmp_path: Path) -> None:
    fetch("ruby", "dtos.rb")
    put(tmp_path, "programs/example.rb")
    call("ruby", "-w", "example.rb")


def _java(run: Run, tmp_path: Path, *files: str | Path) -> None:
    if not _GSON.exists():
        missing("libgoogle-gson-java")
    stubs = sorted((HERE / "stubs/java").rglob("*.java"))
    run("javac", "-d", "classes", "-cp", _GSON, *stubs, *files)


def test_java(fetch: Fetch, run: Run, call: Run, tmp_path: Path) -> None:
    fetch("java", "dtos.java")
    put(tmp_path, "programs/Example.java")
    _java(run, tmp_path, "dtos.java", "Example.java")
    call("java", "-cp", f"classes:{_GSON}", "Example")


@slow
def test_kotlin(fetch: Fetch, run: Run, call: Run, tmp_path: Path) -> None:
    fetch("kotlin", "dtos.kt")
    put(tmp_path, "programs/example.kt")
    _java(run, tmp_path)
    lib = MODULES / "kotlin-compiler/lib"
    if not lib.exists():
        missing("kotlin-compiler (npm)")
    parts = ("compiler", "stdlib", "script-runtime", "reflect")
    jars = [
        *(lib / f"kotlin-{part}.jar" for part in parts),
        lib / "kotlinx-coroutines-core-jvm.jar",
    ]
    compiler = ":".join(map(str, [*jars, lib / "annotations-13.0.jar"]))
    path = f"{lib / 'kotlin-stdlib.jar'}:{_GSON}:classes"
    main = "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler"
    quiet = ("-no-stdlib", "-no-reflect", "-classpath", path, "-d", "classes")
    run("java", "-cp", compiler, main, *quiet, "dtos.kt", "example.kt")
    call("java", "-cp", path, "ExampleKt")


def test_csharp(fetch: Fetch, run: Run, call: Run, tmp_path: Path) -> None:
    if not _MONO.exists():
        missing("libmono-system-runtime-serialization4.0-cil")
    # Mono's compiler knows C# 7, and its serializer what is marked; the rest is the same.
    fetch("csharp", "dtos.cs", "?AddNullableAnnotations=False&AddDataContractAttributes=True")
    put(tmp_path, "programs/example.cs", "stubs/ServiceStack.cs")
    run("mcs", "-out:example.exe", f"-r:{_MONO}", "dtos.cs", "example.cs", "ServiceStack.cs")
    call("mono", "example.exe")


@slow
@pytest.mark.timeout(1800)
def test_fsharp(fetch: Fetch, run: Run, tmp_path: Path) -> None:
    if not (MODULES / "fable-standalone").exists():
        missing("fable-standalone (npm)")
    file = fetch("fsharp", "dtos.fs")
    stubs = (HERE / "stubs/ServiceStack.fs").read_text("utf-8")
    example = (HERE / "programs/example.fs").read_text("utf-8").replace("module Example\n", "")
    # One file has one kind of heading: its module becomes one within a namespace.
    module = "\n".join(f"    {line}".rstrip() for line in example.splitlines())
    whole = f"{stubs}\n{file.read_text('utf-8')}\nnamespace App\nmodule Example =\n{module}\n"
    (tmp_path / "all.fs").write_text(whole, "utf-8")
    run("node", HERE / "stubs/check.cjs", MODULES, tmp_path / "all.fs")


@slow
def test_go(fetch: Fetch, run: Run, call: Run, tmp_path: Path) -> None:
    fetch("go", "dtos/dtos.go")
    put(tmp_path, "programs/example.go")
    stub = tmp_path / "servicestack"
    stub.mkdir()
    put(stub, "stubs/servicestack.go")
    module = "github.com/ServiceStack/servicestack-go"
    (stub / "go.mod").write_text(f"module {module}\n\ngo 1.21\n")
    (tmp_path / "go.mod").write_text(
        f"module app\n\ngo 1.21\n\nrequire {module} v0.1.1\n\nreplace {module} => ./servicestack\n"
    )
    run("go", "build", "-o", "example", ".")
    call(tmp_path / "example")


@slow
@pytest.mark.timeout(1800)
def test_rust(fetch: Fetch, run: Run, call: Run, tmp_path: Path) -> None:
    fetch("rust", "src/dtos.rs")
    shutil.copy(HERE / "programs/example.rs", tmp_path / "src/main.rs")
    (tmp_path / "Cargo.toml").write_text(
        '[package]\nname = "example"\nversion = "0.1.0"\nedition = "2021"\n\n[dependencies]\n'
        'serde = { version = "1", features = ["derive"] }\nserde_json = "1"\n'
        'servicestack = { version = "0.1", features = ["blocking"] }\n'
    )
    target = os.environ.get("CARGO_TARGET_DIR", str(MODULES.parent / "cargo"))
    run("cargo", "build", "--quiet", env={"CARGO_TARGET_DIR": target})
    call(Path(target) / "debug/example")


@slow
def test_zig(fetch: Fetch, run: Run, call: Run, tmp_path: Path) -> None:
    compiler = Path(TOOLS) / "zig/ziglang/zig"
    if not compiler.exists():
        missing("ziglang (PyPI)")
    fetch("zig", "dtos.zig")
    put(tmp_path, "programs/example.zig")
    kept = str(Path(TOOLS) / "zig-cache")
    run(compiler, "build-exe", "example.zig", env={"ZIG_GLOBAL_CACHE_DIR": kept})
    call(tmp_path / "example")
