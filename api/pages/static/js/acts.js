// Filters the list and uploads an act, following the job until its end.

import { follow, problem, sendForm, shows } from "./uploading.js";

// The list is made anew after an upload, so what is in it is looked up at each key.
document.addEventListener("input", (event) => {
  if (event.target.id === "filter") applyFilter(event.target);
});

function applyFilter(filter) {
  const words = filter.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of document.querySelectorAll("tr[data-find]")) {
    row.hidden = !words.every((word) => row.dataset.find.includes(word));
    if (!row.hidden) shown += 1;
  }
  document.getElementById("nothing").hidden = shown > 0;
}

// Puts the server's new list in place of the old one; the form and what it says of the upload stay.
async function renewList() {
  const response = await fetch(window.location.href, { headers: { Accept: "text/html" } });
  if (!response.ok) return; // the act is loaded; the next visit shows it
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  document.querySelector("header.head").replaceWith(fresh.querySelector("header.head"));
  const typed = document.getElementById("filter")?.value ?? "";
  document.getElementById("acts").replaceWith(fresh.getElementById("acts"));
  const filter = document.getElementById("filter");
  if (filter) {
    filter.value = typed;
    applyFilter(filter);
  }
}

const form = document.getElementById("upload");
const box = document.getElementById("progress");
const bar = box?.querySelector("progress");
const said = box?.querySelector("p");
const SENDING_SHARE = 0.3; // of the bar; the rest is the job's

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  box.hidden = false;
  said.textContent = form.dataset.sending;
  try {
    const given = await sendForm(form, (share) => (bar.value = SENDING_SHARE * share), await fields());
    const job = await follow(given.url, shows(form, bar, said, SENDING_SHARE));
    if (job.state !== "done") throw new Error(problem(form, job.error));
    sayDone(job.result?.redaction_id);
    await renewList();
  } catch (error) {
    said.textContent = `${form.dataset.failed}. ${error.message}`;
  } finally {
    button.disabled = false;
  }
});

async function fields() {
  const data = new FormData();
  data.append("file", form.elements.file.files[0]);
  const sidecar = document.getElementById("sidecar").files[0];
  if (sidecar) data.append("sidecar", await sidecar.text());
  return data;
}

function sayDone(redaction) {
  bar.value = 1;
  said.textContent = form.dataset.done;
  if (!redaction) return;
  const link = document.createElement("a");
  link.href = `/redactions/${encodeURIComponent(redaction)}/report`;
  link.textContent = form.dataset.report;
  said.append(" ", link);
}
