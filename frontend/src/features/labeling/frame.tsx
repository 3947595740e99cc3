import { ActionIcon, Menu } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Assignment } from "~/api/types";
import { Brand } from "~/components/brand";
import { clock } from "~/components/format";
import { useScheme } from "~/components/scheme";
import { LANGUAGES, type LanguageCode, setLanguage } from "~/i18n";
import classes from "./frame.module.css";
import type { Desk } from "./use-desk";

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
        <Options />
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

function Options() {
  const { t, i18n } = useTranslation();
  const { scheme, choose } = useScheme();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={t("nav.menu")}>
          <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
            <path d="M2 4h12M2 8h12M2 12h12" stroke="currentColor" strokeWidth="1.5" />
          </svg>
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t("theme.label")}</Menu.Label>
        {(["light", "dark", "auto"] as const).map((name) => (
          <Menu.Item
            key={name}
            onClick={() => choose(name)}
            rightSection={scheme === name ? "✓" : null}
          >
            {t(`theme.${name}`)}
          </Menu.Item>
        ))}
        <Menu.Label>{t("language")}</Menu.Label>
        {Object.entries(LANGUAGES).map(([code, name]) => (
          <Menu.Item
            key={code}
            onClick={() => void setLanguage(code as LanguageCode)}
            rightSection={i18n.language === code ? "✓" : null}
          >
            {name}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item component={Link} to="/">
          {t("labeling.leave")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
