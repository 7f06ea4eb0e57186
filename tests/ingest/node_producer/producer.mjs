// A gateway of another maker, written from docs/reference/wire.md alone.
//
//   node producer.mjs HOST PORT GATEWAY FOLDER START COUNT [RESEND_SECONDS]
//
// It makes COUNT bundles of known values from START (microseconds since 1970) on, keeps each in FOLDER until a receipt covers it, and
// ends when all have one. Started again with the same FOLDER, it goes on where it was killed.

import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import cbor from "cbor";
import mqtt from "mqtt";

const [host, port, gateway, folder, start, count, resendSeconds = "10"] = process.argv.slice(2);
const WINDOW = 8;
const LONGEST_WAIT_MS = 120_000;
const ROWS = 10;

// --- the spool: a bundle is a file, and exists before it is sent ------------------------------------------------------

mkdirSync(folder, { recursive: true });

function keep(name, bytes) {
  writeFileSync(join(folder, `${name}.new`), bytes, { flush: true });
  renameSync(join(folder, `${name}.new`), join(folder, name));
}

const waiting = () =>
  readdirSync(folder)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b);

function numbering() {
  try {
    return JSON.parse(readFileSync(join(folder, "numbering.json"), "utf8"));
  } catch {
    const fresh = { epoch: randomBytes(6).readUIntBE(0, 6), last: 0 };
    keep("numbering.json", JSON.stringify(fresh));
    return fresh;
  }
}

// --- the wire format --------------------------------------------------------------------------------------------------

const int64 = (numbers) => new cbor.Tagged(79, Buffer.from(BigInt64Array.from(numbers, BigInt).buffer));
const float64 = (numbers) => new cbor.Tagged(86, Buffer.from(Float64Array.from(numbers).buffer));
const float32 = (numbers) => new cbor.Tagged(85, Buffer.from(Float32Array.from(numbers).buffer));
const matrix = (rows, columns, values) => new cbor.Tagged(40, [[rows, columns], values]);
const qualities = (codes) => new cbor.Tagged(64, Buffer.from(codes));

function bundle(epoch, seq, floor) {
  const first = Number(start) + (seq - 1) * ROWS * 100_000;
  const numbers = Array.from({ length: ROWS }, (_, row) => (seq - 1) * ROWS + row);
  const times = int64(numbers.map((_, row) => first + row * 100_000));
  const content = {
    v: seq === 5 ? 2 : 1, // the fifth is bad on purpose
    gateway,
    epoch,
    seq,
    floor,
    sent_at: Date.now() * 1000,
    equipment: ["boiler-1", "mill-1"],
    lists: ["boiler:steam_flow,steam_pressure", "cnc_machine:spindle_speed"],
    batches: [
      // The pressure of the last row could not be read: bad, no communication. That of the row before is uncertain.
      [
        0,
        0,
        times,
        matrix(ROWS, 2, float64(numbers.flatMap((n) => [n + 0.25, n % ROWS === 9 ? NaN : n / 100]))),
        qualities(numbers.flatMap((n) => [0, n % ROWS === 9 ? 133 : n % ROWS === 8 ? 64 : 0])),
      ],
      [1, 1, times, matrix(ROWS, 1, float32(numbers))],
    ],
    events: [[1, first, "program", `O${seq} 法兰`]],
    blocks: seq === 1 ? [[1, "vibration", first, 25_600, float32([0, 0.5, -0.5])]] : [],
  };
  const plain = Buffer.concat([Buffer.from([0xd9, 0xd9, 0xf7]), cbor.encodeOne(content, { highWaterMark: 1 << 20 })]);
  return seq % 2 ? plain : deflateSync(plain);
}

// --- sending until a receipt comes ------------------------------------------------------------------------------------

const state = numbering();
const sent = new Map(); // seq: when to send it again, and how long to wait after that
const client = mqtt.connect({ host, port: Number(port), protocolVersion: 5, clean: true, will: {
  topic: `sy/1/${gateway}/up/state`, payload: Buffer.from('{"online": false}'), qos: 1, retain: true,
} });

function fill() {
  while (state.last < Number(count) && waiting().length < WINDOW) {
    const seq = state.last + 1;
    keep(String(seq), bundle(state.epoch, seq, waiting()[0] ?? seq));
    state.last = seq;
    keep("numbering.json", JSON.stringify(state));
  }
}

function send() {
  fill();
  const now = Date.now();
  for (const seq of waiting()) {
    const due = sent.get(seq);
    if (due && now < due.at) continue;
    const wait = due ? Math.min(due.wait * 2, LONGEST_WAIT_MS) : Number(resendSeconds) * 1000;
    sent.set(seq, { at: now + wait, wait });
    client.publish(`sy/1/${gateway}/up/data`, readFileSync(join(folder, String(seq))), { qos: 1 });
    console.log(`sent ${seq}`);
  }
  if (state.last === Number(count) && waiting().length === 0) {
    client.end(false, () => process.exit(0));
  }
}

client.on("connect", () => {
  client.publish(`sy/1/${gateway}/up/state`, '{"online": true}', { qos: 1, retain: true });
  client.subscribe(`sy/1/${gateway}/down/receipt`, { qos: 1 }, () => {
    sent.clear();
    send();
  });
});
client.on("message", (_, payload) => {
  const receipt = cbor.decodeFirstSync(payload);
  if (receipt.v !== 1 || Number(receipt.epoch) !== state.epoch) return;
  for (const seq of waiting()) {
    if (receipt.ranges.some(([first, last]) => first <= seq && seq <= last)) {
      unlinkSync(join(folder, String(seq)));
      sent.delete(seq);
    }
  }
  send();
});
client.on("error", (error) => console.error(error.message));
setInterval(() => client.connected && send(), 200);
