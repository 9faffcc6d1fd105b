/** The accounts of this folder's tests: a file as an operator would write it, its passwords cheap to check. */
import type { Accounts } from "#core/identity/accounts.ts";
import { readAccountsText } from "./accounts-file.ts";
import { hashPassword } from "./passwords.ts";

export const PASSWORDS = { alice: "wonderland", bob: "builder", nova: "supernova", root: "of all" } as const;

/** The least that `readPasswordHash` takes. */
const CHEAP = { logN: 14, r: 8, p: 1 };

const hashes = Object.fromEntries(
  await Promise.all(Object.entries(PASSWORDS).map(async ([user, password]) => [user, await hashPassword(password, CHEAP)] as const)),
);

/** `hash` in place of alice's. */
export function sampleText(hash = hashes["alice"]): string {
  return `# The cloud of the tests.
domains:
  - name: Elsewhere
projects:
  - name: red
    id: 1ed00000000000000000000000000001
  - name: services
  - name: admin
  - name: closed
    enabled: false
  - name: red # of another domain
    id: 1ed00000000000000000000000000002
    domain: Elsewhere
users:
  - name: alice
    password_hash: ${hash}
    roles:
      1ed00000000000000000000000000001: [member]
      closed: [member]
    domain_roles:
      Elsewhere: [reader]
  - name: bob
    password_hash: ${hashes["bob"]}
    roles: {1ed00000000000000000000000000001: [reader]}
  - name: nova
    password_hash: ${hashes["nova"]}
    roles: {services: [service]}
  - name: root
    password_hash: ${hashes["root"]}
    roles: {admin: [admin]}
  - name: gone
    enabled: false
    password_hash: ${hashes["bob"]}
    roles: {services: [member]}
`;
}

export function sampleAccounts(text = sampleText()): Accounts {
  const reading = readAccountsText("identity.yaml", text);
  if (!reading.ok) throw new Error(reading.problems.join("\n"));
  return reading.value;
}
