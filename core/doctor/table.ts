/** All checks as a Markdown table, for the manual. */
import { CHECKS } from "./checks.ts";

export function checksTable(): string {
  const groups = Map.groupBy(CHECKS, ({ group }) => group);
  return [...groups]
    .map(([group, checks]) => {
      const rows = checks.map(
        ({ id, title, looks, remedy }) => `| ${id} | ${title} | ${looks.map(({ at }) => at).join("<br>")} | ${remedy} |`,
      );
      return [
        `### ${group[0]?.toUpperCase()}${group.slice(1)}`,
        "",
        "| id | is so when all is well | where it looks | what to do |",
        "|---|---|---|---|",
        ...rows,
      ].join("\n");
    })
    .join("\n\n");
}
