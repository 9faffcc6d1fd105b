/** An entry in OpenStack's `clouds.yaml`, with which its clients find a cloud and log in. */
import { parseDocument } from "yaml";

export interface CloudEntry {
  /** After `--os-cloud`. */
  readonly cloud: string;
  /** Of the controller: `http://controller:9696`. */
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly project: string;
  readonly region: string;
}

/** The text with the entry in it, in place of one of the same name; what else it holds stays as it is. Throws when it is no YAML. */
export function withCloud(text: string, { cloud, url, user, password, project, region }: CloudEntry): string {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined) throw new Error(`not YAML: ${error.message}`);
  const auth = {
    auth_url: `${url.replace(/\/+$/, "")}/identity/v3`,
    username: user,
    password,
    project_name: project,
    user_domain_name: "Default",
    project_domain_name: "Default",
  };
  document.setIn(["clouds", cloud], document.createNode({ auth, region_name: region, identity_api_version: 3 }));
  return document.toString({ lineWidth: 0 });
}
