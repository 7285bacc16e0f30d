// Texts of what the server renders, in English. JSON but for this head: the server reads it as that.

export default {
  "shell.needsJavaScript": "This page needs JavaScript. The API does not: see the documentation.",
  "shell.chat": "Chat",
  "shell.media": "Images and audio",
  "shell.admin": "Admin",
  "shell.docs": "API",

  "metadata.title": "Operations",
  "metadata.typedDtos": "Typed DTOs:",
  "metadata.forTools": "For tools:",
  "metadata.types": "types",
  "metadata.wholeService": "the whole service",
  "metadata.request": "Request",
  "metadata.call": "Call",
  "metadata.response": "Response",
  "metadata.scope": "Scope",
  "metadata.whatItDoes": "What it does",
  "metadata.or": "or"
};
