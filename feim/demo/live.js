// Plays speech while it is made: each new piece of `value`, 16-bit sound as base64, is set exactly behind the one before.
const RATE = 16000, LEAD = 0.05;  // Hz; seconds before a sound that nothing plays ahead of
const live = element.querySelector(".live");
let context = null, heard = 0, end = 0;  // `end`: where in the context's time the sound so far ends, in samples

function begin() {  // as Speak is pressed: browsers let a page sound only after its visitor did something
  stop();
  document.querySelector("#speech [aria-label=Pause]")?.click();
  context = new AudioContext({ sampleRate: RATE });  // the sound's own rate: resampled piece by piece, joints would click
  heard = end = 0;
}
function stop() {
  context?.close();
  context = null;
  live.hidden = true;
}
function play({ sound, last }) {
  const samples = new Int16Array(Uint8Array.from(atob(sound), (letter) => letter.charCodeAt(0)).buffer);
  const buffer = context.createBuffer(1, samples.length, RATE);
  buffer.copyToChannel(Float32Array.from(samples, (sample) => sample / 32768), 0);
  const source = new AudioBufferSourceNode(context, { buffer });
  source.connect(context.destination);
  if (end < context.currentTime * RATE) end = Math.ceil((context.currentTime + LEAD) * RATE);
  source.start(end / RATE);
  end += samples.length;
  if (last) source.onended = stop;
  live.hidden = false;
}

watch("value", () => { for (; context && heard < props.value.length; heard++) play(props.value[heard]); });
element.addEventListener("begin", begin);
live.querySelector("button").addEventListener("click", stop);
document.addEventListener("click", ({ target }) => {  // the usual player takes over; its own media element tells nobody
  if (target.closest("#speech [aria-label=Play]")) stop();
}, true);
