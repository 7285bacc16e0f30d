// Texts of the admin pages, in the language of the page.

import { translator } from "../lib/texts.js";
import admin from "./en/admin.js";
import bulk from "./en/admin-bulk.js";
import jobs from "./en/admin-jobs.js";
import setup from "./en/admin-setup.js";

export const t = translator({ en: { ...admin, ...jobs, ...bulk, ...setup } });
