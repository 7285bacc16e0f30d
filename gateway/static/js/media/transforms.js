// What can be done with files: each action by its name in AI Server's API, with its fields. Pure.

const FORMATS = {
  image: ["jpg", "png", "gif", "bmp", "tiff", "webp"],
  video: ["mp4", "mov", "webm", "mkv", "avi", "wmv", "mpeg", "ogg"],
  audio: ["mp3", "wav", "aac", "flac", "ogg", "m4a", "wma"],
};
const PLACES = ["TopLeft", "TopRight", "BottomLeft", "BottomRight", "Center"];
const number = (name, label, more = {}) => ({ name, label, type: "number", ...more });
const AREA = [number("x", "From the left", { start: 0 }), number("y", "From the top", { start: 0 }), number("width", "Width", { needed: true }), number("height", "Height", { needed: true })];
const SIZE = [number("width", "Width", { hint: "One is enough: the other follows." }), number("height", "Height")];

/** Actions by the kind of a file. Of each: what it is called here, and its fields. */
export const ACTIONS = {
  image: { Convert: formats("image"), Scale: SIZE, Crop: AREA, Watermark: mark([number("watermarkScale", "Its size", { step: 0.1, hint: "1: as it is." }), number("opacity", "Opacity", { step: 0.1, hint: "0 to 1." })]) },
  video: { Convert: formats("video"), Scale: SIZE, Crop: AREA, Trim: [time("startTime", "From"), time("endTime", "To")], Watermark: mark([]) },
  audio: { Convert: formats("audio") },
};

function formats(kind) {
  return [{ name: "outputFormat", label: "Format", options: FORMATS[kind], start: FORMATS[kind][0] }];
}

function time(name, label) {
  return { name, label, placeholder: "01:30", hint: name === "endTime" ? "Empty: to the end." : "Minutes and seconds." };
}

function mark(more) {
  return [{ name: "watermark", label: "Watermark", type: "file", needed: true }, { name: "position", label: "Where", options: PLACES, start: "BottomRight" }, ...more];
}

/** The call of an action: `QueueConvertImage`. */
export const callOf = (kind, action) => `Queue${action}${kind[0].toUpperCase()}${kind.slice(1)}`;

/** What the fields of an action are at first. */
export const startOf = (fields) => Object.fromEntries(fields.map(({ name, start }) => [name, start ?? ""]));
