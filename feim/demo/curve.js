// Draws a film's intensity over its sound, and lets it be drawn anew: γ of every frame, of which a handle moves those around it.
// Heights are what a face shows, its strength at γ (feim.signal.action_units), so that half as high looks half as strong.
const MOST = 30, STEP = 0.02, PAGE = 0.1;  // a key moves a handle by so much of the height
const section = element.querySelector(".curve"), plot = section.querySelector(".plot"), svg = plot.querySelector("svg");
const [readout, factorShown] = section.querySelectorAll("output"), times = section.querySelector("input"), reset = section.querySelector("button");
const strength = (gamma) => gamma / (gamma + 1) * (MOST + 1) / MOST;
const gammaAt = (share) => MOST * share / (MOST + 1 - MOST * share);
const within = (share) => Math.min(1, Math.max(0, share));
const round = (gamma) => Number(gamma.toFixed(gamma < 1 ? 2 : gamma < 10 ? 1 : 0));
let film = null;  // what the server said: gamma, loud, seconds
let base = [], heights = [];  // the curve before all of it is multiplied, as γ; and what is shown, as shares of the height
let handles = [], drag = null;

const frameOf = (k) => Math.round(k * (heights.length - 1) / (handles.length - 1));
const secondsOf = (k) => film.seconds * frameOf(k) / (heights.length - 1);

function begin() {  // with a new film
  if (!props.value?.gamma || props.value.drawn) return;
  film = props.value;
  section.hidden = false;
  const count = Math.min(props.most, film.gamma.length, Math.max(3, 1 + Math.round(2.5 * film.seconds)));
  handles = Array.from({ length: count }, () => {
    const handle = document.createElement("span");
    handle.tabIndex = 0;
    for (const [name, value] of Object.entries({ role: "slider", "aria-orientation": "vertical", "aria-valuemin": 0, "aria-valuemax": MOST })) {
      handle.setAttribute(name, value);
    }
    return handle;
  });
  plot.querySelector(".handles").replaceChildren(...handles);
  take(film.gamma);
  handles.forEach((handle, k) => handle.setAttribute("aria-label", `At ${Number(secondsOf(k).toFixed(1))} seconds`));
}

function take(gamma) {  // as the curve that is multiplied by 1
  base = [...gamma];
  heights = base.map(strength);
  times.value = 1;
  draw();
}
function multiply() {
  heights = base.map((gamma) => strength(Math.min(MOST, gamma * times.value)));
  draw();
  tell();
}
function move(from, offsets) {  // handles by so much each, from a copy of the heights; what lies between them goes along
  heights = [...from];
  for (let k = 1; k < handles.length; k++) {
    const [start, end] = [frameOf(k - 1), frameOf(k)];
    for (let frame = start; frame <= end; frame++) {
      const share = end > start ? (frame - start) / (end - start) : 1;
      heights[frame] = within(from[frame] + (1 - share) * (offsets[k - 1] ?? 0) + share * (offsets[k] ?? 0));
    }
  }
  base = heights.map(gammaAt);
  times.value = 1;
  draw();
}
function tell() {  // the server hears of it with the next wish
  props.value = { ...film, gamma: heights.map((height) => Number(gammaAt(height).toFixed(3))), drawn: true };
}

// ---- the picture -----------------------------------------------------------------------------------------------------------

