import { useTranslation } from "react-i18next";
import { Navigate, useSearchParams } from "react-router";
import { useSession } from "~/api/session";
import { useTitle } from "~/components/use-title";
import { Entry } from "./entry";
import classes from "./entry.module.css";
import { SignInForm } from "./forms";

/** Only paths of this site may follow a sign-in; `//host` and full addresses may not. */
export function safeNext(next: string | null): string {
  return next && /^\/(?![/\\])/.test(next) ? next : "/";
}

export function Component() {
  const { t } = useTranslation();
  const [parameters] = useSearchParams();
  const { data: session } = useSession();
  useTitle(t("account.signInTitle"));
  if (session?.user) return <Navigate to={safeNext(parameters.get("next"))} replace />;
  return (
    <Entry>
      <h1 className={classes.title}>{t("account.signInTitle")}</h1>
      <p className={classes.lead}>{t("account.signInLead")}</p>
      <SignInForm />
      <p className={classes.note}>{t("account.needInvitation")}</p>
    </Entry>
  );
}
