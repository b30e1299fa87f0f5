// A program as part of an address: compressed, and written with letters that an address can have.

async function through(data, stream) {
  return new Uint8Array(await new Response(new Blob([data]).stream().pipeThrough(stream)).arrayBuffer());
}

export async function packed(program) {
  const data = await through(new TextEncoder().encode(program), new CompressionStream("deflate-raw"));
  let letters = ""; // one by one: a call takes only so many arguments
  for (const byte of data) letters += String.fromCharCode(byte);
  return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The program that a part of an address holds. Rejects where that is damaged or cut off. */
export async function unpacked(text) {
  const data = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  return new TextDecoder("utf-8", { fatal: true }).decode(await through(data, new DecompressionStream("deflate-raw")));
}
