// Asks without leaving the page; the newest answer stands on top. Without JavaScript the form works as a form.

const form = document.getElementById("ask");
const question = document.getElementById("question");
const answers = document.getElementById("answers");
const button = form.querySelector("button[type=submit]");
const label = button.textContent;

question.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    form.requestSubmit();
  }
});

document.querySelectorAll(".example").forEach((example) => {
  example.addEventListener("click", () => {
    question.value = example.textContent;
    form.requestSubmit();
  });
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (button.disabled || !question.value.trim()) return;
  button.disabled = true;
  button.textContent = form.dataset.working;
  try {
    const response = await fetch(form.action, {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
      headers: { "X-Fragment": "1", Accept: "text/html" },
    });
    if (response.status === 401) {
      location.assign("/login");
      return;
    }
    show(await response.text());
    // On a phone the keyboard would stay over the answer.
    if (matchMedia("(pointer: coarse)").matches) question.blur();
    else if (response.ok) question.select();
  } catch {
    const note = document.createElement("p");
    note.className = "note danger";
    note.setAttribute("role", "alert");
    note.textContent = form.dataset.network;
    answers.prepend(note);
  } finally {
    button.disabled = false;
    button.textContent = label;
  }
});

// The fragment comes from our own server's templates, which escape all text.
function show(html) {
  document.getElementById("examples")?.remove();
  answers.querySelectorAll(":scope > .note").forEach((note) => note.remove());
  const fragment = new DOMParser().parseFromString(html, "text/html");
  answers.prepend(...fragment.body.children);
  form.scrollIntoView({ block: "nearest" });
}
