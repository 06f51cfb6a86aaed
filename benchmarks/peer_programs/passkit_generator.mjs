// Passes by passkit-generator as its documentation shows: files in memory, a PKPass for each.

import { PKPass } from "passkit-generator";
import { fieldsOf, images, model, pem, serve } from "./talk.mjs";

const certificates = { wwdr: pem("wwdr"), signerCert: pem("certificate"), signerKey: pem("key") };
const { webServiceURL, ...common } = model.pass; // it wants the address with the token
const base = Buffer.from(JSON.stringify({ formatVersion: 1, ...common, storeCard: {} }));

await serve((each) => {
  const { serialNumber, authenticationToken } = each;
  const props = { serialNumber, authenticationToken, webServiceURL };
  const files = { ...images, "pass.json": base };
  const pass = new PKPass(files, certificates, props);
  for (const group of Object.keys(model.groups)) pass[group].push(...fieldsOf(group, each));
  for (const [language, strings] of Object.entries(model.strings)) pass.localize(language, strings);
  pass.setBarcodes(each.barcode);
  return pass.getAsBuffer();
});
