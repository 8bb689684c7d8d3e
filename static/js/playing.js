// What a player shows is what the browser's own player, hidden below it, tells.

const clock = (seconds) => {
  const two = (number) => String(number).padStart(2, "0");
  const [minutes, rest] = [Math.floor(seconds / 60), two(Math.floor(seconds % 60))];
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${rest}`;
};

const part = (audio, selector) => audio.closest("[data-player]").querySelector(selector);

export const show = (audio, at = audio.currentTime) => {
  const [scale, total] = [part(audio, "[type=range]"), part(audio, "[data-total]")];
  if (Number.isFinite(audio.duration)) {
    Object.assign(scale, { max: Math.ceil(audio.duration), disabled: false });
    scale.step = Math.max(1, Math.floor(audio.duration / 100));
    total.textContent = clock(audio.duration);
  }
  if (!scale.matches(":active")) scale.value = at;
  part(audio, "[data-elapsed]").textContent = clock(at);
  scale.ariaValueText = scale.dataset.of.replace("%1", clock(at)).replace("%2", total.textContent);
  const button = part(audio, "[data-play]");
  if (audio.paused === !("playing" in button.dataset)) return;
  button.toggleAttribute("data-playing", !audio.paused);
  [button.ariaLabel, button.dataset.other] = [button.dataset.other, button.ariaLabel];
};

const busy = (audio, waits) => {
  const button = part(audio, "[data-play]");
  button.ariaBusy = String(waits);
  button.toggleAttribute("data-loading", waits);
};

const HEARD = {
  timeupdate: show, durationchange: show, seeked: show, ended: show,
  pause: (audio) => { show(audio); busy(audio, false); },
  play: (audio) => {
    show(audio);
    for (const other of document.querySelectorAll("audio, video")) if (other !== audio) other.pause();
  },
  waiting: (audio) => busy(audio, true),
  playing: (audio) => {
    busy(audio, false);
    part(audio, ".player__note").replaceChildren();
  },
  error: (audio) => {
    audio.pause();
    busy(audio, false);
    const target = part(audio, ".player__note");
    window.htmx.ajax("GET", audio.src, { target, swap: "outerHTML" }); // the same address says why
  },
};
for (const [name, act] of Object.entries(HEARD)) {
  const heard = ({ target }) => target.matches?.("[data-player] > audio") && act(target);
  document.addEventListener(name, heard, true); // sound's events do not bubble
}
