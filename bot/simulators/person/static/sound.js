// A soft ring, two short notes, only when the person has asked for sound.

let context = null;
let on = false;

export const soundIsOn = () => on;

/** Must be called from a tap: browsers let a page make sound only then. */
export function turnSound(wanted) {
  on = wanted;
  if (on) {
    context ??= new AudioContext();
    void context.resume();
    ring();
  }
}

export function ring() {
  if (!on || !context) return;
  note(659.3, 0);
  note(880, 0.11);
}

function note(frequency, delay) {
  const at = context.currentTime + delay;
  const tone = context.createOscillator();
  const volume = context.createGain();
  tone.frequency.value = frequency;
  volume.gain.setValueAtTime(0, at);
  volume.gain.linearRampToValueAtTime(0.06, at + 0.015);
  volume.gain.exponentialRampToValueAtTime(0.0005, at + 0.35);
  tone.connect(volume).connect(context.destination);
  tone.start(at);
  tone.stop(at + 0.4);
}
