// Texts of the chat, in the language of the page.

import { translator } from "../lib/texts.js";
import en from "./en/chat.js";

export const t = translator({ en });
