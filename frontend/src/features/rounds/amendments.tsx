import type { Amendment } from "~/api/types";
import classes from "./rounds.module.css";

/** What a decision laid over the recipe, one line per setting. */
export function Amendments({ amendments }: { amendments: Amendment[] }) {
  const lines = amendments.flatMap(({ step, change }) =>
    flat(change).map(([path, value]) => [`${step}.${path}`, value] as const),
  );
  if (lines.length === 0) return null;
  return (
    <ul className={classes.amendments}>
      {lines.map(([path, value]) => (
        <li key={path}>
          <code>{path}</code> → <code>{value}</code>
        </li>
      ))}
    </ul>
  );
}

/** Every value inside, with the path to it. */
export function flat(change: object, path = ""): [string, string][] {
  return Object.entries(change).flatMap(([name, value]: [string, unknown]) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? flat(value, `${path}${name}.`)
      : [[path + name, typeof value === "string" ? value : JSON.stringify(value)]],
  );
}
