/** FRRouting: `frr.conf`, with nftables and sysctls beside it on a gateway. */
import { besideOnLinux } from "../linux.ts";
import type { Platform } from "../platform.ts";
import { readFrr } from "./read.ts";
import { frrText } from "./write.ts";

export const frr: Platform = {
  name: "frr",
  title: "FRRouting 8.4 on Linux",
  translation: "beside it",
  unnumbered: "by advertisements",
  exports: "what entered BGP",
  conditions: "while heard",
  render: (config, site) => ({
    files: [{ name: `${config.name}.frr.conf`, text: frrText(config) }, ...besideOnLinux(site, config)],
    refused: [],
  }),
  read: readFrr,
};
