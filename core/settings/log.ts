/** What a process tells its operator. */
import { oneOf } from "../resource/scalars.ts";
import { section } from "./setting.ts";

/** `more`: what is told at which level. */
export function log(more: string) {
  return section({
    note: "One JSON object per line on standard output.",
    settings: {
      level: {
        type: oneOf("debug", "info", "warn", "error"),
        default: "info",
        takes: "at once",
        note: `The least grave that is told. ${more}`,
      },
    },
  });
}
