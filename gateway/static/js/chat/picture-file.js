// A picture from a file, a paste or a drop to what is sent: a data URL, scaled where it is large.

import { bytes } from "../lib/format.js";
import { AS_IT_IS, MOST_SIDE, fitted } from "./pictures.js";
import { t } from "../texts/chat.js";

const KNOWN = /^image\/(png|jpeg|gif|webp)$/;
const QUALITY = 0.86;
/** A file so large is not even opened (bytes): it would take the memory of the page. */
const MOST_FILE = 64 * 1024 * 1024;

/** Return a data URL. Throws an Error with words for people. */
export async function pictureOf(file) {
  if (!KNOWN.test(file.type)) throw new Error(t("pictureFile.isNotAPng", { name: file.name }));
  if (file.size > MOST_FILE) throw new Error(t("pictureFile.isLargerThan", { name: file.name, most: bytes(MOST_FILE) }));
  const image = await createImageBitmap(file).catch(() => null);
  if (!image) throw new Error(t("pictureFile.cannotBeReadAs", { name: file.name }));
  const isSmall = file.size <= AS_IT_IS && Math.max(image.width, image.height) <= MOST_SIDE;
  return isSmall ? urlOf(file) : scaled(image, file.type);
}

/** PNGs stay sharp if that is not too large; everything else becomes a JPEG. */
async function scaled(image, type) {
  const size = fitted(image.width, image.height);
  const canvas = Object.assign(document.createElement("canvas"), size);
  const paint = canvas.getContext("2d");
  const sharp = type === "image/png" ? await drawn(canvas, paint, image, "image/png") : null;
  if (sharp && sharp.size <= AS_IT_IS) return urlOf(sharp);
  // What was clear becomes white, not black.
  paint.fillStyle = "#fff";
  paint.fillRect(0, 0, size.width, size.height);
  return urlOf(await drawn(canvas, paint, image, "image/jpeg"));
}

function drawn(canvas, paint, image, type) {
  paint.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, type, QUALITY));
}

/** A data URL of a blob. */
export function urlOf(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(new Error(t("words.imageUnreadable")));
    reader.readAsDataURL(blob);
  });
}
