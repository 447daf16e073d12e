// Shows a film's subtitles over it, in a track that the browser draws. It is made here of `value`, WebVTT: no file of them lies anywhere.
const label = element.querySelector(".captions"), box = label.querySelector("input"), result = element.closest(".result");
let film = null, spoken = null;

function caption() {  // as the film or its words change, whichever comes first
  const shown = result.querySelector("#film video");
  if (shown === film && props.value === spoken) return;
  film?.querySelector(".spoken")?.remove();
  [film, spoken] = [shown, props.value];
  label.hidden = !(film && spoken);
  if (label.hidden) return;
  const track = document.createElement("track");
  Object.assign(track, { className: "spoken", kind: "captions", label: "Subtitles", srclang: "en" });
  track.src = URL.createObjectURL(new Blob([spoken], { type: "text/vtt" }));
  track.addEventListener("load", () => {
    URL.revokeObjectURL(track.src);
    for (const cue of track.track.cues) cue.line = -2 - cue.text.split("\n").length;  // above the player's own controls
  });
  film.append(track);
  turn();
}
function turn() {
  film.querySelector(".spoken").track.mode = box.checked ? "showing" : "hidden";
}

watch("value", caption);
new MutationObserver(caption).observe(result, { childList: true, subtree: true });
box.addEventListener("change", turn);
