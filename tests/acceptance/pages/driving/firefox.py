"""A real Firefox for tests of the pages: Debian's, headless, by its own protocol, Marionette.

Each message is `<length>:[type, id, name, parameters]`, the commands are WebDriver's
(https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html).
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from cli.ports import free_port
from tests.acceptance.system.polling import until

_ELEMENT: Final = "element-6066-11e4-a52e-4f735466cecf"
#: Nothing of its maker's: no updates, no look-ups of its hosts.
_PREFERENCES: Final = {
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.safebrowsing.downloads.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "toolkit.telemetry.server": "",
}
#: Finds what is shown and called so, in the dialog that is open if one is.
_FIND: Final = """const [css, name] = arguments;
const called = (one) => one.ariaLabel ?? one.labels?.[0]?.innerText ?? one.innerText;
const place = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document;
return [...place.querySelectorAll(css)].findLast((one) =>
    one.getClientRects().length && !one.disabled && called(one).trim() === name) ?? null;"""

_SHOWN: Final = """const [css, text] = arguments;
return [...document.querySelectorAll(css)].some((one) => (one.innerText ?? "").includes(text));"""


def path_of_firefox() -> str | None:
    """Return where Firefox is; None where there is none."""
    return shutil.which("firefox-esr")


class Firefox:
    """Hands and eyes on one page. Everything is waited for, patiently."""

    def __init__(self, connection: socket.socket, url: str) -> None:
        self._connection = connection
        self._incoming = connection.makefile("rb")
        self._url = url
        self._number = 0
        self._read()
        self.call("WebDriver:NewSession", capabilities={})

    def call(self, command: str, **parameters: Any) -> Any:
        """Have a command done; return its value. Raises RuntimeError for an error."""
        self._number += 1
        message = json.dumps([0, self._number, command, parameters]).encode()
        self._connection.sendall(b"%d:%s" % (len(message), message))
        _, _, error, result = self._read()
        if error:
            raise RuntimeError(f"{command}: {error['error']}: {error['message']}")
        return result.get("value", result) if isinstance(result, dict) else result

    def open(self, path: str) -> None:
        """Open an address of the gateway."""
        self.call("WebDriver:Navigate", url=self._url + path)

    def run(self, script: str, *arguments: Any) -> Any:
        """Run the body of a function; return what it returns."""
        return self.call("WebDriver:ExecuteScript", script=script, args=list(arguments))

    def press(self, name: str, css: str = "button, a") -> None:
        """Press what is called so."""
        self.call("WebDriver:ElementClick", id=self._find(css, name))

    def write(self, label: str, text: str) -> None:
        """Write into the field with this label."""
        element = self._find("input, textarea", label)
        self.call("WebDriver:ElementClear", id=element)
        self.call("WebDriver:ElementSendKeys", id=element, text=text)

    def see(self, text: str, css: str = "body") -> None:
        """Wait until a text is shown."""
        until(lambda: self.run(_SHOWN, css, text), f"{text or css} is shown", every_s=0.1)

    def _find(self, css: str, name: str) -> str:
        found = until(lambda: self.run(_FIND, css, name), f"{name} is shown", every_s=0.1)
        return str(found[_ELEMENT])

    def _read(self) -> Any:
        length = b""
        while not length.endswith(b":"):
            byte = self._incoming.read(1)
            assert byte, "Firefox has gone"
            length += byte
        return json.loads(self._incoming.read(int(length[:-1])))


@contextmanager
def firefox(url: str, profile: Path) -> Iterator[Firefox]:
    """Start Firefox with a fresh profile. `url` is what the addresses of its pages begin with."""
    port = free_port()
    preferences = {**_PREFERENCES, "marionette.port": port}
    lines = [f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in preferences.items()]
    (profile / "user.js").write_text("".join(lines), "utf-8")
    command = [path_of_firefox() or "", "--headless", "--marionette", "--no-remote"]
    with (
        (profile / "log").open("wb") as log,
        subprocess.Popen([*command, "--profile", str(profile)], stdout=log, stderr=log) as process,
    ):
        try:
            with until(lambda: _connected(port), "Firefox listens", every_s=0.1) as connection:
                yield Firefox(connection, url)
        finally:
            process.kill()


def _connected(port: int) -> socket.socket | None:
    try:
        return socket.create_connection(("127.0.0.1", port), timeout=120)
    except OSError:
        return None
