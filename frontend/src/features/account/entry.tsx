import { ActionIcon, SegmentedControl } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Brand } from "~/components/brand";
import { SchemeIcon, useScheme } from "~/components/scheme";
import { LANGUAGES, type LanguageCode, setLanguage } from "~/i18n";
import classes from "./entry.module.css";

/** The frame of the pages seen before signing in. */
export function Entry({ children }: { children: ReactNode }) {
  const { t, i18n } = useTranslation();
  const { scheme, toggle } = useScheme();
  return (
    <div className={classes.entry}>
      <header className={classes.header}>
        <Brand />
        <div className={classes.choices}>
          <SegmentedControl
            size="xs"
            aria-label={t("language")}
            value={i18n.language}
            onChange={(value) => void setLanguage(value as LanguageCode)}
            data={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            onClick={toggle}
            aria-label={`${t("theme.label")}: ${t(`theme.${scheme}`)}`}
          >
            <SchemeIcon scheme={scheme} />
          </ActionIcon>
        </div>
      </header>
      <main className={classes.main}>
        <div className={`panel ${classes.card}`}>{children}</div>
      </main>
    </div>
  );
}
