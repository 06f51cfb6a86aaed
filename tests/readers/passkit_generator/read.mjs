// passkit-generator takes each unpacked pass, checks it by its own schemas and signs it anew.
// Usage: node read.mjs CERTIFICATES FOLDER...   One line of JSON a folder; what it only warns of
// (and then leaves out) counts as refused.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { PKPass } from "passkit-generator";

const [certificates, ...folders] = process.argv.slice(2);
const signing = {
  wwdr: readFileSync(join(certificates, "wwdr.pem")),
  signerCert: readFileSync(join(certificates, "certificate.pem")),
  signerKey: readFileSync(join(certificates, "key.pem")),
};

function filesOf(folder) {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name))]));
}

function read(folder) {
  const warnings = [];
  console.warn = (text) => warnings.push(String(text));
  try {
    const pass = new PKPass(filesOf(folder), signing);
    const made = pass.getAsBuffer().toString("base64");
    if (warnings.length) return { refused: warnings.join(" ") };
    const { serialNumber, voided = false, barcodes } = pass.props;
    const kind = pass.types[0];
    const groups = ["header", "primary", "secondary", "auxiliary", "back"];
    const keys = groups.flatMap((group) => kind[`${group}Fields`].map((field) => field.key));
    return { style: pass.type, serial: serialNumber, voided, barcodes, keys, made };
  } catch (error) {
    return { refused: [...warnings, error.message].join(" ") };
  }
}

for (const folder of folders) console.log(JSON.stringify(read(folder)));
