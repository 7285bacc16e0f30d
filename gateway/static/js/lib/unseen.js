// Letters that nobody sees, and that change what code means or how it is read: where they stand is shown. Pure.
//
// Those that turn the direction of what follows, of no width, controls, and tags (https://trojansource.codes).

/** Joiners are part of words, and of emoji, where they stand between letters that are none of ASCII. */
const UNSEEN = /([\0-\x08\v\f\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e007f}]|(?<![^\0-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\0-\x7f]))/u;

/** The parts of a text: each second one is such a letter. */
export const splitAtUnseen = (text) => text.split(UNSEEN);

/** How it is called: U+202E. */
export const nameOf = (letter) => `U+${letter.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
