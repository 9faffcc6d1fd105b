/** Every platform that Margay writes for. A platform is a folder beside this file, and a row here. */
import type { Platform } from "./platform.ts";

export const PLATFORMS: readonly Platform[] = [];

export function platformOf(name: string): Platform | undefined {
  return PLATFORMS.find((platform) => platform.name === name);
}
