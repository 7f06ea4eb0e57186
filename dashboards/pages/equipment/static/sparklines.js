// The course of a day beside each key value: fetched once for all of them, and again each few minutes.

const WIDTH = 120;
const HEIGHT = 28;
const EDGE = 3;
const DAY_MILLISECONDS = 86400000;
const REFRESH_MILLISECONDS = 300000;
const SVG = "http://www.w3.org/2000/svg";

function shape(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

class SparkLine extends HTMLElement {
  draw({ times, values }) {
    const normal = JSON.parse(this.getAttribute("normal") ?? "null");
    const known = values.filter((value) => value !== null);
    const [low, high] = [Math.min(...known, ...(normal ?? [])), Math.max(...known, ...(normal ?? []))];
    // A machine that has just begun to send has a short curve at the right.
    const begin = Math.min(times[0], times.at(-1) - DAY_MILLISECONDS);
    const x = (time) => EDGE + ((time - begin) / (times.at(-1) - begin)) * (WIDTH - 2 * EDGE);
    const y = (value) => HEIGHT - EDGE - ((value - low) / (high - low || 1)) * (HEIGHT - 2 * EDGE);
    const picture = shape("svg", { class: "drawing sparkline", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" });
    if (normal) {
      const [top, bottom] = [y(normal[1]), y(normal[0])];
      picture.append(shape("rect", { class: "normal-band", x: 0, y: top.toFixed(1), width: WIDTH, height: (bottom - top).toFixed(1) }));
    }
    let isDrawing = false;
    let path = "";
    values.forEach((value, index) => {
      if (value !== null) path += `${isDrawing ? "L" : "M"}${x(times[index]).toFixed(1)} ${y(value).toFixed(1)}`;
      isDrawing = value !== null;
    });
    picture.append(shape("path", { class: "curve series-1", d: path }));
    this.replaceChildren(picture);
  }
}

customElements.define("spark-line", SparkLine);

async function load(tiles) {
  try {
    const answer = await fetch(tiles.dataset.sparklines);
    if (!answer.ok) return;
    const { signals } = await answer.json();
    for (const line of tiles.querySelectorAll("spark-line")) {
      const found = signals[line.getAttribute("signal")];
      if (found) line.draw(found);
    }
  } catch {
    // The number stands there without its course; the lamp tells of a lost server.
  }
}

const tiles = document.querySelector("[data-sparklines]");
if (tiles) {
  load(tiles);
  setInterval(() => document.visibilityState === "visible" && load(tiles), REFRESH_MILLISECONDS);
}
