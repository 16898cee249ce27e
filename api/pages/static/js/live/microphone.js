// Runs beside the page's own script: gathers the microphone's samples into frames of 100 ms.

class Frames extends AudioWorkletProcessor {
  #held = new Float32Array(1600);
  #count = 0;

  process([[channel]]) {
    for (const sample of channel ?? []) {
      this.#held[this.#count] = sample;
      this.#count += 1;
      if (this.#count === this.#held.length) {
        this.port.postMessage(this.#held.slice());
        this.#count = 0;
      }
    }
    return true;
  }
}

registerProcessor("frames", Frames);
