// What an error of the API says, in the language of the page.

import english from "../texts/en/errors.js";
import { t } from "../texts/errors.js";

/** The page's words for what the API says of each error of this code; what it says of this one alone as it is. */
export const errorText = (code, message) => (message && english[`errors.${code}`] === message ? t(`errors.${code}`) : message);
