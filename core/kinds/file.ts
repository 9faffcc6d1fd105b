/** Files in Margay's own directory of a host: whatever else lies there is not wanted. */
import type { Kind } from "./kind.ts";

export interface File {
  /** Path relative to the state directory: `dnsmasq/hosts/8f…`. */
  readonly path: string;
  readonly content: string;
}

export const file: Kind<File> = {
  name: "file",
  key: (value) => value.path,
  same: (want, have) => want.content === have.content,
  needs: () => [],
  show: (value) => `${value.path} (${value.content.length} characters)`,
};
