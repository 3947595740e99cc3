import { Button, Loader } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { ApiError, NetworkError } from "~/api/client";
import i18n from "~/i18n";
import { saySentence, translated } from "~/i18n/say";
import classes from "./sentence.module.css";

/** Loading, empty, refused or broken: one sentence and the next step. */
export function Sentence({
  title,
  children,
  action,
  role,
  page = false,
}: {
  title?: string;
  /** Whether it stands for the whole page, whose heading it then is. */
  page?: boolean;
  children: ReactNode;
  action?: ReactNode;
  role?: "alert" | "status";
}) {
  const Heading = page ? "h1" : "h2";
  return (
    <div className={classes.sentence} role={role}>
      {title && <Heading className={classes.title}>{title}</Heading>}
      <p className={classes.text}>{children}</p>
      {action}
    </div>
  );
}

export function Loading() {
  const { t } = useTranslation();
  return (
    <div className={classes.loading} role="status">
      <Loader size="sm" aria-hidden />
      <span>{t("state.loading")}</span>
    </div>
  );
}

/**
 * The sentence for a refusal: what the server says, in the language on screen; where that has no
 * words for it, what its class is called here, else what the server wrote.
 */
export function errorSentence(error: unknown): string {
  if (error instanceof NetworkError) return i18n.t("errors.network");
  if (error instanceof ApiError) {
    const { code, sentence, message } = error;
    if (sentence && i18n.language === "en") return message;
    const said = sentence && translated(sentence.code, sentence.params);
    return said ?? i18n.t(`errors.${code}`, { defaultValue: message });
  }
  return error instanceof Error ? error.message : String(error);
}

/** What is wrong with each field of the input, in the language on screen. */
export function fieldSentences({ fields, fieldSentences: coded }: ApiError) {
  return Object.fromEntries(
    Object.entries(fields).map(([field, texts]) => [
      field,
      texts.map((text, i) => saySentence({ ...coded[field]?.[i], text })).join(" "),
    ]),
  );
}

export function Failure({
  error,
  retry,
  page,
}: {
  error: unknown;
  retry?: () => void;
  page?: boolean;
}) {
  const { t } = useTranslation();
  const again = retry && (
    <Button variant="default" onClick={retry}>
      {t("state.tryAgain")}
    </Button>
  );
  const home = (
    <Button variant="default" component={Link} to="/">
      {t("state.goHome")}
    </Button>
  );
  if (error instanceof NetworkError) {
    return (
      <Sentence page={page} role="alert" title={t("state.offlineTitle")} action={again}>
        {t("state.offline")}
      </Sentence>
    );
  }
  if (error instanceof ApiError && error.status === 403) {
    return (
      <Sentence page={page} role="alert" title={t("state.forbiddenTitle")} action={home}>
        {t("state.forbidden")}
      </Sentence>
    );
  }
  if (error instanceof ApiError && error.status === 404) {
    return (
      <Sentence page={page} role="alert" title={t("state.missingTitle")} action={home}>
        {t("state.missing")}
      </Sentence>
    );
  }
  return (
    <Sentence page={page} role="alert" title={t("state.failedTitle")} action={again}>
      {t("state.failed", { message: errorSentence(error) })}
    </Sentence>
  );
}

interface QueryLike<T> {
  data: T | undefined;
  error: unknown;
  isPending: boolean;
  refetch: () => unknown;
}

/** Shows a query's loading and failure states, and its data once there is some. */
export function Loaded<T>({
  query,
  children,
}: {
  query: QueryLike<T>;
  children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error) return <Failure error={query.error} retry={() => void query.refetch()} />;
  return <Loading />;
}
