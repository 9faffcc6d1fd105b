/** VyOS, whose BGP is FRRouting's and whose translation is the kernel's. */
import type { Platform } from "../platform.ts";
import { refusedOptions } from "../pnat-options.ts";
import { readVyos } from "./read.ts";
import { RELEASE } from "./words.ts";
import { vyosText } from "./write.ts";

export const vyos: Platform = {
  name: "vyos",
  title: RELEASE,
  translation: "in its text",
  unnumbered: "by advertisements",
  exports: "what entered BGP",
  conditions: "while heard",
  render: (config) => ({
    files: [{ name: `${config.name}.vyos.conf`, text: vyosText(config) }],
    refused: refusedOptions(config.pnat, {
      ports: "VyOS has such blocks in nat cgnat alone, which translates towards every destination, the data centre's own included",
      cone: "a translation of VyOS is one flow's, and it has no map of ways in",
    }),
  }),
  read: readVyos,
};
