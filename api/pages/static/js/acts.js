// Filters the list and uploads an act, following the job until its end.

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
  try {
    const job = await send();
    await follow(job.url);
    await renewList();
  } catch (error) {
    said.textContent = `${form.dataset.failed}. ${error.message}`;
  } finally {
    button.disabled = false;
  }
});

async function send() {
  const data = new FormData();
  data.append("file", form.elements.file.files[0]);
  const sidecar = document.getElementById("sidecar").files[0];
  if (sidecar) data.append("sidecar", await sidecar.text());
  said.textContent = form.dataset.sending;
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch cannot tell how much has been sent
    request.open("POST", form.action);
    request.setRequestHeader("X-CSRF-Token", document.querySelector("meta[name=csrf-token]").content);
    request.setRequestHeader("Idempotency-Key", key());
    request.responseType = "json";
    request.upload.addEventListener("progress", (sent) => {
      if (sent.lengthComputable) bar.value = (SENDING_SHARE * sent.loaded) / sent.total;
    });
    request.addEventListener("load", () => {
      if (request.status === 202) resolve(request.response);
      else reject(new Error(problem(request.response)));
    });
    request.addEventListener("error", () => reject(new Error(form.dataset.network)));
    request.send(data);
  });
}

// crypto.randomUUID exists only under HTTPS and on localhost; getRandomValues everywhere.
function key() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function problem(body) {
  const sentence = form.getAttribute(`data-problem-${body?.code}`);
  const detail = [body?.detail, body?.advice].filter(Boolean).map((text) => text.replace(/\.?$/, ".")).join(" ");
  return sentence ? `${sentence} (${detail})` : detail;
}

function stepName(step) {
  return form.getAttribute(`data-step-${step}`) ?? step;
}

function follow(url) {
  return new Promise((resolve, reject) => {
    const events = new EventSource(url);
    events.addEventListener("progress", (event) => {
      const job = JSON.parse(event.data);
      bar.value = SENDING_SHARE + (1 - SENDING_SHARE) * job.progress;
      said.textContent = job.step ? form.dataset.working.replace("{step}", stepName(job.step)) : form.dataset.queued;
    });
    events.addEventListener("end", (event) => {
      events.close();
      const job = JSON.parse(event.data);
      if (job.state !== "done") {
        reject(new Error(problem(job.error)));
        return;
      }
      bar.value = 1;
      said.textContent = form.dataset.done;
      const redaction = job.result?.redaction_id;
      if (redaction) {
        const link = document.createElement("a");
        link.href = `/redactions/${encodeURIComponent(redaction)}/report`;
        link.textContent = form.dataset.report;
        said.append(" ", link);
      }
      resolve();
    });
  });
}
