/** HTTPS with certificates that OpenSSL makes: shown, changed while the server runs, and asked of clients. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import type { RequestOptions } from "node:https";
import { connect } from "node:tls";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { fakeLog } from "#contracts/log.fake.ts";
import { serve } from "./server.ts";
import { certificates } from "./tls.ts";
import type { Certificates } from "./tls.ts";

interface Pair {
  readonly certificate: string;
  readonly key: string;
}

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), "margay-tls-"));
  t.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** Signed by itself, for 127.0.0.1. */
function pair(directory: string, name: string): Pair {
  const [certificate, key] = [join(directory, `${name}.pem`), join(directory, `${name}.key`)];
  const made = [
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-days",
    "2",
    "-subj",
    `/CN=${name}`,
  ];
  execFileSync("openssl", [...made, "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate], { stdio: "ignore" });
  return { certificate, key };
}

async function opened(t: TestContext, shown: Certificates): Promise<number> {
  t.after(() => shown.stop());
  const handle = async ({ base }: { readonly base: string }) => ({ status: 200, body: base });
  const served = await serve({
    listen: [{ host: "127.0.0.1", port: 0 }],
    handle,
    log: fakeLog(),
    certificates: shown,
    terms: { graceMs: 100 },
  });
  t.after(() => served.close());
  assert.match(served.addresses[0] ?? "", /^https:/);
  return Number(/:(\d+)$/.exec(served.addresses[0] ?? "")?.[1]);
}

async function ask(port: number, options: RequestOptions): Promise<string> {
  return await new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path: "/", agent: false, ...options }, (answer) => {
      answer
        .setEncoding("utf8")
        .toArray()
        .then((parts) => resolve(parts.join("")), reject);
    });
    sent.on("error", reject).end();
  });
}

/** Whose certificate is shown. */
async function subject(port: number): Promise<string> {
  return await new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

test("the certificate is shown, and another one once its files are others; broken files change nothing", async (t) => {
  const directory = folder(t);
  const [first, second] = [pair(directory, "first"), pair(directory, "second")];
  const files = { certificate: join(directory, "used.pem"), key: join(directory, "used.key") };
  const use = ({ certificate, key }: Pair) => {
    copyFileSync(certificate, files.certificate);
    copyFileSync(key, files.key);
  };
  use(first);
  const log = fakeLog();
  const shown = certificates(files, log);
  const port = await opened(t, shown);
  assert.equal(await ask(port, { ca: readFileSync(first.certificate) }), `"https://127.0.0.1:${port}"`);

  copyFileSync(second.certificate, files.certificate);
  shown.reread();
  assert.equal(log.lines.at(-1)?.event, "the certificate was not taken");
  assert.equal(await subject(port), "first");
  for (const file of [files.certificate, files.key]) {
    use(second);
    writeFileSync(file, "");
    shown.reread();
    assert.equal(log.lines.at(-1)?.event, "the certificate was not taken");
    assert.equal(await subject(port), "first");
  }
  use(second);
  shown.reread();
  assert.equal(await subject(port), "second");
  await assert.rejects(ask(port, { ca: readFileSync(first.certificate) }), /self-signed|unable to verify/);

  use(first);
  while ((await subject(port)) !== "first") await new Promise((resolve) => setTimeout(resolve, 100));
});

test("where clients must show a certificate, others get no answer", async (t) => {
  const directory = folder(t);
  const [server, client, stranger] = [pair(directory, "server"), pair(directory, "client"), pair(directory, "stranger")];
  const port = await opened(t, certificates({ ...server, clientCa: client.certificate }, fakeLog()));
  const ca = readFileSync(server.certificate);
  const as = ({ certificate, key }: Pair) => ({ ca, cert: readFileSync(certificate), key: readFileSync(key) });
  assert.match(await ask(port, as(client)), /^"https:/);
  await assert.rejects(ask(port, { ca }));
  await assert.rejects(ask(port, as(stranger)));
});

test("files that are no certificate with its key are refused at the start", (t) => {
  const directory = folder(t);
  const [one, other] = [pair(directory, "one"), pair(directory, "other")];
  assert.throws(() => certificates({ certificate: one.certificate, key: other.key }, fakeLog()), /key values mismatch/);
  assert.throws(() => certificates({ certificate: join(directory, "nothing"), key: one.key }, fakeLog()), /ENOENT/);
  writeFileSync(join(directory, "text"), "text");
  assert.throws(() => certificates({ certificate: join(directory, "text"), key: one.key }, fakeLog()));
});
