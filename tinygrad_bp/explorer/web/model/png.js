// A picture of pixels as a PNG file, some lines at a time: what a browser makes of all of a large picture at once holds it up.

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const DEPTH = 8; // bits
const COLOURS = 6; // red, green, blue, opacity
const TABLE = Uint32Array.from({ length: 256 }, (_, k) => {
  let x = k;
  for (let bit = 0; bit < 8; bit++) x = x & 1 ? (x >>> 1) ^ 0xedb88320 : x >>> 1;
  return x;
});

/**
 * Lines of pixels as a PNG holds them: a zero before each says that it is written as it is.
 * @param {Uint8ClampedArray} pixels
 * @param {number} width
 */
export function linesOf(pixels, width) {
  const length = 4 * width;
  const lines = new Uint8Array(pixels.length + pixels.length / length);
  for (let k = 0; k * length < pixels.length; k++) lines.set(pixels.subarray(k * length, (k + 1) * length), k * (length + 1) + 1);
  return lines;
}

/**
 * The file, in pieces.
 * @param {number} width
 * @param {number} height
 * @param {Uint8Array[]} packed lines, in the format of zlib
 */
export function pngFile(width, height, packed) {
  const head = new DataView(new ArrayBuffer(13));
  head.setUint32(0, width);
  head.setUint32(4, height);
  head.setUint8(8, DEPTH);
  head.setUint8(9, COLOURS);
  const lines = packed.map((piece) => chunk("IDAT", piece));
  return [Uint8Array.from(SIGNATURE), chunk("IHDR", new Uint8Array(head.buffer)), ...lines, chunk("IEND", new Uint8Array(0))];
}

/**
 * @param {string} kind
 * @param {Uint8Array} data
 */
function chunk(kind, data) {
  const made = new Uint8Array(data.length + 12);
  const view = new DataView(made.buffer);
  view.setUint32(0, data.length);
  made.set(new TextEncoder().encode(kind), 4);
  made.set(data, 8);
  let sum = 0xffffffff;
  for (const byte of made.subarray(4, data.length + 8)) sum = TABLE[(sum ^ byte) & 0xff] ^ (sum >>> 8);
  view.setUint32(data.length + 8, ~sum);
  return made;
}
