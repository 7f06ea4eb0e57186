// The priorities of alarms, most urgent first, as templates/priority.html shows them: shape, letter and word.

import { text } from "./format.js";

export const PRIORITIES = [
  { name: "critical", shape: "\u25c6", letter: "C", word: text("紧急") },
  { name: "high", shape: "\u25b2", letter: "H", word: text("高") },
  { name: "medium", shape: "\u25a0", letter: "M", word: text("中") },
  { name: "low", shape: "\u25cf", letter: "L", word: text("低") },
];
