// What was noticed: keywords as chips, sounds and signs of distress as quiet badges.

import { clock } from "./transcript.js";

const LONGEST = 32; // characters of a chip

export class Tags {
  #folder;
  #texts;
  #show;
  #chips = new Map();

  /** `folder`: the element with a list for each kind; `show(evidence)`: what a click does. */
  constructor(folder, texts, show) {
    this.#folder = folder;
    this.#texts = texts;
    this.#show = show;
  }

  begin() {
    for (const chip of this.#chips.values()) chip.remove();
    this.#chips.clear();
  }

  raise(tag) {
    const list = this.#folder.querySelector(`[data-kind="${tag.kind}"]`);
    if (!list) return;
    const item = this.#chips.get(tag.id) ?? document.createElement("li");
    const label = this.#texts[`${tag.kind}.${tag.label}`] ?? tag.label;
    const button = document.createElement("button");
    button.type = "button";
    button.className = `tag ${tag.kind}${tag.asserted ? "" : " not-asserted"}`;
    button.dataset.label = tag.label;
    const heard = tag.kind === "keyword" ? shortened(tag.evidence.text) : "";
    button.textContent = heard ? `${label}: ${heard}` : label;
    const place = `${clock(tag.evidence.start_s)} · ${this.#texts[`leg.${tag.evidence.leg}`]}`;
    const doubt = tag.asserted ? "" : ` · ${this.#texts["live.not_asserted"]}`;
    button.title = [place + doubt, tag.evidence.text && `«${tag.evidence.text}»`].filter(Boolean).join("\n");
    if (!tag.asserted) button.setAttribute("aria-description", this.#texts["live.not_asserted"]);
    button.addEventListener("click", () => this.#show(tag.evidence));
    item.replaceChildren(button);
    if (!this.#chips.has(tag.id)) {
      this.#chips.set(tag.id, item);
      list.append(item);
    }
  }

  withdraw(id) {
    this.#chips.get(id)?.remove();
    this.#chips.delete(id);
  }
}

/** What was heard, without the marks around it, cut between words. */
function shortened(text) {
  const bare = text.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, "");
  if (bare.length <= LONGEST) return bare;
  return `${bare.slice(0, LONGEST).replace(/\s+\S*$/, "")}…`;
}
