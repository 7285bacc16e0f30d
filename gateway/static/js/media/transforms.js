// What can be done with files: each action by its name in AI Server's API, with its fields. Pure.

import { t } from "../texts/media.js";

const FORMATS = {
  image: ["jpg", "png", "gif", "bmp", "tiff", "webp"],
  video: ["mp4", "mov", "webm", "mkv", "avi", "wmv", "mpeg", "ogg"],
  audio: ["mp3", "wav", "aac", "flac", "ogg", "m4a", "wma"],
};
const PLACES = ["TopLeft", "TopRight", "BottomLeft", "BottomRight", "Center"];
const number = (name, label, more = {}) => ({ name, label, type: "number", ...more });
const AREA = [number("x", t("transforms.fromTheLeft"), { start: 0 }), number("y", t("transforms.fromTheTop"), { start: 0 }), number("width", t("transforms.width"), { needed: true }), number("height", t("transforms.height"), { needed: true })];
const SIZE = [number("width", t("transforms.width"), { hint: t("transforms.oneIsEnoughThe") }), number("height", t("transforms.height"))];

/** Actions by the kind of a file. Of each: what it is called here, and its fields. */
export const ACTIONS = {
  image: { Convert: formats("image"), Scale: SIZE, Crop: AREA, Watermark: mark([number("watermarkScale", t("transforms.itsSize"), { step: 0.1, hint: t("transforms.sizeHint") }), number("opacity", t("transforms.opacity"), { step: 0.1, hint: t("transforms.opacityHint") })]) },
  video: { Convert: formats("video"), Scale: SIZE, Crop: AREA, Trim: [time("startTime", t("transforms.from")), time("endTime", t("transforms.to"))], Watermark: mark([]) },
  audio: { Convert: formats("audio") },
};

function formats(kind) {
  return [{ name: "outputFormat", label: t("transforms.format"), options: FORMATS[kind], start: FORMATS[kind][0] }];
}

function time(name, label) {
  return { name, label, placeholder: "01:30", hint: name === "endTime" ? t("transforms.emptyToTheEnd") : t("transforms.minutesAndSeconds") };
}

function mark(more) {
  return [{ name: "watermark", label: t("transforms.watermark"), type: "file", needed: true }, { name: "position", label: t("transforms.where"), options: PLACES, told: (place) => t(`transformPlace.${place}`), start: "BottomRight" }, ...more];
}

/** The call of an action: `QueueConvertImage`. */
export const callOf = (kind, action) => `Queue${action}${kind[0].toUpperCase()}${kind.slice(1)}`;

/** What the fields of an action are at first. */
export const startOf = (fields) => Object.fromEntries(fields.map(({ name, start }) => [name, start ?? ""]));
