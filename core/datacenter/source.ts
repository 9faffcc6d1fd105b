/**
 * The document under reading, and what is found wrong in it. A finding names its place by path; whoever holds the
 * text adds file and line. Nothing stops at the first finding: an operator gets them all at once.
 */
export type Path = readonly (string | number)[];

export interface Finding {
  readonly path: Path;
  /** `fabric.asn 4294967296: not an AS number (1 to 4294967295)` */
  readonly message: string;
}

export interface Source {
  readonly findings: readonly Finding[];
  /** The value at a place; undefined where there is none. */
  at(path: Path): unknown;
  blame(path: Path, reason: string): void;
  /** The same of a secret: what stands there is not repeated. */
  conceal(path: Path, reason: string): void;
  /** Has something been found at this place or around it? Then what follows from it is not worth a second finding. */
  blamed(path: Path): boolean;
}

/** `document` is plain data: mappings, lists, texts, numbers, truth values and nulls. */
export function sourceOf(document: unknown): Source {
  const findings: Finding[] = [];
  const at = (path: Path) => path.reduce<unknown>(step, document);
  return {
    findings,
    at,
    blame: (path, reason) => void findings.push(finding(path, at(path), reason)),
    conceal: (path, reason) => void findings.push(finding(path, undefined, reason)),
    blamed: (path) => findings.some((found) => found.path.every((key, index) => path[index] === key)),
  };
}

export function finding(path: Path, value: unknown, reason: string): Finding {
  return { path, message: `${[showPath(path), showValue(value)].filter((part) => part !== "").join(" ")}: ${reason}` };
}

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value));
}

/** `hosts[1].ipv4`; the whole document has no path, so it is named. */
export function showPath(path: Path): string {
  if (path.length === 0) return "the document";
  return path.map((key, index) => (typeof key === "number" ? `[${key}]` : index === 0 ? key : `.${key}`)).join("");
}

function step(value: unknown, key: string | number): unknown {
  if (typeof key === "number") return Array.isArray(value) ? (value as readonly unknown[])[key] : undefined;
  return isMapping(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

const LONGEST = 80;

/** One line, however the document was written; mappings and lists are not repeated. */
function showValue(value: unknown): string {
  if (value === undefined || value === null || typeof value === "object") return "";
  const text = String(value);
  const plain = text === "" || /[\p{C}\p{Zl}\p{Zp}]/u.test(text) ? JSON.stringify(text) : text;
  return plain.length > LONGEST ? `${plain.slice(0, LONGEST)}…` : plain;
}
