// The part of the policy that no file can have: its number is new each time. Scripts with it are pages of `explore`, in their frame.
const nonce = crypto.randomUUID();
const policy = document.createElement("meta");
policy.httpEquiv = "Content-Security-Policy";
policy.content = `{{SCRIPTS_POLICY}}`;
document.head.append(policy);
globalThis.scriptNonce = nonce;
