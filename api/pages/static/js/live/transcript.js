// The two legs as they speak. Committed words are only ever added at the end, so that nothing read moves;
// what may still change stands apart, in a line of fixed height for each leg.

const NEAR_END_PX = 40;

export class Transcript {
  #lines;
  #tails;
  #names;
  #last = null; // { leg, segment, line }

  constructor(lines, tails, names) {
    this.#lines = lines;
    this.#tails = tails;
    this.#names = names;
  }

  begin(legs) {
    this.#lines.replaceChildren();
    this.#last = null;
    for (const row of this.#tails.children) {
      row.hidden = !legs.includes(row.dataset.leg);
      row.querySelector(".tail").textContent = "";
    }
  }

  commit({ leg, segment, words, final }) {
    if (words.length) {
      const atEnd = this.#lines.scrollHeight - this.#lines.scrollTop - this.#lines.clientHeight < NEAR_END_PX;
      const text = this.#lineOf(leg, segment, words[0].start_s).querySelector(".said");
      for (const word of words) {
        const span = document.createElement("span");
        span.textContent = word.text;
        span.dataset.start = word.start_s;
        span.dataset.end = word.end_s;
        if (word.probability < 0.4) span.className = "unsure";
        text.append(span, " ");
      }
      if (atEnd) this.#lines.scrollTop = this.#lines.scrollHeight;
    }
    if (final && this.#last?.leg === leg && this.#last.segment === segment) this.#last = null;
  }

  tail({ leg, text }) {
    const row = this.#tails.querySelector(`[data-leg="${leg}"] .tail`);
    if (!row) return;
    row.textContent = text;
    row.scrollLeft = row.scrollWidth;
  }

  quiet() {
    for (const tail of this.#tails.querySelectorAll(".tail")) tail.textContent = "";
  }

  /** Mark and show the words of a leg between two moments; the next word where nothing was said then. */
  show({ leg, start_s, end_s }) {
    for (const word of this.#lines.querySelectorAll(".found")) word.classList.remove("found");
    const words = [...this.#lines.querySelectorAll(`[data-leg="${leg}"] .said span`)];
    const middle = (word) => (Number(word.dataset.start) + Number(word.dataset.end)) / 2;
    let found = words.filter((word) => middle(word) > start_s && middle(word) < end_s);
    if (!found.length) found = words.filter((word) => Number(word.dataset.start) >= start_s).slice(0, 1);
    if (!found.length) found = words.slice(-1);
    for (const word of found) word.classList.add("found");
    found[0]?.scrollIntoView({ block: "center" });
  }

  #lineOf(leg, segment, start) {
    if (this.#last?.leg === leg && this.#last.segment === segment) return this.#last.line;
    const line = document.createElement("li");
    line.dataset.leg = leg;
    const who = document.createElement("span");
    who.className = "who-speaks";
    who.textContent = `${this.#names[leg]} ${clock(start)}`;
    const said = document.createElement("p");
    said.className = "said";
    line.append(who, said);
    this.#lines.append(line);
    this.#last = { leg, segment, line };
    return line;
  }
}

export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
