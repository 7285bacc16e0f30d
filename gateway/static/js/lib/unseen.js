// Letters that nobody sees, and that change what code means or how it is read: where they stand is shown. Pure.
//
// Those that turn the direction of what follows, of no width, controls, and tags (https://trojansource.codes).

/** Joiners and variations are part of words, and of emoji, where they stand between letters that are none of ASCII. */
const UNSEEN = /((?![\t\n\r])\p{Cc}|[\ufff9-\ufffb]|(?![\u200c\u200d])(?!\p{VS})\p{DI}|(?<!\P{ASCII})(?:\u200c|\u200d|\p{VS})|(?:\u200c|\u200d)(?!\P{ASCII})|(?<=\p{VS})\p{VS})/u;

/** The parts of a text: each second one is such a letter. */
export const splitAtUnseen = (text) => text.split(UNSEEN);

/** How it is called: U+202E. */
export const nameOf = (letter) => `U+${letter.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
