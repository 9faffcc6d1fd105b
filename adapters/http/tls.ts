/** A door's certificate, from files that are read again when they change; what is broken changes nothing. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync, unwatchFile, watchFile } from "node:fs";
import { createSecureContext } from "node:tls";
import type { SecureContextOptions, TlsOptions } from "node:tls";
import type { Log } from "#contracts/log.ts";

export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
  /** Whose certificates clients must show. */
  readonly clientCa?: string;
}

export interface Certificates {
  /** As they are now. */
  options(): TlsOptions;
  /** Reads the files again, and calls everybody who listens when they are good. */
  reread(): void;
  listen(changed: (options: SecureContextOptions) => void): void;
  stop(): void;
}

/** How often the files are looked at. */
const LOOK_MS = 2000;

/** Throws when the files cannot be read, or are no certificate with its key. */
export function certificates(files: TlsFiles, log: Log): Certificates {
  const paths = [files.certificate, files.key, ...(files.clientCa === undefined ? [] : [files.clientCa])];
  let current = read(files);
  const listeners: ((options: SecureContextOptions) => void)[] = [];
  const reread = () => {
    try {
      const next = read(files);
      if (JSON.stringify(next) === JSON.stringify(current)) return;
      current = next;
      for (const changed of listeners) changed(next);
      log.info("the certificate was read again", { certificate: files.certificate });
    } catch (error) {
      log.error("the certificate was not taken", { certificate: files.certificate, error });
    }
  };
  for (const path of paths) watchFile(path, { interval: LOOK_MS, persistent: false }, reread);
  return {
    options: () => ({
      ...current,
      minVersion: "TLSv1.2",
      ...(files.clientCa !== undefined && { requestCert: true, rejectUnauthorized: true }),
    }),
    reread,
    listen: (changed) => void listeners.push(changed),
    stop: () => paths.forEach((path) => unwatchFile(path, reread)),
  };
}

/** Of one moment, or not at all: a key beside another's certificate is refused by OpenSSL. */
function read({ certificate, key, clientCa }: TlsFiles): SecureContextOptions {
  const options = {
    cert: readFileSync(certificate, "utf8"),
    key: readFileSync(key, "utf8"),
    ...(clientCa !== undefined && { ca: readFileSync(clientCa, "utf8") }),
  };
  // OpenSSL takes nothing for no certificate, and no certificate for one that nobody is shown: a file that is being written is empty.
  const [shown] = [options.cert, options.ca ?? options.cert].map((pem) => new X509Certificate(pem));
  if (shown?.checkPrivateKey(createPrivateKey(options.key)) !== true)
    throw new Error(`key values mismatch: ${key} is not of ${certificate}`);
  createSecureContext(options);
  return options;
}
