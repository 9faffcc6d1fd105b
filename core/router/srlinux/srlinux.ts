/** Nokia SR Linux. */
import type { Platform } from "../platform.ts";
import { readSrlinux } from "./read.ts";
import { RELEASE } from "./words.ts";
import { refusedBy, srlinuxText } from "./write.ts";

export const srlinux: Platform = {
  name: "srlinux",
  title: RELEASE,
  translation: "beside it",
  exports: "every route",
  conditions: "none",
  render: (config) => ({
    files: [{ name: `${config.name}.srlinux.conf`, text: srlinuxText(config) }],
    refused: refusedBy(config),
  }),
  read: readSrlinux,
};
