/**
 * What projects may not have: addresses come from the two shared networks, so nobody else makes networks or subnets, and
 * nobody needs routers or floating IPs to be reached. In Neutron's words, for the default and for every project.
 */
export const QUOTAS = { network: 0, subnet: 0, router: 0, floatingip: 0 } as const;
