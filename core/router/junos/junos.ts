/** Juniper Junos: routers (MX, QFX, PTX) and, where there is something to translate, the SRX. */
import type { Platform } from "../platform.ts";
import { readJunos } from "./read.ts";
import { RELEASE } from "./words.ts";
import { junosText, refusedBy } from "./write.ts";

export const junos: Platform = {
  name: "junos",
  title: RELEASE,
  translation: "in its text",
  exports: "every route",
  conditions: "while heard",
  render: (config) => ({
    files: [{ name: `${config.name}.junos.conf`, text: junosText(config) }],
    refused: refusedBy(config),
  }),
  read: readJunos,
};
