import { Button, SegmentedControl, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { notifications } from "@mantine/notifications";
import { useTranslation } from "react-i18next";
import { useSession, useUpdateAccount } from "~/api/session";
import type { Session } from "~/api/types";
import { Page, Section } from "~/components/page";
import { useScheme } from "~/components/scheme";
import { errorSentence, Loaded } from "~/components/sentence";
import { LANGUAGES, type LanguageCode, setLanguage } from "~/i18n";
import classes from "./account.module.css";
import { Tokens } from "./tokens";

export function Component() {
  const { t } = useTranslation();
  const session = useSession();
  return (
    <Page title={t("account.accountTitle")} narrow>
      <Loaded query={session}>
        {(data) => (
          <>
            <Profile session={data} />
            <Display />
            <Memberships session={data} />
            <Tokens />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Profile({ session }: { session: Session }) {
  const { t } = useTranslation();
  const update = useUpdateAccount();
  const form = useForm({
    mode: "uncontrolled",
    initialValues: { name: session.user?.name ?? "" },
    validate: { name: (value) => (value.trim() ? null : t("account.nameMissing")) },
  });
  return (
    <Section title={t("account.profile")}>
      <form
        className={`panel ${classes.row}`}
        onSubmit={form.onSubmit((values) =>
          update.mutate(values, {
            onSuccess: () => notifications.show({ message: t("action.saved") }),
            onError: (error) => notifications.show({ color: "red", message: errorSentence(error) }),
          }),
        )}
      >
        <TextInput
          className={classes.grow}
          label={t("account.name")}
          description={t("account.signedInAs", { email: session.user?.email ?? "" })}
          key={form.key("name")}
          {...form.getInputProps("name")}
        />
        <Button type="submit" loading={update.isPending}>
          {t("action.save")}
        </Button>
      </form>
    </Section>
  );
}

function Display() {
  const { t, i18n } = useTranslation();
  const update = useUpdateAccount();
  const { scheme, choose } = useScheme();
  const chooseLanguage = (language: LanguageCode) => {
    void setLanguage(language);
    update.mutate({ language });
  };
  return (
    <Section title={t("account.display")}>
      <div className={`panel ${classes.row}`}>
        <SegmentedControl
          aria-label={t("language")}
          value={i18n.language}
          onChange={(value) => chooseLanguage(value as LanguageCode)}
          data={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))}
        />
        <SegmentedControl
          aria-label={t("theme.label")}
          value={scheme}
          onChange={(value) => choose(value as typeof scheme)}
          data={(["light", "dark", "auto"] as const).map((value) => ({
            value,
            label: t(`theme.${value}`),
          }))}
        />
      </div>
    </Section>
  );
}

function Memberships({ session }: { session: Session }) {
  const { t } = useTranslation();
  return (
    <Section title={t("account.memberships")}>
      {session.memberships.length === 0 ? (
        <p className="quiet">{t("account.membershipsEmpty")}</p>
      ) : (
        <ul className={`panel ${classes.list}`}>
          {session.memberships.map((membership) => (
            <li key={membership.id}>
              <span>{membership.team.name}</span>
              <span className="quiet">{t(`role.${membership.role}`)}</span>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
