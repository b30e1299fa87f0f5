// A picture that is wider than its place: it is fitted as long as it can be read, scrolls where it is not, and can be made smaller and larger.
const LEAST = 0.6; // below which letters of a picture are too small to read
const STEP = 1.25;

let zoom; // what a reader has chosen, for the pictures after this one, too
let place; // and what is in sight

/** Shows an SVG in a panel, in place of what was there. */
export function showPicture(panel, svg, word) {
  const frame = document.createElement("div");
  frame.className = "picture";
  frame.append(svg);
  panel.replaceChildren(frame);
  const natural = svg.hasAttribute("viewBox") ? svg.getBoundingClientRect().width : 0;
  if (!natural) return; // of somebody else's making
  const fitting = () => Math.min(1, (frame.clientWidth - 20) / natural);
  const look = () => zoom ?? Math.max(LEAST, fitting());

  function draw() {
    svg.style.width = `${natural * look()}px`;
  }

  function change(to) {
    const [x, y] = [(frame.scrollLeft + frame.clientWidth / 2) / frame.scrollWidth, (frame.scrollTop + frame.clientHeight / 2) / frame.scrollHeight];
    zoom = to;
    draw();
    frame.scrollTo(x * frame.scrollWidth - frame.clientWidth / 2, y * frame.scrollHeight - frame.clientHeight / 2);
  }

  const tools = document.createElement("div");
  tools.className = "zoom";
  const fit = () => Math.min(fitting(), (frame.clientHeight - 20) / (svg.getBoundingClientRect().height / look()));
  for (const [name, sign, to] of [
    ["fit", "⤢", fit],
    ["smaller", "−", () => Math.max(0.1, look() / STEP)],
    ["larger", "+", () => Math.min(4, look() * STEP)],
  ]) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: sign, title: word(`picture.${name}`) });
    button.setAttribute("aria-label", word(`picture.${name}`));
    button.dataset.zoom = name;
    button.addEventListener("click", () => change(to()));
    tools.append(button);
  }
  panel.prepend(tools);
  draw();
  frame.tabIndex = 0;
  frame.setAttribute("role", "group");
  frame.setAttribute("aria-label", word("view.graph"));
  if (place) frame.scrollTo(...place);
  else frame.scrollTo(frame.scrollWidth, heightOfResult(frame, svg) - frame.clientHeight / 2);
  let moved = false; // by the reader
  for (const event of ["wheel", "pointerdown", "keydown"]) frame.addEventListener(event, () => (moved = true), { passive: true });
  frame.addEventListener("scroll", () => moved && (place = [frame.scrollLeft, frame.scrollTop]));
  frame.addEventListener("pointerdown", (event) => event.pointerType === "mouse" && event.button === 0 && drag(frame, event));
}

/** Where the node is that is farthest to the right: what was computed last. */
function heightOfResult(frame, svg) {
  const boxes = [...svg.querySelectorAll("g.node")].map((node) => node.getBoundingClientRect());
  const last = boxes.reduce((found, box) => (found && found.right > box.right ? found : box), undefined) ?? svg.getBoundingClientRect();
  return (last.top + last.bottom) / 2 - frame.getBoundingClientRect().top + frame.scrollTop;
}

/** A picture is moved by the mouse, too. */
function drag(frame, { clientX, clientY }) {
  const { scrollLeft, scrollTop } = frame;
  const move = (event) => frame.scrollTo(scrollLeft + clientX - event.clientX, scrollTop + clientY - event.clientY);
  const over = new AbortController();
  const { signal } = over;
  addEventListener("pointermove", move, { signal });
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => over.abort(), { signal });
}

/** Forgets what was in sight: another program begins. */
export function forgetPlace() {
  zoom = place = undefined;
}
