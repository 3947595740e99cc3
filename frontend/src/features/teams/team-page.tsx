import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router";
import { may } from "~/api/permissions";
import { useSession } from "~/api/session";
import { useMembers, useTeam } from "~/api/teams";
import type { Team } from "~/api/types";
import { Happenings } from "~/components/happenings";
import { LoadedPage, Page, Section } from "~/components/page";
import { Loaded } from "~/components/sentence";
import { useLive } from "~/live/use-live";
import { Invitations } from "./invitations";
import { MemberTable } from "./member-table";

export function Component() {
  const { id = "" } = useParams();
  const team = useTeam(id);
  return <LoadedPage query={team}>{(data) => <TeamScreen key={data.id} team={data} />}</LoadedPage>;
}

function TeamScreen({ team }: { team: Team }) {
  const { t } = useTranslation();
  useLive(`team:${team.id}`);
  const members = useMembers(team.id);
  const { data: session } = useSession();
  const [inviting, invite] = useDisclosure(false);
  return (
    <Page
      title={team.name}
      lead={t("teams.lead", { count: team.members_count })}
      actions={
        may(session, "invitation.edit", team.id) && (
          <Button onClick={invite.toggle} aria-expanded={inviting}>
            {t("teams.invite")}
          </Button>
        )
      }
    >
      {inviting && <Invitations team={team} />}
      <Section title={t("teams.people")}>
        <Loaded query={members}>
          {(list) => (
            <MemberTable
              team={team}
              members={list}
              me={session?.user?.id}
              editable={may(session, "member.edit", team.id)}
            />
          )}
        </Loaded>
      </Section>
      {may(session, "team.audit", team.id) && (
        <Section title={t("happening.title")}>
          <Happenings scene={{ noun: "team", id: team.id }} />
        </Section>
      )}
    </Page>
  );
}
