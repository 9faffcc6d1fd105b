/** Cisco IOS-XE: ASR 1000, ISR and Catalyst 8000 routers; Catalyst 9000 switches with the licence for it. */
import type { Platform } from "../platform.ts";
import { refusedOptions } from "../pnat-options.ts";
import { readIosxe } from "./read.ts";
import { RELEASE } from "./words.ts";
import { iosxeText } from "./write.ts";

export const iosxe: Platform = {
  name: "iosxe",
  title: RELEASE,
  translation: "in its text",
  exports: "what entered BGP",
  conditions: "while heard",
  render: (config) => ({
    files: [{ name: `${config.name}.iosxe.conf`, text: iosxeText(config) }],
    refused: refusedOptions(config.pnat, {
      ports: "IOS-XE gives ports, and blocks of them, as they are asked for; none follow from a VM's address",
      cone: "a translation of IOS-XE knows both ends of a flow, and lets nobody else answer",
    }),
  }),
  read: readIosxe,
};
