// Sound as a WAV file: one voice, 16 bits a sample. Pure. https://datatracker.ietf.org/doc/html/rfc2361

const HEAD = 44;

/** The file of so many samples, each from -32768 to 32767 as bytes with the lowest first, `rate` of them a second. */
export function wavOf(samples, rate) {
  const file = new Uint8Array(HEAD + samples.length);
  const view = new DataView(file.buffer);
  const text = (at, word) => [...word].forEach((letter, index) => view.setUint8(at + index, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + samples.length, true);
  text(8, "WAVEfmt ");
  [[16, 16, 4], [20, 1, 2], [22, 1, 2], [24, rate, 4], [28, rate * 2, 4], [32, 2, 2], [34, 16, 2]].forEach(
    ([at, value, size]) => (size === 4 ? view.setUint32(at, value, true) : view.setUint16(at, value, true)));
  text(36, "data");
  view.setUint32(40, samples.length, true);
  file.set(samples, HEAD);
  return file;
}
