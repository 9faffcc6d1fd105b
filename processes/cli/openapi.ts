/** `margay openapi`: the API as an OpenAPI document, as a running controller tells it at /margay/v1/openapi.json, or as a page to read. */
import { Command } from "commander";
import { apiMarkdown } from "#core/neutron/api-document.ts";
import { openapi } from "#core/neutron/openapi.ts";
import { ownVersion } from "../version.ts";

export function command(): Command {
  return new Command("openapi")
    .description("Print the API as an OpenAPI 3.1 document")
    .option("--markdown", "as docs/api.md has it")
    .action(({ markdown }: { readonly markdown?: true }) => {
      process.stdout.write(markdown ? apiPage() : `${JSON.stringify(openapi(ownVersion()), undefined, 2)}\n`);
    });
}

/** docs/api.md */
export function apiPage(): string {
  return `# The API

Neutron's Networking API v2.0, for Nova, the \`openstack\` client and whatever else speaks it: the same paths, bodies, filters, errors and
policies. An extension is told only where it has its full effect; what would have none is refused, with the reason, rather than kept in
silence. Every attribute, with who may give and see it, is in the OpenAPI document (\`margay openapi\`, \`/margay/v1/openapi.json\`); who
may do what in \`margay policy show\`.

Paths are below \`/v2.0\` where they do not begin with a slash. What has tags has \`tags\` and \`tags/{tag}\` below it as well.

## Where it differs

| what | answer | otherwise |
| --- | --- | --- |
| networks, subnets, routers, floating IPs, once a data centre was applied | 409 OverQuota: for all, their quota is 0 | \`openstack quota set\` for a project |
| a subnet outside the ranges of \`datacenter.yaml\` | 400 InvalidInput | \`cloud.undeclared_subnets: allowed\` |
| subnets with addresses in common | 400 InvalidInput | \`cloud.overlapping_subnets: allowed\`; an address still has one port |
| next hops of host routes and extra routes that no traffic would pass | 400 | \`cloud.dead_next_hops: allowed\` |
| networks that are tunnels or VLANs (\`vxlan\`, \`gre\`, \`vlan\`, …) | 400 InvalidInput | none: all are routed |
| \`binding:vnic_type\` other than \`normal\` | 400 | none: the host routes and filters |
| a binding on a host without a live agent, \`POST quotas\` | 409 PortBindingError, 405, where Neutron answers 500 and 501 | |
| an address that was released a moment ago | is chosen by nobody for \`cloud.quarantine_seconds\` | given to who names it |
| a floating IP for which an IPv6 \`subnet_id\` or address is asked | is of IPv6, and leads to IPv6 addresses, where Neutron gives none | |
| a floating IP | needs no router, where its port is on a network that is shared with the port's project | |
| an address in \`allowed_address_pairs\` | leads to the bound port that announced it last (ARP, NA), or to the only one | prefixes lead nowhere |
| a router | leads nowhere by itself: what its subnets reach is decided by routing; its gateway and interfaces are kept, checked and shown | |

${apiMarkdown()}
This page follows from the declarations (\`margay openapi --markdown\`).
`;
}
