// Passes by @walletpass/pass-js as its README shows: one template, then createPass and asBuffer.

import { Template } from "@walletpass/pass-js";
import { fieldsOf, images, model, pem, serve } from "./talk.mjs";

const template = new Template("storeCard", model.pass);
template.setCertificate(String(pem("certificate")));
template.setPrivateKey(String(pem("key")));
for (const [name, data] of Object.entries(images)) {
  const [, type, density] = name.match(/^(\w+?)(?:@(\dx))?\.png$/);
  await template.images.add(type, data, density);
}
for (const [language, strings] of Object.entries(model.strings)) {
  template.localization.add(language, strings);
}

await serve((each) => {
  const { serialNumber, authenticationToken } = each;
  const pass = template.createPass({ serialNumber, authenticationToken });
  pass.barcodes = [each.barcode];
  for (const group of Object.keys(model.groups)) {
    for (const field of fieldsOf(group, each)) pass[group].add(field);
  }
  return pass.asBuffer();
});
