/** How the controller knows who asks. */
import { nullable } from "../resource/composites.ts";
import { integer, oneOf, text } from "../resource/scalars.ts";
import { section } from "./setting.ts";
import type { Objection } from "./setting.ts";
import { file, webAddress } from "./types.ts";

const name = text(255);

/** What must be given before Keystone can be asked. */
const FOR_KEYSTONE = ["keystone_url", "keystone_password_file"] as const;

export const auth = section({
  note: "Who is let in by TCP. Whoever may open a unix socket is an administrator: its file's mode says who that is.",
  settings: {
    how: {
      type: oneOf("embedded", "keystone", "closed", "none"),
      default: "embedded",
      takes: "restart",
      note: "embedded: by tokens given below /identity. keystone: by a Keystone's. closed: nobody is let in. none: everybody is, as administrator.",
    },
    identity_file: {
      type: file,
      default: "/etc/margay/identity.yaml",
      takes: "restart",
      note: "embedded: users, projects and roles; `margay identity` writes it. Read again whenever it changes; a wrong one changes nothing.",
    },
    token_seconds: {
      type: integer(60, 86_400),
      default: 3600,
      unit: "seconds",
      takes: "restart",
      note: "embedded: how long a token is good.",
    },
    keystone_url: { type: nullable(webAddress), default: null, takes: "restart", note: "keystone: where it is, with or without /v3." },
    keystone_public_url: {
      type: nullable(webAddress),
      default: null,
      takes: "restart",
      note: "keystone: where clients without a token are sent. None: to keystone_url.",
    },
    keystone_user: {
      type: name,
      default: "neutron",
      takes: "restart",
      note: "keystone: who this controller is; needs the role service or admin.",
    },
    keystone_user_domain: { type: name, default: "Default", takes: "restart", note: "keystone: the domain of that user, by name." },
    keystone_project: { type: name, default: "service", takes: "restart", note: "keystone: the project in which that user has the role." },
    keystone_project_domain: { type: name, default: "Default", takes: "restart", note: "keystone: the domain of that project, by name." },
    keystone_password_file: {
      type: nullable(file),
      default: null,
      takes: "restart",
      note: "keystone: the file with that user's password, and nothing else but a line's end.",
    },
    keystone_ca: {
      type: nullable(file),
      default: null,
      takes: "restart",
      note: "keystone: PEM: who issues its certificate. None: whom the system believes.",
    },
    keystone_cache_seconds: {
      type: integer(0, 3600),
      default: 300,
      unit: "seconds",
      takes: "restart",
      note: "keystone: for how long a token that was good is not asked about again; a revoked one is let in for as long at most.",
    },
    keystone_timeout_seconds: {
      type: integer(1, 300),
      default: 10,
      unit: "seconds",
      takes: "restart",
      note: "keystone: how long its answers are waited for; then requests are refused with 503.",
    },
  },
  objection: (values): Objection | undefined => {
    const missing = values.how === "keystone" ? FOR_KEYSTONE.find((key) => values[key] === null) : undefined;
    return missing && { key: missing, reason: "missing, where auth.how is keystone" };
  },
});
