// The listening test in the browser: players, keys, and the way from one screen to the next. `server` calls the functions of listen.py.
const remembered = "listening-" + props.test;
let code = null, place = null, busy = false;
const all = (selector) => [...element.querySelectorAll(selector)];
const one = (selector) => element.querySelector(selector);

function recall() { try { return localStorage.getItem(remembered); } catch { return null; } }
function remember(value) { try { value ? localStorage.setItem(remembered, value) : localStorage.removeItem(remembered); } catch { /* private window */ } }

function show(screen) {
  all("audio, video").forEach((medium) => { URL.revokeObjectURL(medium.src); });
  one(".sheet").outerHTML = screen.html;
  code = screen.code;
  place = screen.place;
  all("audio, video").forEach(load);
  remember(code);
  one("h2").focus({ preventScroll: true });
  scrollTo({ top: 0 });
}

async function ask(name, wish) {
  if (busy) return;
  busy = true;
  all(".go, .quiet").forEach((button) => { button.disabled = true; });
  one(".trouble").textContent = "";
  try {
    const screen = await server[name](wish);
    if (screen.trouble) one(".trouble").textContent = screen.trouble; else show(screen);
  } catch {
    one(".trouble").textContent = "The server cannot be reached. Nothing is lost: try again in a moment.";
  }
  busy = false;
  all(".go, .quiet").forEach((button) => { button.disabled = false; });
}

// Players: one plays at a time, and questions open when every sound or film was played to its end.
function load(medium) {  // as a blob: iPhones play no film from a data address
  const bytes = Uint8Array.from(atob(medium.dataset.bytes), (letter) => letter.charCodeAt(0));
  medium.src = URL.createObjectURL(new Blob([bytes], { type: medium.dataset.type }));
}
function toggle(player) {
  const medium = player.querySelector("audio, video");
  all("audio, video").forEach((other) => { if (other !== medium) other.pause(); });
  if (medium.paused) medium.play(); else medium.pause();
}
function draw(medium) {
  const player = medium.closest(".player"), button = player.querySelector(".play");
  player.classList.toggle("playing", !medium.paused);
  button.setAttribute("aria-label", (medium.paused ? "Play " : "Pause ") + button.dataset.name);
  player.querySelector("i").style.width = `${medium.duration ? 100 * medium.currentTime / medium.duration : 0}%`;
}
for (const event of ["play", "pause", "timeupdate", "ended"]) {
  element.addEventListener(event, ({ target }) => {  // these do not bubble
    if (!target.closest?.(".player")) return;
    draw(target);
    if (event !== "ended") return;
    target.closest(".player").classList.add("done");
    if (all(".player").every((player) => player.classList.contains("done"))) {
      all("fieldset").forEach((fieldset) => { fieldset.disabled = false; });
      one(".first").classList.add("over");
    }
  }, true);
}

element.addEventListener("error", ({ target }) => {
  if (target.closest?.(".player")) one(".trouble").textContent = "Your browser cannot play this. Please go on in another, with your code.";
}, true);

const isOpen = (fieldset) => !fieldset.disabled && !fieldset.querySelector(":checked");
function submit(form) {
  if (form.dataset.do === "go_on") return ask("go_on", form.querySelector("input").value);
  const missing = all("fieldset").find((fieldset) => !fieldset.querySelector(":checked"));
  if (missing) {
    one(".trouble").textContent = missing.disabled ? "Play it to the end first, then answer." : "One answer is missing.";
    return missing.scrollIntoView({ behavior: "smooth", block: "center" });
  }
  const values = Object.fromEntries(all("fieldset").map((f) => [f.dataset.question, Number(f.querySelector(":checked").value)]));
  return ask("answer", { code, place, values });
}
element.addEventListener("click", ({ target }) => {
  const play = target.closest(".play, video");
  if (play) toggle(play.closest(".player"));
  else if (target.closest("[data-do=begin]")) ask("begin", null);
  else if (target.closest("form [type=submit]")) submit(target.closest("form"));
});
element.addEventListener("submit", (event) => event.preventDefault());
element.addEventListener("change", () => { one(".trouble").textContent = ""; });

// Keys: space or A and B play, digits answer the first open question (or the one in focus), Enter goes on.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || !one(".trial")) return;
  const { target, key } = event;
  if (key === "Enter" && !target.matches("button")) submit(one("form"));
  else if (key === " " && !target.matches("button") && all(".player").length === 1) toggle(one(".player"));
  else if (/^[ab]$/i.test(key) && all(".player").length === 2) toggle(all(".player")["ab".indexOf(key.toLowerCase())]);
  else if (/^[1-9]$/.test(key)) {
    const fieldset = target.closest("fieldset") ?? all("fieldset").find(isOpen);
    const choice = fieldset && !fieldset.disabled && fieldset.querySelector(`[value="${key}"]`);
    if (!choice) return;
    choice.click();
    (all("fieldset").find(isOpen)?.querySelector("input") ?? one("form .go")).focus();
  } else return;
  event.preventDefault();
});

const mine = recall();
if (mine) {
  one("#code").value = mine;
  one(".sheet").classList.add("returning");
}
