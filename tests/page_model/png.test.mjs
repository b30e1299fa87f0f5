// A picture of pixels as a file.

import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync, inflateSync } from "node:zlib";
import { linesOf, pngFile } from "./web/model/png.js";

test("a file holds its size, its lines in pieces, and sums that hold", () => {
  const pixels = Uint8ClampedArray.from({ length: 2 * 3 * 4 }, (_, k) => k);
  const lines = linesOf(pixels, 2);
  assert.deepEqual([...lines], [0, ...pixels.subarray(0, 8), 0, ...pixels.subarray(8, 16), 0, ...pixels.subarray(16)]);
  const packed = deflateSync(lines);
  const file = Buffer.concat(pngFile(2, 3, [packed.subarray(0, 5), packed.subarray(5)]));
  assert.equal(file.subarray(0, 8).toString("latin1"), "\x89PNG\r\n\x1a\n");
  const chunks = [];
  for (let at = 8; at < file.length; at += 12 + file.readUInt32BE(at)) {
    const length = file.readUInt32BE(at);
    chunks.push([file.toString("latin1", at + 4, at + 8), file.subarray(at + 8, at + 8 + length)]);
  }
  assert.deepEqual(
    chunks.map(([kind]) => kind),
    ["IHDR", "IDAT", "IDAT", "IEND"],
  );
  assert.deepEqual([...chunks[0][1]], [0, 0, 0, 2, 0, 0, 0, 3, 8, 6, 0, 0, 0]);
  assert.deepEqual([...inflateSync(Buffer.concat([chunks[1][1], chunks[2][1]]))], [...lines]);
  assert.equal(file.subarray(-4).toString("hex"), "ae426082"); // as of every PNG
});
