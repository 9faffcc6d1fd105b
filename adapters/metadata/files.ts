/** The files that the settings of metadata name: a secret, and certificates. What is wrong with them is told before anything is asked with them. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { reasonOf } from "../linux/errors.ts";

export interface MetadataFiles {
  readonly shared_secret_file: string | null;
  readonly ca: string | null;
  readonly certificate: string | null;
  readonly key: string | null;
}

export interface MetadataSecrets {
  readonly secret?: string;
  readonly ca?: string;
  readonly certificate?: string;
  readonly key?: string;
}

export type FilesReading =
  | { readonly ok: true; readonly value: MetadataSecrets }
  | { readonly ok: false; readonly problems: readonly string[] };

export function readMetadataFiles({ shared_secret_file, ca, certificate, key }: MetadataFiles): FilesReading {
  const problems: string[] = [];
  const read = (name: string, path: string | null, check: (path: string) => string): string | undefined => {
    if (path === null) return undefined;
    try {
      return check(path);
    } catch (error) {
      problems.push(`metadata.${name} ${path}: ${reasonOf(error)}`);
      return undefined;
    }
  };
  const secrets = {
    secret: read("shared_secret_file", shared_secret_file, secretIn),
    ca: read("ca", ca, certificateIn),
    certificate: read("certificate", certificate, certificateIn),
    key: read("key", key, (path) => keyIn(path, certificate)),
  };
  const given = Object.fromEntries(Object.entries(secrets).filter(([, text]) => text !== undefined));
  return problems.length === 0 ? { ok: true, value: given } : { ok: false, problems };
}

/** Whoever knows it can ask for the metadata of every server, user data included: a file that everybody may read is refused. */
function secretIn(path: string): string {
  const { mode } = statSync(path);
  if ((mode & 0o007) !== 0) throw new Error(`everybody may read it (mode ${(mode & 0o777).toString(8)}); chmod o= ${path}`);
  const text = readFileSync(path, "utf8").replace(/\r?\n$/, "");
  if (text === "") throw new Error("is empty");
  if (/[\r\n]/.test(text)) throw new Error("has more than one line");
  return text;
}

function certificateIn(path: string): string {
  const text = readFileSync(path, "utf8");
  try {
    return (void new X509Certificate(text), text);
  } catch {
    throw new Error("is no certificate in PEM");
  }
}

function keyIn(path: string, certificate: string | null): string {
  const text = readFileSync(path, "utf8");
  const shown = certificate === null ? undefined : new X509Certificate(readFileSync(certificate, "utf8"));
  if (shown !== undefined && !shown.checkPrivateKey(createPrivateKey(text))) throw new Error(`is not of ${certificate}`);
  return text;
}
