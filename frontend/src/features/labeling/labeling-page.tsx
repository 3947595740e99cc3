import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { Failure, Loading, Sentence } from "~/components/sentence";
import { useTitle } from "~/components/use-title";
import { useLive } from "~/live/use-live";
import { Frame } from "./frame";
import { SCREENS } from "./kinds";
import { useDesk } from "./use-desk";

export function Component() {
  const { projectId = "" } = useParams();
  // Another project is another desk; nothing of the first may remain.
  return <DeskScreen key={projectId} projectId={projectId} />;
}

function DeskScreen({ projectId }: { projectId: string }) {
  const { t } = useTranslation();
  const desk = useDesk(projectId);
  const { held, current } = desk;
  // Only an empty desk waits for news; a full one is kept so by the answers to submissions.
  useLive(current ? undefined : `queue:${projectId}`);
  useTitle(
    current
      ? `${current.project.name} · ${t("round", { number: current.round.number })}`
      : t("labeling.title"),
  );

  if (current) {
    const TaskScreen = SCREENS.get(current.kind);
    // The server is newer than this page.
    if (!TaskScreen) return <Failure error={new Error(t("labeling.newKind"))} />;
    return <TaskScreen key={`${current.id} ${current.amends}`} assignment={current} desk={desk} />;
  }
  return (
    <Frame desk={desk}>
      <main style={{ padding: "2rem 1.5rem", maxWidth: "46rem", margin: "0 auto" }}>
        {held.error && !held.data ? (
          <Failure error={held.error} retry={() => void held.refetch()} />
        ) : held.isPending ? (
          <Loading />
        ) : desk.delivering ? (
          <Sentence role="status">{t("labeling.delivering")}</Sentence>
        ) : (
          <Sentence
            role="status"
            title={t("labeling.empty")}
            action={
              <div style={{ display: "flex", gap: "0.5rem" }}>
                <Button component={Link} to="/" variant="default">
                  {t("state.goHome")}
                </Button>
                {desk.doneToday > 0 && (
                  <Button variant="subtle" onClick={() => void desk.undo()}>
                    {t("labeling.undo")}
                  </Button>
                )}
              </div>
            }
          >
            {t(held.data?.waiting ? "labeling.emptyOthers" : "labeling.emptyLead")}
          </Sentence>
        )}
      </main>
    </Frame>
  );
}
