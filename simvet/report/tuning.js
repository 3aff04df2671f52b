/* Shows the place at which the sliders stand; everything it shows was computed before the page was written. */
(function () {
  "use strict";
  const script = document.currentScript;
  const own = script && script.closest(".simvet-tuning");
  (own ? [own] : document.querySelectorAll(".simvet-tuning")).forEach(start);

  function part(parent, tag, css, text) {
    const made = document.createElement(tag);
    if (css) made.className = css;
    if (text !== undefined) made.textContent = text;
    return parent.appendChild(made);
  }

  function start(root) {
    const data = JSON.parse(root.querySelector("script[type='application/json']").textContent);
    const live = root.querySelector(".live");
    live.textContent = ""; // A page saved from a browser holds what was drawn there.
    const bar = part(live, "div", "levers");
    bar.setAttribute("role", "group");
    bar.setAttribute("aria-label", data.words.levers);
    const levers = data.levers.map((lever) => slider(bar, lever, show));
    const reset = part(bar, "button", "reset", data.words.reset);
    reset.type = "button";
    reset.addEventListener("click", () => {
      levers.forEach((lever, n) => { lever.input.value = data.levers[n].rest; });
      show();
    });
    const board = part(live, "div", "cards");
    const cards = data.targets.map((target) => card(board, target));
    root.querySelectorAll(".still").forEach((still) => { still.hidden = true; });
    root.querySelector("details").open = false;
    show();

    function show() {
      const at = levers.map((lever) => Number(lever.input.value));
      const place = at.reduce((sum, stop, n) => sum * data.levers[n].stops.length + stop, 0);
      levers.forEach((lever, n) => {
        const told = data.levers[n].stops[at[n]];
        lever.output.textContent = told;
        lever.input.setAttribute("aria-valuetext", told);
      });
      reset.disabled = at.every((stop, n) => stop === data.levers[n].rest);
      cards.forEach((one, n) => fill(one, data, data.places[place][n]));
      root.querySelectorAll("td").forEach((cell) => {
        cell.classList.toggle("here", cell.dataset.place === String(place));
      });
    }
  }

  function slider(bar, lever, show) {
    const box = part(bar, "div", "lever");
    const label = part(box, "label");
    const name = part(label, "span", "", lever.label);
    part(name, "small", "", lever.when);
    const output = part(label, "output");
    const input = part(label, "input");
    Object.assign(input, { type: "range", min: 0, max: lever.stops.length - 1, step: 1, value: lever.rest });
    input.setAttribute("value", lever.rest);
    input.dataset.lever = lever.name;
    input.addEventListener("input", show);
    const scale = part(box, "div", "scale");
    scale.setAttribute("aria-hidden", "true");
    [0, lever.stops.length - 1].forEach((stop) => part(scale, "span", "", lever.stops[stop]));
    return { input, output };
  }

  function card(board, target) {
    const box = part(board, "div", "card");
    box.dataset.target = target.key;
    const name = part(box, "div", "name", target.name);
    part(name, "small", "", target.bound);
    const fillable = { bar: part(part(box, "span", "bar"), "span") };
    const line = part(box, "div");
    line.setAttribute("aria-live", "polite");
    fillable.percent = part(line, "b", "percent");
    fillable.standing = part(line, "small", "standing");
    fillable.moved = part(line, "span", "moved");
    fillable.expected = part(box, "div", "expected");
    part(box, "small", "", target.unit);
    const picture = part(box, "div", "picture");
    picture.setAttribute("role", "img");
    picture.innerHTML = target.svg; // Digits and lines only, no text of anybody's.
    fillable.picture = picture;
    fillable.name = target.name;
    return fillable;
  }

  function fill(one, data, [percent, width, css, standing, moved, expected, low, median, high]) {
    one.bar.className = css;
    one.bar.style.width = width + "%";
    one.percent.className = "percent " + css;
    one.percent.textContent = percent;
    one.standing.textContent = " " + standing;
    one.moved.textContent = moved;
    one.expected.textContent = expected;
    one.picture.setAttribute("aria-label", one.name + " " + percent + " " + expected);
    const points = (ys) => ys.map((y, n) => (y === null ? "" : data.x[n] + "," + y)).filter(Boolean);
    one.picture.querySelector(".band").setAttribute("points", [...points(high), ...points(low).reverse()].join(" "));
    one.picture.querySelector(".median").setAttribute("points", points(median).join(" "));
  }
})();
