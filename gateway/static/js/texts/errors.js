// Texts of the API's errors, in the language of the page.

import { translator } from "../lib/texts.js";
import en from "./en/errors.js";

export const t = translator({ en });
