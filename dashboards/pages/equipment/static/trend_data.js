// What a trend is drawn of: gaps that must be seen, another time span laid over it, and names that fit beside an axis.

const STEP_SECONDS = { "1m": 60, "1h": 3600 };

// Samples further apart than this are drawn as a gap.
export function gapSeconds(times, level, spanSeconds, points) {
  const steps = times.slice(1).map((time, index) => time - times[index]).sort((a, b) => a - b);
  const usual = steps[Math.floor(steps.length / 2)] ?? 1;
  if (level !== "raw") return 1.5 * Math.max(STEP_SECONDS[level], usual);
  return Math.max(5 * usual, (4 * spanSeconds) / points, Number(document.body.dataset.staleSeconds));
}

// Gives [times, values, maxima, minima] of one signal with a null wherever a gap must be seen.
export function withGaps(times, columns, limitSeconds) {
  const filled = [[], ...columns.map(() => [])];
  let last = null;
  times.forEach((time, index) => {
    if (columns[0][index] === null) return;
    if (last !== null && time - last > limitSeconds) {
      filled[0].push(last + 0.001);
      columns.forEach((_, column) => filled[column + 1].push(null));
    }
    filled[0].push(time);
    columns.forEach((values, column) => filled[column + 1].push(values[index]));
    last = time;
  });
  return filled;
}

// Gives the curve of one signal in an answer of the API, gaps and all, some seconds later than it was.
export function curve(answer, name, isStepped, spanSeconds, points, laterSeconds = 0) {
  const times = answer.times.map((time) => time / 1000 + laterSeconds);
  const [mean, maximum, minimum] = [answer.columns, answer.maximum, answer.minimum].map((table) => table[name]);
  // The mean of states is no state: a bucket shows its highest, and the band tells whether there were others.
  const columns = maximum ? [isStepped ? maximum : mean, maximum, minimum] : [mean];
  const kept = times.filter((_, index) => columns[0][index] !== null);
  const limitSeconds = gapSeconds(kept, answer.level, spanSeconds, points);
  return { count: kept.length, limitSeconds, data: withGaps(times, columns, limitSeconds) };
}

// Cuts a state's name to what fits beside the axis; a Chinese character is as wide as two Latin letters.
export function shortened(name) {
  let room = 9;
  const kept = [...name].filter((letter) => (room -= letter > "\u2e7f" ? 2 : 1) >= 0);
  return kept.length < name.length ? `${kept.join("")}\u2026` : name;
}

// Samples between two gaps have no line to either side: they are drawn as dots, or nobody would see them.
// undefined is no sample of this curve at all, only of the one that lies over it; null is a gap.
export function lonely(plot, index) {
  const values = plot.data[index];
  const samples = values.flatMap((value, at) => (value === undefined ? [] : [at]));
  const isThere = (nth) => (values[samples[nth]] ?? null) !== null;
  return samples.filter((_, nth) => isThere(nth) && !isThere(nth - 1) && !isThere(nth + 1));
}
