/** Cisco IOS-XE: ASR 1000, ISR and Catalyst 8000 routers; Catalyst 9000 switches with the licence for it. */
import type { Platform } from "../platform.ts";
import { readIosxe } from "./read.ts";
import { RELEASE } from "./words.ts";
import { iosxeText } from "./write.ts";

export const iosxe: Platform = {
  name: "iosxe",
  title: RELEASE,
  translation: "in its text",
  exports: "what entered BGP",
  conditions: "while heard",
  render: (config) => ({ files: [{ name: `${config.name}.iosxe.conf`, text: iosxeText(config) }], refused: [] }),
  read: readIosxe,
};
