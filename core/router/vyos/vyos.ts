/** VyOS, whose BGP is FRRouting's and whose translation is the kernel's. */
import type { Platform } from "../platform.ts";
import { readVyos } from "./read.ts";
import { RELEASE } from "./words.ts";
import { vyosText } from "./write.ts";

export const vyos: Platform = {
  name: "vyos",
  title: RELEASE,
  translation: "in its text",
  exports: "what entered BGP",
  conditions: "while heard",
  render: (config) => ({ files: [{ name: `${config.name}.vyos.conf`, text: vyosText(config) }], refused: [] }),
  read: readVyos,
};
