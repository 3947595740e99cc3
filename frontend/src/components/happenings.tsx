import { Button } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { type Happened, type Scene, useEvents } from "~/api/events";
import i18n from "~/i18n";
import { ago, dateTime } from "./format";
import classes from "./happenings.module.css";
import { Loaded, Sentence } from "./sentence";

const PAGE = 10;
const MOST = 500;

/** Who did what, newest first: in a team with all of its projects, or in one project. */
export function Happenings({ scene }: { scene: Scene }) {
  const { t } = useTranslation();
  const [limit, setLimit] = useState(PAGE);
  const events = useEvents(scene, limit);
  return (
    <Loaded query={events}>
      {({ count, results }) =>
        count === 0 ? (
          <Sentence>{t("happening.empty")}</Sentence>
        ) : (
          <>
            <ol className={classes.list} aria-label={t("happening.title")}>
              {results.map((event) => (
                <Row key={event.id} event={event} named={scene.noun === "team"} />
              ))}
            </ol>
            {count > results.length && limit < MOST && (
              <Button
                variant="subtle"
                loading={events.isPlaceholderData}
                onClick={() => setLimit(Math.min(MOST, limit * 3))}
              >
                {t("action.more")}
              </Button>
            )}
          </>
        )
      }
    </Loaded>
  );
}

function Row({ event, named }: { event: Happened; named: boolean }) {
  // Drawn anew when the language changes.
  useTranslation();
  const { project, created_at } = event;
  return (
    <li className={classes.row}>
      <time className="quiet" dateTime={created_at} title={dateTime(created_at)}>
        {ago(created_at)}
      </time>
      <span>
        {inWords(event)}
        {named && project && (
          <>
            {" · "}
            <Link to={`/projects/${project.id}`}>{project.name}</Link>
          </>
        )}
      </span>
    </li>
  );
}

/** The happening as a sentence; one that this page has no words for is told by its name. */
export function inWords({ action, actor, detail }: Happened): string {
  const key: string = `happening.${action}`;
  if (!i18n.exists(key)) return action;
  return i18n.t(key as "happening.empty", {
    ...detail,
    who: actor?.name || i18n.t("happening.system"),
  });
}
