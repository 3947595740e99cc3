import { Button, NativeSelect, Table } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useChangeMember } from "~/api/teams";
import type { Member, Role, Team } from "~/api/types";
import { ConfirmButton } from "~/components/confirm-button";
import { ago, interval, number } from "~/components/format";
import { notify, notifyFailure } from "~/components/notify";
import { Sentence } from "~/components/sentence";
import { ROLES, rolesGiven } from "./roles";
import classes from "./teams.module.css";

/** Everybody in the team, changed in place. Numbers lead to the labels behind them. */
export function MemberTable({
  team,
  members,
  me,
  editable,
}: {
  team: Team;
  members: Member[];
  me: string | undefined;
  editable: boolean;
}) {
  const { t } = useTranslation();
  if (members.length === 0) return <Sentence>{t("teams.empty")}</Sentence>;
  return (
    <Table.ScrollContainer minWidth={760}>
      <Table verticalSpacing="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("teams.person")}</Table.Th>
            <Table.Th>{t("teams.role")}</Table.Th>
            <Table.Th>{t("teams.status")}</Table.Th>
            <Table.Th ta="right">{t("teams.labelsWeek")}</Table.Th>
            <Table.Th ta="right">{t("teams.labelsTotal")}</Table.Th>
            <Table.Th>
              {t("teams.agreement")}
              <span className={classes.note}>{t("intervalNote")}</span>
            </Table.Th>
            <Table.Th ta="right">{t("teams.lastSeen")}</Table.Th>
            {editable && (
              <Table.Th>
                <span className="visually-hidden">{t("action.column")}</span>
              </Table.Th>
            )}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {members.map((member) => (
            <MemberRow
              key={member.id}
              team={team}
              member={member}
              editable={editable && member.user.id !== me}
              column={editable}
            />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function MemberRow({
  team,
  member,
  editable,
  column,
}: {
  team: Team;
  member: Member;
  editable: boolean;
  column: boolean;
}) {
  const { t } = useTranslation();
  const change = useChangeMember(team.id);
  const { user, role, status } = member;
  const name = user.name || user.email || "";
  // Who has never asked for work is no labeler yet: no label has that id.
  const labeler = member.labeler ?? member.id;
  const labels = `/labels?${new URLSearchParams({ team: team.id, labeler, name })}`;
  const suspended = status === "suspended";
  const setStatus = (next: Member["status"]) =>
    change.mutate(
      { id: member.id, status: next },
      {
        onSuccess: () =>
          notify(t(next === "active" ? "teams.returned" : "teams.suspended", { name })),
        onError: notifyFailure,
      },
    );
  // Only owners make and unmake owners.
  const roles = role === "owner" && team.role !== "owner" ? [role] : rolesGiven(team.role);
  return (
    <Table.Tr data-suspended={suspended || undefined} className={classes.member}>
      <Table.Td>
        <span className={classes.name}>{name}</span>
        {user.email && user.email !== name && <span className={classes.note}>{user.email}</span>}
      </Table.Td>
      <Table.Td>
        {editable && roles.length > 1 ? (
          <NativeSelect
            size="xs"
            w="8.5rem"
            aria-label={t("teams.roleOf", { name })}
            value={role}
            data={ROLES.filter((one) => roles.includes(one) || one === role).map((value) => ({
              value,
              label: t(`role.${value}`),
            }))}
            onChange={(event) =>
              change.mutate(
                { id: member.id, role: event.currentTarget.value as Role },
                { onError: notifyFailure },
              )
            }
          />
        ) : (
          t(`role.${role}`)
        )}
      </Table.Td>
      <Table.Td>
        <span className={classes.status} data-suspended={suspended || undefined}>
          {t(`teams.statusName.${status}`)}
        </span>
      </Table.Td>
      <Table.Td ta="right">
        <Count to={labels} value={member.labels_week} />
      </Table.Td>
      <Table.Td ta="right">
        <Count to={labels} value={member.labels_total} />
      </Table.Td>
      <Table.Td>
        {member.agreement ? (
          <>
            {interval(member.agreement)}
            <span className={classes.note}>
              {t("teams.agreementOf", {
                count: member.agreement.n,
                shown: number(member.agreement.n),
              })}
            </span>
          </>
        ) : (
          <span className="quiet">{t("teams.noAgreement")}</span>
        )}
      </Table.Td>
      <Table.Td ta="right">{member.last_seen_at ? ago(member.last_seen_at) : t("never")}</Table.Td>
      {column && (
        <Table.Td ta="right">
          {editable &&
            roles.length > 1 &&
            (suspended ? (
              <Button
                size="compact-sm"
                variant="subtle"
                loading={change.isPending}
                onClick={() => setStatus("active")}
                aria-label={t("teams.bringBackName", { name })}
              >
                {t("teams.bringBack")}
              </Button>
            ) : (
              <ConfirmButton
                size="compact-sm"
                variant="subtle"
                color="gray"
                loading={change.isPending}
                question={t("teams.suspendQuestion", { name })}
                label={t("teams.suspendName", { name })}
                onConfirm={() => setStatus("suspended")}
              >
                {t("teams.suspend")}
              </ConfirmButton>
            ))}
        </Table.Td>
      )}
    </Table.Tr>
  );
}

function Count({ to, value }: { to: string; value: number }) {
  return value > 0 ? <Link to={to}>{number(value)}</Link> : number(value);
}
