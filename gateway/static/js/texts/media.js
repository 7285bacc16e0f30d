// Texts of the pages for images, audio and transforms, in the language of the page.

import { translator } from "../lib/texts.js";
import en from "./en/media.js";

export const t = translator({ en });
