// A beep while an alarm of the top priority waits for somebody. Off until the user turns it on; the browser remembers the choice.

const PERIOD_MILLISECONDS = 2000;
const MUTE_MILLISECONDS = 120000;
const BEEP_SECONDS = 0.25;
const BEEP_HZ = 880;
const LOUDNESS = 0.2;

export class AlarmSound {
  #context = null;
  #isCalled = false;
  #wasSounding = false;

  constructor(changed) {
    this.changed = changed;
    setInterval(() => this.#tick(), PERIOD_MILLISECONDS);
  }

  get isOn() {
    return localStorage.getItem("alarm-sound") === "on";
  }

  get isSounding() {
    return this.isOn && this.#isCalled && Date.now() > Number(localStorage.getItem("alarm-mute-until") ?? 0);
  }

  toggle() {
    localStorage.setItem("alarm-sound", this.isOn ? "off" : "on");
    localStorage.removeItem("alarm-mute-until");
    if (this.isOn) this.#beep(); // what it will sound like; and a browser lets only a click start sound
    this.changed();
  }

  mute() {
    localStorage.setItem("alarm-mute-until", String(Date.now() + MUTE_MILLISECONDS));
    this.changed();
  }

  call(isCalled) {
    this.#isCalled = isCalled;
    this.changed();
  }

  #tick() {
    if (this.isSounding) this.#beep();
    if (this.isSounding !== this.#wasSounding) this.changed();
    this.#wasSounding = this.isSounding;
  }

  #beep() {
    this.#context ??= new AudioContext();
    this.#context.resume();
    if (this.#context.state === "suspended") return; // on a page that nobody has clicked yet
    const tone = new OscillatorNode(this.#context, { frequency: BEEP_HZ });
    const volume = new GainNode(this.#context, { gain: LOUDNESS });
    tone.connect(volume).connect(this.#context.destination);
    tone.start();
    tone.stop(this.#context.currentTime + BEEP_SECONDS);
  }
}
