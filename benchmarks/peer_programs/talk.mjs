// What the programs for Node have in common: read materials once, then answer each line of input.
//
// Usage: node PROGRAM MATERIALS. A line is {"passes": [...], "folder": "..."}; the answer, one line
// of JSON, is the processor's and the clock's seconds that making them took. The files are written
// into the folder afterwards, so that only the making is measured.

import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

const materials = process.argv[2];

export const model = JSON.parse(readFileSync(join(materials, "model.json"), "utf8"));
export const pem = (name) => readFileSync(join(materials, `${name}.pem`));
export const images = Object.fromEntries(
  readdirSync(join(materials, "images")).map((name) => [
    name,
    readFileSync(join(materials, "images", name)),
  ]),
);

export function fieldsOf(group, { values }) {
  return model.groups[group].map((field) => ({ ...field, value: values[field.key] ?? field.value }));
}

export async function serve(make) {
  for await (const line of createInterface({ input: process.stdin })) {
    const { passes, folder } = JSON.parse(line);
    const files = [];
    const [usage, start] = [process.cpuUsage(), performance.now()];
    for (const each of passes) files.push(await make(each));
    const clock = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(usage);
    files.forEach((file, index) => writeFileSync(join(folder, `${index}.pkpass`), file));
    console.log(JSON.stringify({ processor: (user + system) / 1e6, clock }));
  }
}
