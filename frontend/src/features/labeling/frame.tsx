import { ActionIcon } from "@mantine/core";
import { type ReactNode, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Assignment } from "~/api/types";
import { Brand } from "~/components/brand";
import { clock } from "~/components/format";
import { later } from "~/components/later";
import classes from "./frame.module.css";
import type { Desk } from "./use-desk";

const Options = later(() => import("./options"));

/** The thin bar above a task; it never scrolls away. */
export function Frame({
  desk,
  assignment,
  savedAt = null,
  onHelp,
  children,
}: {
  desk: Desk;
  assignment?: Assignment;
  savedAt?: Date | null;
  onHelp?: () => void;
  children: ReactNode;
}) {
  const { t } = useTranslation();
  return (
    <div className={classes.frame}>
      <header className={classes.header}>
        <Link to="/" className={classes.brand} aria-label={`Whetstone: ${t("labeling.leave")}`}>
          <Brand />
        </Link>
        {assignment && (
          <h1 className={classes.where}>
            {assignment.project.name} · {t("round", { number: assignment.round.number })}
          </h1>
        )}
        <p className={classes.progress}>
          <span>{t("labeling.done", { count: desk.doneToday })}</span>
          <Kept desk={desk} savedAt={savedAt} />
        </p>
        {onHelp && (
          <ActionIcon
            variant="subtle"
            color="gray"
            onClick={onHelp}
            aria-label={t("labeling.help")}
          >
            ?
          </ActionIcon>
        )}
        <Suspense fallback={null}>
          <Options />
        </Suspense>
      </header>
      {children}
    </div>
  );
}

function Kept({ desk, savedAt }: { desk: Desk; savedAt: Date | null }) {
  const { t } = useTranslation();
  const { state, waiting } = desk.outbox;
  if (state === "signedOut") {
    return (
      <Link to="/sign-in" className={classes.warning} role="status">
        {t("labeling.signedOut")}
      </Link>
    );
  }
  if (state === "offline") {
    return (
      <span className={classes.warning} role="status">
        {t("labeling.unsent", { count: waiting })}
      </span>
    );
  }
  if (!savedAt) return null;
  return <span>{t("labeling.saved", { time: clock(savedAt) })}</span>;
}
