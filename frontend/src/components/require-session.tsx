import { useEffect } from "react";
import { Navigate, Outlet, useLocation } from "react-router";
import { useOutboxDelivery } from "~/api/labeling";
import { useSession } from "~/api/session";
import i18n, { knownLanguage, setLanguage } from "~/i18n";
import classes from "./page.module.css";
import { Failure, Loading } from "./sentence";

/** Lets signed-in people through; everybody else goes to sign in and comes back afterwards. */
export function RequireSession() {
  const session = useSession();
  const location = useLocation();
  useOutboxDelivery();
  const language = knownLanguage(session.data?.user?.language);

  // The language belongs to the person, so it follows them to a new browser.
  useEffect(() => {
    if (language && language !== i18n.language && !localStorage.getItem("whetstone.language")) {
      void setLanguage(language);
    }
  }, [language]);

  if (session.data?.user) return <Outlet />;
  if (session.data) {
    const next = location.pathname + location.search;
    return (
      <Navigate
        to={next === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(next)}`}
        replace
      />
    );
  }
  return (
    <main className={classes.page}>
      {session.error ? (
        <Failure error={session.error} retry={() => void session.refetch()} />
      ) : (
        <Loading />
      )}
    </main>
  );
}
