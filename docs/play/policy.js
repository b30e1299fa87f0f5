// Of scripts, those of this folder run, and those to which the page itself gives a number that no program knows: the pages of `explore`, in their frame.
const nonce = crypto.randomUUID();
const policy = document.createElement("meta");
policy.httpEquiv = "Content-Security-Policy";
policy.content = `script-src 'self' 'wasm-unsafe-eval' 'nonce-${nonce}'; worker-src 'self' blob:`;
document.head.append(policy);
globalThis.scriptNonce = nonce;
