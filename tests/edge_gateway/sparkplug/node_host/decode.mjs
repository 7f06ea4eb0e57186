// Reads lines of "<topic> <payload in hexadecimal>" and writes what Eclipse Tahu's own JavaScript makes of each, as lines of JSON.

import { createInterface } from "node:readline";
import sparkplug from "sparkplug-payload";

const { decodePayload } = sparkplug.get("spBv1.0");
const plain = (_key, value) => (typeof value === "object" && value?.constructor?.name === "Long" ? value.toNumber() : value);

for await (const line of createInterface({ input: process.stdin })) {
  const [topic, hexadecimal] = line.split(" ");
  console.log(JSON.stringify({ topic, ...decodePayload(Buffer.from(hexadecimal, "hex")) }, plain));
}
