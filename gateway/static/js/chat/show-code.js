// "Show as code": the request of an answer in other people's languages. Pure but for the dialog.

import { html, useState } from "../lib/html.js";
import { CopyButton } from "../ui/button.js";
import { Code } from "../ui/code.js";
import { Dialog } from "../ui/dialog.js";
import { t } from "../texts/chat.js";

const KEY = "$REPLYTO_API_KEY";

export const LANGUAGES = {
  curl: (request, base) =>
    `curl ${base}/v1/chat/completions \\\n  -H "Authorization: Bearer ${KEY}" \\\n  -H "Content-Type: application/json" \\\n  -d ${shell(JSON.stringify(request, null, 2))}`,
  "Python (openai)": (request, base) => `import os

from openai import OpenAI

client = OpenAI(base_url="${base}/v1", api_key=os.environ["REPLYTO_API_KEY"])
answer = client.chat.completions.create(
${pythonArguments(request)}
)
print(answer.choices[0].message.content)`,
  "Python (servicestack)": (request, base) => `import os

import requests
from servicestack import JsonServiceClient

client = JsonServiceClient("${base}")
client.bearer_token = os.environ["REPLYTO_API_KEY"]
answer = client.post_url(
    "/api/OpenAiChatCompletion",
    body=${python(request, 1)},
)
print(answer)`,
  TypeScript: (request, base) => `import OpenAI from "openai";

const client = new OpenAI({ baseURL: "${base}/v1", apiKey: process.env.REPLYTO_API_KEY });
const answer = await client.chat.completions.create(${JSON.stringify(request, null, 2)});
console.log(answer.choices[0].message.content);`,
  "C#": (request, base) => `using System.Net.Http.Headers;
using System.Text;

var client = new HttpClient();
client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
    "Bearer", Environment.GetEnvironmentVariable("REPLYTO_API_KEY"));
var json = """"
${indent(JSON.stringify(request, null, 2), 4)}
    """";
var answer = await client.PostAsync("${base}/v1/chat/completions",
    new StringContent(json, Encoding.UTF8, "application/json"));
Console.WriteLine(await answer.Content.ReadAsStringAsync());`,
};

export function ShowCode({ request, onClose }) {
  const [language, setLanguage] = useState("curl");
  const code = LANGUAGES[language](shortened(request), location.origin);
  return html`<${Dialog} title=${t("showCode.thisRequestAsCode")} wide onClose=${onClose}>
    <div class="row" role="group" aria-label=${t("showCode.language")}>
      ${Object.keys(LANGUAGES).map((name) => html`<button type="button" key=${name} class="button small" aria-pressed=${name === language} onClick=${() => setLanguage(name)}>${name}</button>`)}
    </div>
    <div class="code-sample"><${CopyButton} text=${code} label=${t("showCode.copyCode")} /><pre tabindex="0"><${Code} text=${code} /></pre></div>
  </${Dialog}>`;
}

/** Pictures are long and say nothing to a reader. */
function shortened(request) {
  return JSON.parse(JSON.stringify(request), (name, value) =>
    name !== "url" ? value : typeof value === "object" ? `data:${value.type};base64,…` : value.length > 200 ? `${value.slice(0, 60)}…` : value,
  );
}

const shell = (text) => `'${text.replaceAll("'", "'\\''")}'`;

const indent = (text, spaces) => text.replace(/^/gm, " ".repeat(spaces));

const pythonArguments = (request) =>
  Object.entries(request).map(([name, value]) => `    ${name}=${python(value, 1)},`).join("\n");

/** A JSON value as Python writes it. */
export function python(value, depth = 0) {
  const pad = "    ".repeat(depth + 1);
  const end = "    ".repeat(depth);
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value)) return value.length ? `[\n${value.map((one) => `${pad}${python(one, depth + 1)},\n`).join("")}${end}]` : "[]";
  if (typeof value === "object") {
    const rows = Object.entries(value).map(([name, one]) => `${pad}${JSON.stringify(name)}: ${python(one, depth + 1)},\n`);
    return rows.length ? `{\n${rows.join("")}${end}}` : "{}";
  }
  return JSON.stringify(value);
}
