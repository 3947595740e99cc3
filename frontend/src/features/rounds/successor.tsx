import { Button, Group } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useChangeDraft, useDecide } from "~/api/rounds";
import type { Round } from "~/api/types";
import { ConfirmButton } from "~/components/confirm-button";
import { notifyFailure } from "~/components/notify";
import classes from "./rounds.module.css";

/** What happens when this round is done: a draft that starts by itself, or nothing. */
export function Successor({ round, editable }: { round: Round; editable: boolean }) {
  const { t } = useTranslation();
  const { successor } = round;
  if (round.state !== "open" && round.state !== "draft") return null;
  if (!successor && !editable) return null;
  return (
    <section className={`panel ${classes.successor}`} aria-label={t("rounds.afterwards")}>
      <div>
        <h2 className={classes.panelTitle}>{t("rounds.afterwards")}</h2>
        {successor ? (
          <p>
            <Link to={`/rounds/${successor.id}`}>{t("round", { number: successor.number })}</Link>{" "}
            {t("rounds.successorWaits")}
          </p>
        ) : (
          <p className="quiet">{t("rounds.successorNone")}</p>
        )}
      </div>
      {editable &&
        (successor ? (
          <Waiting id={successor.id} number={successor.number} />
        ) : (
          <Button
            variant="default"
            component={Link}
            to={`/projects/${round.project.id}/new-round?copy=${round.id}&after=${round.id}`}
          >
            {t("rounds.successorPrepare")}
          </Button>
        ))}
    </section>
  );
}

function Waiting({ id, number }: { id: string; number: number }) {
  const { t } = useTranslation();
  const change = useChangeDraft(id);
  const decide = useDecide(id);
  const release = () => change.mutate({ after: null }, { onError: notifyFailure });
  const remove = () =>
    decide.mutate(
      { choice: "cancel", decision_id: crypto.randomUUID() },
      { onError: notifyFailure },
    );
  return (
    <Group gap="xs">
      <Button variant="default" component={Link} to={`/rounds/${id}/recipe`}>
        {t("rounds.editRecipe")}
      </Button>
      <Button variant="default" loading={change.isPending} onClick={release}>
        {t("rounds.successorRelease")}
      </Button>
      <ConfirmButton
        variant="default"
        question={t("rounds.successorRemoveQuestion", { number })}
        loading={decide.isPending}
        onConfirm={remove}
      >
        {t("action.remove")}
      </ConfirmButton>
    </Group>
  );
}
