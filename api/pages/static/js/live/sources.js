// What speaks in place of a telephone line: a file in the time it takes to say it, or the microphone.

export const RATE = 16_000;
const FRAME = RATE / 10;
const TICK_MS = 50;

function toInt16(samples) {
  const out = new Int16Array(samples.length);
  for (let i = 0; i < samples.length; i += 1) {
    const held = Math.max(-1, Math.min(1, samples[i]));
    out[i] = Math.round(held * 32767);
  }
  return out;
}

/** Decode a sound file at 16 kHz: any kind the browser knows. Rejects for what is no sound. */
export async function decode(file) {
  const buffer = await file.arrayBuffer();
  return new OfflineAudioContext(1, 1, RATE).decodeAudioData(buffer);
}

export class FileSource {
  #sound;
  #timer = 0;
  #sent = 0;
  #began = 0;
  #playing = null;

  /** Two channels are caller and operator, one is both together. */
  constructor(sound) {
    this.#sound = sound;
    this.legs = sound.numberOfChannels > 1 ? ["caller", "operator"] : ["mixed"];
  }

  get duration() {
    return this.#sound.duration;
  }

  /** Send frames as time passes; `ended` after the last. */
  start(socket, ended) {
    this.#began = performance.now();
    const channels = this.legs.map((_, number) => this.#sound.getChannelData(number));
    this.#timer = setInterval(() => {
      const due = Math.min(((performance.now() - this.#began) / 1000) * RATE, this.#sound.length);
      while (this.#sent < this.#sound.length && this.#sent + FRAME <= due + FRAME / 2) {
        const until = Math.min(this.#sent + FRAME, this.#sound.length);
        this.legs.forEach((leg, number) => socket.send(leg, toInt16(channels[number].subarray(this.#sent, until))));
        this.#sent = until;
      }
      if (this.#sent >= this.#sound.length) {
        this.stop();
        ended();
      }
    }, TICK_MS);
  }

  stop() {
    clearInterval(this.#timer);
  }

  /** Let a part of it be heard. */
  play(context, from, seconds) {
    this.#playing?.stop();
    const node = context.createBufferSource();
    node.buffer = this.#sound;
    node.connect(context.destination);
    node.start(0, Math.max(0, from), seconds);
    this.#playing = node;
  }
}

export class Microphone {
  #context = null;
  #stream = null;
  legs = ["caller"];

  /** Rejects where the person or the browser refuses. */
  async start(socket) {
    this.#stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } });
    this.#context = new AudioContext({ sampleRate: RATE });
    await this.#context.audioWorklet.addModule("/static/js/live/microphone.js");
    const source = this.#context.createMediaStreamSource(this.#stream);
    const frames = new AudioWorkletNode(this.#context, "frames", { numberOfOutputs: 0 });
    frames.port.onmessage = ({ data }) => socket.send("caller", toInt16(data));
    source.connect(frames);
  }

  stop() {
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#context?.close();
  }
}
