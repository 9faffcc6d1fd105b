/** A first identity file: an administrator, with a new password, and how clients log in as that. */
import { DEFAULT_REGION } from "#core/identity/layout.ts";
import { EMPTY, withProject, withUser } from "./accounts-edit.ts";
import { withCloud } from "./clouds-yaml.ts";
import { ADMIN_PROJECT } from "./local.ts";
import { generatedPassword, hashPassword } from "./passwords.ts";

export interface FirstFile {
  readonly identity: string;
  /** The password stands in it, and nowhere else. */
  readonly clouds: string;
}

/** `url`: the controller as clients reach it; `clouds`: what the `clouds.yaml` holds already. */
export async function firstFile(entry: { readonly cloud: string; readonly url: string }, clouds = ""): Promise<FirstFile> {
  const password = generatedPassword();
  // Whoever comes by the unix socket is in this project: what was made there is the administrator's by TCP too.
  const projects = withProject({ name: "admin", id: ADMIN_PROJECT })(EMPTY);
  const user = { name: "admin", passwordHash: await hashPassword(password), roles: { admin: ["admin"] } };
  const cloud = { ...entry, user: "admin", password, project: "admin", region: DEFAULT_REGION };
  return { identity: withUser(user)(projects), clouds: withCloud(clouds, cloud) };
}
