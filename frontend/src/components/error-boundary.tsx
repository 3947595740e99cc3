import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { isRouteErrorResponse, useRouteError } from "react-router";
import { ApiError } from "~/api/client";
import classes from "./page.module.css";
import { Failure, Sentence } from "./sentence";

/** What is shown instead of a page that threw. */
export function BrokenPage() {
  const { t } = useTranslation();
  const error = useRouteError();
  if (isRouteErrorResponse(error) && error.status === 404) return <MissingPage />;
  return (
    <main className={classes.page}>
      <Sentence
        page
        role="alert"
        title={t("state.brokenTitle")}
        action={<Button onClick={() => location.reload()}>{t("state.reload")}</Button>}
      >
        {t("state.broken", { message: error instanceof Error ? error.message : String(error) })}
      </Sentence>
    </main>
  );
}

export function MissingPage() {
  return (
    <div className={classes.page}>
      <Failure page error={new ApiError(404, "not_found", "")} />
    </div>
  );
}
