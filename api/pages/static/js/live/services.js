// Services as suggestions. Pressing a button sends nobody: it only says what the decision will hold.

export class Services {
  #buttons;
  #decide;
  #note;
  #hint;
  #touched = false;

  /** `record(services)` keeps a decision; resolves to whether it was kept. */
  constructor(folder, texts, record) {
    this.#buttons = [...folder.querySelectorAll("[data-service]")];
    this.#decide = folder.querySelector("#decide");
    this.#note = folder.querySelector("#decided");
    this.#hint = this.#note.textContent;
    for (const button of this.#buttons) {
      button.addEventListener("click", () => {
        this.#touched = true;
        this.#press(button, button.getAttribute("aria-pressed") !== "true");
      });
    }
    this.#decide.addEventListener("click", async () => {
      this.#decide.disabled = true;
      const kept = await record(this.chosen);
      const moment = new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
      this.#note.textContent = kept ? texts["live.decided"].replace("%", moment) : texts["live.not_decided"];
      this.#enable();
    });
  }

  get chosen() {
    return this.#buttons.filter((b) => b.getAttribute("aria-pressed") === "true").map((b) => b.dataset.service);
  }

  begin() {
    this.#touched = false;
    this.#note.textContent = this.#hint;
    this.suggest({ services: [] });
  }

  suggest({ services }) {
    for (const button of this.#buttons) {
      const at = services.indexOf(button.dataset.service);
      button.classList.toggle("suggested", at >= 0);
      button.classList.toggle("lead", at === 0);
      if (!this.#touched) this.#press(button, at >= 0);
    }
    this.#enable();
  }

  #press(button, on) {
    button.setAttribute("aria-pressed", String(on));
    this.#enable();
  }

  #enable() {
    this.#decide.disabled = this.chosen.length === 0;
  }
}
