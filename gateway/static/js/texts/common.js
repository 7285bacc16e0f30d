// Texts of what all pages share, in the language of the page.

import { translator } from "../lib/texts.js";
import en from "./en/common.js";

export const t = translator({ en });
