/** Every setting of `margay controller`, by section. */
import { DEFAULT_SETTINGS } from "../neutron/settings.ts";
import { list, nullable } from "../resource/composites.ts";
import { flag, integer, oneOf } from "../resource/scalars.ts";
import { auth } from "./auth.ts";
import { log } from "./log.ts";
import { nova } from "./nova.ts";
import { section } from "./setting.ts";
import type { SettingsOf } from "./setting.ts";
import { file, listen } from "./types.ts";

/** Where the file is when nobody says otherwise. */
export const SETTINGS_FILE = "/etc/margay/controller.yaml";

const doors = list(listen, { unique: true });

const listening = section({
  note: "Where the controller is reached.",
  settings: {
    api: {
      type: doors,
      default: ["unix:/run/margay/controller.sock"],
      takes: "restart",
      note: "The Neutron API and the agents' feed.",
    },
    metrics: {
      type: doors,
      default: [],
      takes: "restart",
      note: "/metrics for Prometheus, told to whoever asks here; unix sockets of the API serve it too, its TCP ports do not.",
    },
  },
});

const store = section({
  note: "What keeps the state.",
  settings: {
    path: {
      type: file,
      default: "/var/lib/margay/store.sqlite",
      takes: "restart",
      note: "The SQLite file; made when it is not there. Backups before a migration are written beside it.",
    },
    history: {
      type: integer(100, 1_000_000),
      default: 10_000,
      unit: "commits",
      takes: "restart",
      note: "How far behind another controller on the same file may fall before it must load everything anew.",
    },
  },
});

const cloud = section({
  note: "What holds for the cloud as a whole; the same for every controller of it.",
  settings: {
    admin_is_service: {
      type: flag,
      default: DEFAULT_SETTINGS.adminIsService,
      takes: "at once",
      note: "May administrators do what Neutron leaves to services, such as writing binding:profile? Nova is often given no other role.",
    },
    overlapping_subnets: {
      type: oneOf("refused", "allowed"),
      default: DEFAULT_SETTINGS.overlappingSubnets,
      takes: "at once",
      note: "May two subnets have addresses in common? Each address still has one port at most.",
    },
    undeclared_subnets: {
      type: oneOf("refused", "allowed"),
      default: DEFAULT_SETTINGS.undeclaredSubnets,
      takes: "at once",
      note: "May a subnet lie outside the ranges of the data centre, once one has been applied?",
    },
    dead_next_hops: {
      type: oneOf("refused", "allowed"),
      default: DEFAULT_SETTINGS.deadNextHops,
      takes: "at once",
      note: "May host routes of subnets and extra routes of routers name next hops that no traffic would pass? It is routed by its destination alone.",
    },
    quarantine_seconds: {
      type: integer(0, 86_400),
      default: DEFAULT_SETTINGS.quarantineSeconds,
      unit: "seconds",
      takes: "at once",
      note: "For how long nobody is given, unasked, an address that was released; who names it gets it.",
    },
  },
});

const policy = section({
  note: "Who may do what.",
  settings: {
    file: {
      type: nullable(file),
      default: null,
      takes: "at once",
      note: "An operator's rules, in the form of Neutron's policy.yaml, on top of those that the declarations name.",
    },
  },
});

const tls = section({
  note: "HTTPS at the TCP ports of the API. The files are read again when they change; broken ones change nothing.",
  settings: {
    certificate: {
      type: nullable(file),
      default: null,
      takes: "restart",
      note: "PEM: the certificate and those that lead to its issuer. None: plain HTTP.",
    },
    key: { type: nullable(file), default: null, takes: "restart", note: "PEM: the certificate's private key." },
    client_ca: {
      type: nullable(file),
      default: null,
      takes: "restart",
      note: "PEM: who issues the certificates that clients must show. None: clients need none.",
    },
  },
  objection: ({ certificate, key, client_ca: clients }) => {
    if (certificate !== null && key === null) return { key: "key", reason: "missing: the certificate has one" };
    if (certificate === null && key !== null) return { key: "certificate", reason: "missing: the key belongs to one" };
    if (certificate === null && clients !== null)
      return { key: "certificate", reason: "missing: without it no client shows a certificate" };
    return undefined;
  },
});

const count = integer(1, 1_000_000);
const patience = integer(1, 3600);

const limits = section({
  note: "What clients may cost.",
  settings: {
    body_bytes: {
      type: integer(1024, 1 << 30),
      default: 1 << 20,
      unit: "bytes",
      takes: "at once",
      note: "The longest body: beyond it, 413.",
    },
    header_bytes: {
      type: integer(1024, 1 << 20),
      default: 32 * 1024,
      unit: "bytes",
      takes: "restart",
      note: "The longest request line with its headers: beyond it, 431.",
    },
    list_objects: {
      type: integer(0, 1_000_000),
      default: DEFAULT_SETTINGS.longestList,
      takes: "at once",
      note: "The most objects in one answer; the rest is on further pages. Neutron's pagination_max_limit. 0: all.",
    },
    client_requests: {
      type: count,
      default: 256,
      takes: "at once",
      note: "Requests in flight of one client address: beyond them, 429. Unix sockets are not counted.",
    },
    requests: { type: count, default: 1024, takes: "at once", note: "Requests in flight of everybody: beyond them, 503." },
    request_seconds: {
      type: patience,
      default: 60,
      unit: "seconds",
      takes: "restart",
      note: "How long a client may take to send a request: beyond it, 408. A quarter of it for the headers alone. A restored backup is one, too.",
    },
    idle_seconds: {
      type: patience,
      default: 75,
      unit: "seconds",
      takes: "restart",
      note: "How long a connection is kept that asks nothing.",
    },
    grace_seconds: {
      type: integer(0, 3600),
      default: 5,
      unit: "seconds",
      takes: "restart",
      note: "How long requests in flight may take to end when the controller is asked to stop.",
    },
  },
});

export const CONTROLLER = {
  listen: listening,
  store,
  auth,
  nova,
  cloud,
  policy,
  tls,
  limits,
  log: log("Each request is told at info, those that ask for health and metrics at debug."),
};

export type ControllerSettings = SettingsOf<typeof CONTROLLER>;
