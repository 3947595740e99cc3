import { Button, CopyButton, NativeSelect, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useTranslation } from "react-i18next";
import { useInvitations, useInvite, useRevokeInvitation } from "~/api/teams";
import type { Role, Team } from "~/api/types";
import { dateTime } from "~/components/format";
import { notifyFailure } from "~/components/notify";
import { Section } from "~/components/page";
import { rolesGiven } from "./roles";
import classes from "./teams.module.css";

/** A link that lets one person in, once. It is shown only now, so it is made ready to copy. */
export function Invitations({ team }: { team: Team }) {
  const { t } = useTranslation();
  const invite = useInvite(team.id);
  const form = useForm({
    mode: "uncontrolled",
    initialValues: { role: "labeler" as Role, email: "" },
  });
  const made = invite.data;
  return (
    <Section title={t("teams.inviteTitle")}>
      <div className="panel">
        <form
          className={classes.invite}
          onSubmit={form.onSubmit(({ role, email }) =>
            invite.mutate({ role, ...(email && { email }) }, { onError: notifyFailure }),
          )}
        >
          <NativeSelect
            label={t("teams.role")}
            data={rolesGiven(team.role).map((value) => ({ value, label: t(`role.${value}`) }))}
            key={form.key("role")}
            {...form.getInputProps("role")}
          />
          <TextInput
            className={classes.email}
            label={t("teams.inviteEmail")}
            type="email"
            placeholder="name@example.org"
            key={form.key("email")}
            {...form.getInputProps("email")}
          />
          <Button type="submit" loading={invite.isPending}>
            {t("teams.makeLink")}
          </Button>
        </form>
        {made?.url && (
          <div className={classes.link} role="status">
            <TextInput
              readOnly
              label={t("teams.linkFor", { role: t(`role.${made.role}`) })}
              description={t("teams.linkHint", { date: dateTime(made.expires_at) })}
              value={made.url}
              onFocus={(event) => event.currentTarget.select()}
            />
            <CopyButton value={made.url}>
              {({ copied, copy }) => (
                <Button onClick={copy}>{copied ? t("action.copied") : t("action.copy")}</Button>
              )}
            </CopyButton>
          </div>
        )}
        <OpenInvitations team={team} />
      </div>
    </Section>
  );
}

function OpenInvitations({ team }: { team: Team }) {
  const { t } = useTranslation();
  const invitations = useInvitations(team.id, true);
  const revoke = useRevokeInvitation(team.id);
  const open = (invitations.data ?? []).filter(({ state }) => state === "open");
  if (open.length === 0) return null;
  return (
    <ul className={classes.open} aria-label={t("teams.openLinks")}>
      {open.map(({ id, role, email, expires_at }) => (
        <li key={id}>
          <span>
            {t(`role.${role}`)}
            {email && ` · ${email}`}
          </span>
          <span className="quiet">{t("teams.until", { date: dateTime(expires_at) })}</span>
          <Button
            size="compact-sm"
            variant="subtle"
            color="red"
            aria-label={t("teams.revokeName", { role: t(`role.${role}`), email: email ?? "" })}
            onClick={() => revoke.mutate(id, { onError: notifyFailure })}
          >
            {t("teams.revoke")}
          </Button>
        </li>
      ))}
    </ul>
  );
}
