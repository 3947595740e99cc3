import { ActionIcon, Menu } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useScheme } from "~/components/scheme";
import { LANGUAGE_CODES, LANGUAGES, setLanguage } from "~/i18n";

/** Light or dark, which language, and the way out. */
export default function Options() {
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
        {LANGUAGE_CODES.map((code) => (
          <Menu.Item
            key={code}
            onClick={() => void setLanguage(code)}
            rightSection={i18n.language === code ? "✓" : null}
          >
            {LANGUAGES[code]}
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
