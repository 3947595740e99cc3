import type { TFunction } from "i18next";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Question } from "~/api/types";
import { Facts } from "~/components/facts";
import { quantity } from "~/components/format";
import classes from "./rounds.module.css";

type Given = Question["evidence"];

/** What a question or a decision rests on; ids are links, an interval stands on one line. */
export function Evidence({ evidence }: { evidence: Given }) {
  const { t } = useTranslation();
  const rows = evidenceRows(evidence, t);
  if (rows.length === 0) return null;
  return (
    <div className={classes.evidence}>
      <Facts rows={rows} />
    </div>
  );
}

export function evidenceRows(evidence: Given, t: TFunction): [string, ReactNode][] {
  const { low, high, ...others } = evidence;
  const nameOf = (name: string) =>
    t(`rounds.evidence.${name}`, { defaultValue: name.replaceAll("_", " ") });
  const rows = Object.entries(others).flatMap(([name, value]): [string, ReactNode][] => {
    if (value === null || value === "") return [];
    return [[nameOf(name), shown(name, value, t)]];
  });
  if (typeof low === "number" && typeof high === "number") {
    rows.push([
      t("intervalNote"),
      t("rounds.evidence.between", { low: quantity(low), high: quantity(high) }),
    ]);
  }
  return rows;
}

function shown(name: string, value: string | number | boolean, t: TFunction): ReactNode {
  if (typeof value === "number") return quantity(value);
  // What a library said is in its own words, whatever the language on screen.
  if (name === "error") return <span lang="en">{value}</span>;
  const link = linkOf(name, String(value));
  return link ? <Link to={link}>{t("rounds.evidence.open")}</Link> : String(value);
}

function linkOf(name: string, id: string): string | null {
  if (!/^[0-9a-f-]{36}$/.test(id)) return null;
  if (name === "job") return `/jobs/${id}`;
  return name === "checkpoint" || name === "reward" || name === "parent"
    ? `/checkpoints/${id}`
    : null;
}