const line = (points) => points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L");
function draw() {
  if (!film) return;
  const { width, height } = svg.getBoundingClientRect();
  if (!width) return;
  const top = 12, bottom = height - 24, side = 12, wide = width - 2 * side;
  const x = (share) => side + wide * share, y = (share) => bottom - (bottom - top) * share;
  const apart = Math.ceil(heights.length / (2 * wide)), last = heights.length - 1;  // two points in a pixel are enough
  const curve = line(heights.map((share, frame) => [x(frame / last), y(share)]).filter((_, frame) => frame % apart === 0 || frame === last));
  const middle = (top + bottom) / 2, tall = 0.44 * (bottom - top);
  const outline = [1, -1].map((sign) => film.loud.map((loud, i) => [x(i / Math.max(1, film.loud.length - 1)), middle - sign * tall * loud]));
  const every = [0.5, 1, 2, 5, 10, 20, 30, 60].find((step) => wide * step / film.seconds > 52) ?? 60;
  const seconds = Array.from({ length: 1 + Math.floor(film.seconds / every + 1e-6) }, (_, i) => i * every);
  const marks = props.marks.map(([gamma, meaning]) => [gamma, meaning, y(strength(gamma))]);
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.innerHTML = `<path class="sound" d="M${line([...outline[0], ...outline[1].reverse()])}Z"/>
${marks.map(([, , at]) => `<path class="grid" d="M${side} ${at}H${width - side}"/>`).join("")}
<path class="under" d="M${x(0)} ${bottom}L${curve}L${x(1)} ${bottom}Z"/><path class="line" d="M${curve}"/>
${marks.map(([gamma, meaning, at]) => `<text x="${side + 6}" y="${at + (gamma === MOST || gamma === 5 ? 15 : -5)}"><tspan>${gamma}</tspan> ${meaning}</text>`).join("")}
${seconds.map((second) => `<text class="time" x="${x(second / film.seconds)}" y="${height - 5}">${second} s</text>`).join("")}
<path class="now" d="M0 ${top - 6}V${bottom}"/>`;
  handles.forEach((handle, k) => {
    const frame = frameOf(k), share = heights[frame], gamma = round(gammaAt(share)), mark = props.marks.find(([value]) => value === gamma);
    handle.style.translate = `${x(frame / (heights.length - 1))}px ${y(share)}px`;
    handle.setAttribute("aria-valuenow", gamma);
    handle.setAttribute("aria-valuetext", mark ? `${gamma}, ${mark[1]}` : `${gamma}`);
  });
  factorShown.textContent = `× ${Number(times.value)}`;
  times.style.setProperty("--filled", times.value / times.max);
  times.setAttribute("aria-valuetext", `times ${Number(times.value)}`);
  say(handles.indexOf(document.activeElement));
  play();
}
function say(k) {
  const gammas = heights.map(gammaAt), [low, high] = [Math.min(...gammas), Math.max(...gammas)].map(round);
  readout.textContent = k >= 0 ? `${round(gammaAt(heights[frameOf(k)]))} at ${secondsOf(k).toFixed(1)} s` : low === high ? `${low}` : `${low} to ${high}`;
}
function play() {  // where the film is
  const video = document.querySelector("#film video"), now = svg.querySelector(".now");
  if (!now) return;
  const share = video?.duration ? video.currentTime / video.duration : 0;
  now.style.translate = `${12 + (svg.clientWidth - 24) * share}px`;
  now.classList.toggle("shown", share > 0 && share < 1);
}
(function follow() {
  if (film && section.isConnected) play();
  requestAnimationFrame(follow);
})();

// ---- hands and keys --------------------------------------------------------------------------------------------------------

function nearest(event) {
  const { left, width } = svg.getBoundingClientRect();
  return Math.round(within((event.clientX - left - 12) / (width - 24)) * (handles.length - 1));
}
const heightAt = (event) => {
  const { bottom, height } = svg.getBoundingClientRect();
  return within((bottom - 24 - event.clientY) / (height - 36));
};
plot.addEventListener("pointerdown", (event) => {
  if (!film || event.button) return;
  const held = handles.indexOf(event.target);
  drag = { from: heights, offsets: {}, held, last: null };
  plot.setPointerCapture(event.pointerId);
  event.preventDefault();
  (handles[held] ?? handles[nearest(event)]).focus({ preventScroll: true });
  if (held < 0) drawTo(event);
});
plot.addEventListener("pointermove", (event) => { if (drag) drawTo(event); });
function drawTo(event) {
  if (drag.held >= 0 && Math.abs(nearest(event) - drag.held) > 1) drag.held = -1;  // a handle goes up and down, until it is left behind:
  const at = drag.held < 0 ? nearest(event) : drag.held, height = heightAt(event);  // then a line is drawn through all that is passed
  const before = drag.last ?? { at, height };
  for (let k = Math.min(at, before.at); k <= Math.max(at, before.at); k++) {  // none is left out by a quick hand
    const share = at === before.at ? 1 : (k - before.at) / (at - before.at);
    drag.offsets[k] = before.height + share * (height - before.height) - drag.from[frameOf(k)];
  }
  drag.last = { at, height };
  move(drag.from, drag.offsets);
  say(at);
}
for (const end of ["pointerup", "pointercancel"]) {
  plot.addEventListener(end, () => {
    if (drag?.last) tell();
    drag = null;
  });
}
plot.addEventListener("keydown", (event) => {
  const k = handles.indexOf(event.target), now = heights[frameOf(k)];
  const step = event.shiftKey ? PAGE : STEP;
  const way = {
    ArrowUp: step, ArrowRight: step, ArrowDown: -step, ArrowLeft: -step, PageUp: PAGE, PageDown: -PAGE, Home: -now, End: 1 - now,
  }[event.key];
  if (k < 0 || way === undefined) return;
  event.preventDefault();
  move(heights, { [k]: way });
  tell();
});
plot.addEventListener("focusin", draw);
plot.addEventListener("focusout", () => say(-1));
times.addEventListener("input", multiply);
reset.addEventListener("click", () => {
  take(film.gamma);
  tell();
});

watch("value", begin);
new ResizeObserver(draw).observe(plot);
begin();
