/** DNS names as attributes: labels of RFC 1123, lower-cased, empty for none. */
import { invalid, isWrong } from "../resource/type.ts";
import type { Type } from "../resource/type.ts";
import { text } from "../resource/scalars.ts";

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

export const dnsName: Type<string> = named("dns name", (labels, name) =>
  labels.every((label) => LABEL.test(label)) ? undefined : `'${name}' not a valid PQDN or FQDN.`,
);

/** A domain must be fully qualified: it ends with a dot. */
export const dnsDomain: Type<string> = named("dns domain", (labels, name) =>
  name.endsWith(".") && labels.every((label) => LABEL.test(label)) ? undefined : `'${name}' is not a FQDN. It must end with '.'`,
);

function named(name: string, fault: (labels: readonly string[], name: string) => string | undefined): Type<string> {
  return {
    ...text(255),
    name,
    read: (raw) => {
      const read = text(255).read(raw);
      if (isWrong(read) || read.value === "") return read;
      const value = read.value.toLowerCase();
      const wrong = fault(value.replace(/\.$/, "").split("."), value);
      return wrong === undefined ? { value } : invalid(wrong);
    },
  };
}
