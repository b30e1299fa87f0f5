"""What the playground may do. Programs come with links: whatever one does, nothing goes elsewhere.

Three parts say so, each where the browser listens to it: the page itself, the first of its scripts, and the service worker of what
Python's worker loads. `docs/play` has places for them, and this file the words.
"""

from __future__ import annotations

_Policy = dict[str, str]

_EVERYWHERE: _Policy = {
    "default-src": "'self' data: blob: 'unsafe-inline'",
    "connect-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'none'",
}
_SCRIPTS = "'self' 'wasm-unsafe-eval'"  # of this folder, and WebAssembly
POLICIES: dict[str, _Policy] = {
    # What programs draw is shown, and so are the pages of `explore`, in frames without an address: their scripts are inline.
    "PAGE": {
        **_EVERYWHERE,
        "default-src": f"{_EVERYWHERE['default-src']} 'wasm-unsafe-eval'",
        "img-src": "data: blob:",
        "style-src": "'self' 'unsafe-inline'",
        "frame-src": "'none'",
    },
    # Both this and the page's hold: of inline scripts those run to which the page gives a number that no program knows.
    "SCRIPTS": {"script-src": f"{_SCRIPTS} 'nonce-${{nonce}}'", "worker-src": "'self' blob:"},
    "WORKER": {**_EVERYWHERE, "script-src": _SCRIPTS},
}


def written(policy: _Policy) -> str:
    """A policy as headers and pages have it."""
    return "; ".join(f"{name} {allowed}" for name, allowed in policy.items())


def filled(text: str) -> str:
    """A file of the playground with the policies in their places, such as {{PAGE_POLICY}}."""
    for name, policy in POLICIES.items():
        text = text.replace(f"{{{{{name}_POLICY}}}}", written(policy))
    return text
