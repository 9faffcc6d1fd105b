/** Every setting of `margay agent`, by section. */
import { ROLES } from "../datacenter/roles.ts";
import { list, nullable } from "../resource/composites.ts";
import { integer, oneOf, text } from "../resource/scalars.ts";
import { section } from "./setting.ts";
import type { Objection, SettingsOf } from "./setting.ts";
import { log } from "./log.ts";
import { controllerAddress, file, webAddress } from "./types.ts";

/** Where the file is when nobody says otherwise. */
export const AGENT_SETTINGS_FILE = "/etc/margay/agent.yaml";

const agent = section({
  note: "Which machine this is, and who tells it what it should hold.",
  settings: {
    role: { type: oneOf(...ROLES), takes: "restart", note: "What this machine is." },
    host: { type: text(255), takes: "restart", note: "Its name in the declaration of the data centre, and in Nova." },
    controllers: { type: list(controllerAddress, { unique: true }), takes: "restart", note: "Where the controllers are; tried in turn." },
    state: { type: file, default: "/var/lib/margay", takes: "restart", note: "The directory of files, logs and records of daemons." },
    flow_offload: {
      type: oneOf("auto", "off"),
      default: "auto",
      takes: "restart",
      note: "Compute hosts: established flows pass the packet filter by where the kernel can (nf_flow_table), or never do.",
    },
  },
  objection: ({ controllers }) => (controllers.length === 0 ? { key: "controllers", reason: "names none" } : undefined),
});

const metadata = section({
  note: "Compute hosts: VMs ask at http://169.254.169.254 and http://[fe80::a9fe:a9fe], and Nova is asked in their name. Each port has its own limits.",
  settings: {
    urls: {
      type: list(webAddress, { unique: true }),
      default: [],
      takes: "at once",
      note: "Nova's metadata API: http://nova:8775; tried in turn. None: VMs are told that there is no metadata.",
    },
    shared_secret_file: {
      type: nullable(file),
      default: null,
      takes: "at once",
      note: "The file with Nova's [neutron] metadata_proxy_shared_secret, and nothing else but a line's end; not for everybody to read.",
    },
    ca: {
      type: nullable(file),
      default: null,
      takes: "at once",
      note: "PEM: who issues Nova's certificate. None: whom the system believes.",
    },
    certificate: {
      type: nullable(file),
      default: null,
      takes: "at once",
      note: "PEM: what Nova is shown where it asks for a certificate.",
    },
    key: { type: nullable(file), default: null, takes: "at once", note: "PEM: the certificate's private key." },
    connect_seconds: {
      type: integer(1, 60),
      default: 3,
      unit: "seconds",
      takes: "at once",
      note: "How long a connection to Nova may take; then the next address is tried.",
    },
    timeout_seconds: {
      type: integer(1, 300),
      default: 30,
      unit: "seconds",
      takes: "at once",
      note: "How long Nova may be silent; then VMs are answered 504.",
    },
    port_requests: {
      type: integer(1, 10_000),
      default: 50,
      unit: "per second",
      takes: "at once",
      note: "How often one port may ask, in the long run: beyond it, 429.",
    },
    port_burst: {
      type: integer(1, 100_000),
      default: 200,
      unit: "requests",
      takes: "at once",
      note: "How much more it may ask once in a while.",
    },
    port_connections: { type: integer(1, 1000), default: 32, takes: "at once", note: "How many connections one port may have." },
  },
  objection: ({ urls, shared_secret_file: secret, certificate, key }): Objection | undefined => {
    if (urls.length > 0 && secret === null) return { key: "shared_secret_file", reason: "missing: without it Nova believes nobody" };
    if (certificate !== null && key === null) return { key: "key", reason: "missing: the certificate has one" };
    if (certificate === null && key !== null) return { key: "certificate", reason: "missing: the key belongs to one" };
    return undefined;
  },
});

export const AGENT = { agent, metadata, log: log("Changes and drift are told at info and warn.") };

export type AgentFile = SettingsOf<typeof AGENT>;
