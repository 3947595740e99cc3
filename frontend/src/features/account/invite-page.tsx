import { Button, Tabs } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link, useNavigate, useParams } from "react-router";
import { useAcceptInvitation, useInvitationPreview, useSession } from "~/api/session";
import type { InvitationPreview } from "~/api/types";
import { dateTime } from "~/components/format";
import { notify, notifyFailure } from "~/components/notify";
import { Loaded, Sentence } from "~/components/sentence";
import { useTitle } from "~/components/use-title";
import { Entry } from "./entry";
import classes from "./entry.module.css";
import { SignInForm, SignUpForm } from "./forms";

export function Component() {
  const { t } = useTranslation();
  const { token = "" } = useParams();
  const preview = useInvitationPreview(token);
  useTitle(preview.data && t("account.inviteTitle", { team: preview.data.team.name }));
  return (
    <Entry>
      <Loaded query={preview}>
        {(invitation) =>
          ["open", "pending"].includes(invitation.state) ? (
            <Join token={token} invitation={invitation} />
          ) : (
            <Sentence
              page
              title={t("account.inviteDeadTitle")}
              action={
                <Button variant="default" component={Link} to="/sign-in">
                  {t("account.signIn")}
                </Button>
              }
            >
              {t("account.inviteDead")}
            </Sentence>
          )
        }
      </Loaded>
    </Entry>
  );
}

function Join({ token, invitation }: { token: string; invitation: InvitationPreview }) {
  const { t } = useTranslation();
  const { data: session } = useSession();
  const accept = useAcceptInvitation(token);
  const navigate = useNavigate();
  const team = invitation.team.name;

  const welcome = () => {
    notify(t("account.joined", { team }));
    void navigate("/");
  };
  const join = () => accept.mutateAsync().then(welcome, notifyFailure);

  return (
    <>
      <h1 className={classes.title}>{t("account.inviteTitle", { team })}</h1>
      <p className={classes.lead}>
        {t("account.inviteLead", {
          role: t(`role.${invitation.role}`),
          date: dateTime(invitation.expires_at),
        })}
      </p>
      {session?.user ? (
        <div className={classes.form}>
          <p>{t("account.inviteSignedIn", { name: session.user.name || session.user.email })}</p>
          <Button onClick={join} loading={accept.isPending} fullWidth>
            {t("account.inviteJoin", { team })}
          </Button>
        </div>
      ) : (
        <Tabs defaultValue="new" keepMounted={false}>
          <Tabs.List grow mb="md">
            <Tabs.Tab value="new">{t("account.inviteNew")}</Tabs.Tab>
            <Tabs.Tab value="have">{t("account.inviteHave")}</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="new">
            {/* An account made by invitation is a member from its first moment. */}
            <SignUpForm invitation={token} onDone={welcome} />
          </Tabs.Panel>
          <Tabs.Panel value="have">
            <SignInForm onDone={join} />
          </Tabs.Panel>
        </Tabs>
      )}
    </>
  );
}
