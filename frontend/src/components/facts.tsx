import type { ReactNode } from "react";
import classes from "./facts.module.css";

/** Names and values, as a description list. Values that are absent are left out. */
export function Facts({ rows }: { rows: [name: ReactNode, value: ReactNode][] }) {
  return (
    <dl className={classes.facts}>
      {rows
        .filter(
          ([, value]) => value !== null && value !== undefined && value !== "" && value !== false,
        )
        .map(([name, value], i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: rows are fixed by their caller.
          <div key={i}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
