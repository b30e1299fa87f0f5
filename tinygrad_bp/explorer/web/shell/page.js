// The page: what it shows, hears and says. All of it is made anew in another language.

import { speak, spoken, text } from "../model/words.js";
import { put } from "../views/elements.js";
import { Arrival, pressedKey } from "./keyboard.js";
import { Links } from "./links.js";
import { Player } from "./player.js";
import { Screen } from "./screen.js";

const NOTICE_MILLISECONDS = 5000; // that a notice stays, and as much more as its letters take
const NOTICE_LETTER = 50;

export class Page {
  /**
   * @param {import("../model/session.js").Session} session
   * @param {string} pristine the text of the page as it was loaded
   */
  constructor(session, pristine) {
    this.session = session;
    this.root = /** @type {HTMLElement} */ (document.getElementById("page"));
    this.player = new Player(session, {
      words: () => /** @type {Screen} */ (this.screen).beat.root.querySelector(".why")?.textContent ?? "",
      language: spoken,
      draw: () => this.screen.render(),
    });
    this.links = new Links(session, {
      stop: () => this.player.stop(),
      rebuild: () => this.build(),
      notice: (words) => session.notice(words),
    });
    this.scheduled = false;
    this.greeted = false; // whether something was said about the address
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.noticeTimer = undefined;
    this.links.restore();
    this.desk = {
      session,
      player: this.player,
      pristine,
      renderNow: () => this.screen.render(),
      copy: (/** @type {string} */ words, /** @type {string} */ said) => this.copy(words, said),
      speak: (/** @type {string} */ language) => this.speakNow(language),
    };
    /** @type {Screen} */
    this.screen = new Screen(this.desk);
    session.onChange = ({ action }) => {
      if (action) {
        this.clearNotice();
        this.links.keep();
      }
      this.schedule();
    };
    session.onNotice = (words) => this.notice(words);
    session.onLeave = () => this.player.stop();
    session.onBehind = (rounds, arrive) => this.player.catchUp(rounds, arrive);
    this.show();
    addEventListener("hashchange", () => this.links.follow());
    this.arrival = new Arrival();
    this.arrival.follow(document);
    addEventListener("keydown", (event) => pressedKey(this, event));
    new ResizeObserver(() => this.schedule()).observe(this.root);
  }

  // Makes the page anew, in the language that is spoken.
  build() {
    this.screen = new Screen(this.desk);
    this.show();
  }

  show() {
    document.documentElement.lang = spoken();
    document.title = this.screen.title;
    this.root.replaceChildren(...this.screen.elements());
    this.screen.render();
    this.greeted = this.links.trouble !== "";
    if (this.greeted) this.notice(this.links.trouble);
    this.links.trouble = "";
    this.links.goOn((rounds, arrive) => this.player.catchUp(rounds, arrive));
  }

  /** @param {string} language */
  speakNow(language) {
    speak(language);
    this.build();
    this.links.keep();
    /** @type {HTMLElement | null} */ (this.root.querySelector(`.languages [lang=${language}]`))?.focus();
  }

  schedule() {
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.screen.render();
    });
  }

  // A notice leaves by itself, and with the next thing that is done.

  /** @param {string} words */
  notice(words) {
    const { status } = this.screen.beat;
    clearTimeout(this.noticeTimer);
    put(status, "");
    requestAnimationFrame(() => put(status, words));
    this.noticeTimer = setTimeout(() => put(status, ""), NOTICE_MILLISECONDS + NOTICE_LETTER * words.length);
  }

  clearNotice() {
    clearTimeout(this.noticeTimer);
    put(this.screen.beat.status, "");
  }

  /**
   * @param {string} words
   * @param {string} said
   */
  async copy(words, said) {
    const { copyField } = this.screen;
    try {
      await navigator.clipboard.writeText(words);
      this.notice(said);
    } catch {
      copyField.hidden = false;
      copyField.value = words;
      copyField.focus();
      copyField.select();
      this.notice(text("copy.refused"));
    }
  }
}
