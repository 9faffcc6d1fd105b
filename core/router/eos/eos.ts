/** Arista EOS. */
import type { Platform } from "../platform.ts";
import { readEos } from "./read.ts";
import { RELEASE } from "./words.ts";
import { eosText, refusedBy } from "./write.ts";

export const eos: Platform = {
  name: "eos",
  title: RELEASE,
  translation: "beside it",
  exports: "what entered BGP",
  conditions: "none",
  render: (config) => ({
    files: [{ name: `${config.name}.eos.conf`, text: eosText(config) }],
    refused: refusedBy(config),
  }),
  read: readEos,
};
