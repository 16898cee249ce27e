// The card as it fills: each field with what it stands on, and a person's word over the model's.

export class Card {
  #form;
  #texts;
  #change;
  #show;
  #fields = new Map(); // name -> the last event of the field
  #waiting = new Map(); // what came for a field while somebody was typing in it

  /** `change(name, value, undo)`: what an edit does; `show(evidence)`: what the button beside a field does. */
  constructor(form, texts, change, show) {
    this.#form = form;
    this.#texts = texts;
    this.#change = change;
    this.#show = show;
    for (const row of form.querySelectorAll("[data-field]")) this.#prepare(row);
    form.addEventListener("submit", (event) => event.preventDefault());
  }

  begin() {
    this.#fields.clear();
    this.#waiting.clear();
    for (const row of this.#form.querySelectorAll("[data-field]")) this.#draw(row, { value: null, evidence: [] });
  }

  value(name) {
    return this.#fields.get(name)?.value ?? null;
  }

  set(event) {
    const row = this.#form.querySelector(`[data-field="${event.field}"]`);
    this.#fields.set(event.field, event);
    if (!row) return;
    const input = row.querySelector("input, select");
    if (input === document.activeElement && input.value !== row.dataset.shown && event.set_by !== "person") {
      this.#waiting.set(event.field, event);
      return;
    }
    this.#draw(row, event);
  }

  #prepare(row) {
    const name = row.dataset.field;
    const input = row.querySelector("input, select");
    row.dataset.shown = "";
    input.addEventListener("change", () => {
      this.#waiting.delete(name);
      this.#change(name, this.#read(row, input), false);
    });
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      input.value = row.dataset.shown;
      input.blur();
    });
    input.addEventListener("blur", () => {
      const event = this.#waiting.get(name);
      this.#waiting.delete(name);
      if (event && input.value === row.dataset.shown) this.#draw(row, event);
    });
    row.querySelector(".undo").addEventListener("click", () => this.#change(name, null, true));
    row.querySelector(".why").addEventListener("click", () => {
      const [evidence] = this.#fields.get(name)?.evidence ?? [];
      if (evidence) this.#show(evidence);
    });
  }

  #read(row, input) {
    const text = input.value.trim();
    if (text === "") return null;
    if (row.dataset.kind === "number") return Number(text);
    if (row.dataset.kind === "yesno") return text === "true";
    if (row.dataset.kind === "list") return this.#listed(text);
    return text;
  }

  // Dangers are kept under one name and shown in the language of the page.
  #list(names) {
    return names.map((name) => this.#texts[`hazard.${name}`] ?? name).join(", ");
  }

  #listed(text) {
    const names = Object.fromEntries(
      Object.entries(this.#texts)
        .filter(([key]) => key.startsWith("hazard."))
        .map(([key, label]) => [label, key.slice("hazard.".length)]),
    );
    return text.split(",").map((part) => part.trim()).filter(Boolean).map((part) => names[part] ?? part);
  }

  #draw(row, event) {
    const input = row.querySelector("input, select");
    const shown = event.value === null ? "" : Array.isArray(event.value) ? this.#list(event.value) : String(event.value);
    if (input.tagName === "SELECT" && shown && ![...input.options].some((option) => option.value === shown)) {
      input.append(new Option(shown, shown));
    }
    input.value = shown;
    row.dataset.shown = input.value;
    row.classList.toggle("known", shown !== "");
    row.classList.toggle("by-person", event.set_by === "person");
    row.classList.toggle("unsure", event.set_by !== "person" && shown !== "" && event.confidence < 0.6);
    row.querySelector(".undo").hidden = event.set_by !== "person";
    const quotes = event.evidence.filter((one) => one.text).map((one) => `«${one.text}»`);
    row.querySelector(".why").hidden = !event.evidence.length;
    const said = event.set_by === "person" ? [this.#texts["live.by_person"]] : quotes.slice(0, 2);
    if (event.note && event.set_by !== "person") said.push(this.#texts[`note.${event.note}`] ?? event.note);
    if (shown && event.set_by !== "person") said.push(`${this.#texts["live.confidence"]} ${Math.round(event.confidence * 100)} %`);
    row.querySelector(".evidence").textContent = shown || event.set_by === "person" ? said.join(" · ") : "";
  }
}
