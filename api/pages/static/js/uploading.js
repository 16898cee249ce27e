// A file on its way to the service, and the job that works on it.

/** Send the form (or `data` in place of its fields); `sent` is told the share that went out. Resolves to the answer, rejects with its words. */
export function sendForm(form, sent, data = new FormData(form)) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch cannot tell how much has been sent
    request.open("POST", form.action);
    request.setRequestHeader("X-CSRF-Token", document.querySelector("meta[name=csrf-token]").content);
    request.setRequestHeader("Idempotency-Key", key());
    request.responseType = "json";
    request.upload.addEventListener("progress", (now) => {
      if (now.lengthComputable) sent(now.loaded / now.total);
    });
    request.addEventListener("load", () => {
      if (request.status === 202) resolve(request.response);
      else reject(new Error(problem(form, request.response)));
    });
    request.addEventListener("error", () => reject(new Error(form.dataset.network)));
    request.send(data);
  });
}

/** Follow a job until its end; `told` is given each of its states. Resolves to the last one. */
export function follow(url, told) {
  return new Promise((resolve) => {
    const events = new EventSource(url);
    events.addEventListener("progress", (event) => told(JSON.parse(event.data)));
    events.addEventListener("end", (event) => {
      events.close();
      resolve(JSON.parse(event.data));
    });
  });
}

/** What shows the states of a job in the bar, from `share` of it on, and in words beside it. */
export function shows(form, bar, said, share) {
  return (now) => {
    bar.value = share + (1 - share) * now.progress;
    const step = now.step && (form.getAttribute(`data-step-${now.step}`) ?? now.step);
    said.textContent = step ? form.dataset.working.replace("{step}", step) : form.dataset.queued;
  };
}

/** The words of a problem in the language of the page, its own beside them. */
export function problem(form, body) {
  const sentence = form.getAttribute(`data-problem-${body?.code}`);
  const detail = [body?.detail, body?.advice].filter(Boolean).map((text) => text.replace(/\.?$/, ".")).join(" ");
  return sentence ? `${sentence} (${detail})` : detail;
}

// crypto.randomUUID exists only under HTTPS and on localhost; getRandomValues everywhere.
function key() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
