import { Button } from "@mantine/core";
import { useEffect, useReducer, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Assignment } from "~/api/types";
import { CommentBox } from "./comment-box";
import { ComparePanels } from "./compare-panels";
import { CompareScale } from "./compare-scale";
import { Conversation } from "./conversation";
import { FlagDialog, HelpDialog, SkipDialog } from "./dialogs";
import { Frame } from "./frame";
import { GuidelinesDrawer, GuidelinesNotice } from "./guidelines";
import { type Command, type KeyContext, shownKeys } from "./keys";
import { RankPanels } from "./rank-panels";
import { complaint, reduce } from "./state";
import { said } from "./submission";
import classes from "./task-screen.module.css";
import { useActiveTime } from "./use-active-time";
import type { Desk } from "./use-desk";
import { newestDraft, startingAnswer, useDraft } from "./use-draft";
import { useKeys } from "./use-keys";
import { complaintInWords, inWords } from "./words";

type Open = "skip" | "flags" | "help" | "guidelines" | null;

/** One task, from untouched to handed in. A new task is a new instance: nothing carries over. */
export function TaskScreen({ assignment, desk }: { assignment: Assignment; desk: Desk }) {
  const { t } = useTranslation();
  const [answer, act] = useReducer(reduce, assignment, startingAnswer);
  const [open, setOpen] = useState<Open>(null);
  const [commenting, setCommenting] = useState(false);
  const [wholePrompt, setWholePrompt] = useState(false);
  const [showDifference, setShowDifference] = useState(false);
  const [linked, setLinked] = useState(false);
  const [dragging, setDragging] = useState(false);
  const [complained, setComplained] = useState(false);
  const time = useActiveTime(newestDraft(assignment)?.active_seconds ?? 0);
  const savedAt = useDraft(assignment, answer, () => time.seconds());
  const main = useRef<HTMLElement>(null);

  const letters = assignment.responses.map((response) => response.letter);
  const context: KeyContext = { kind: assignment.kind, count: letters.length };
  const missing = complaint(answer, assignment.policy);
  const { allow_ties: ties, allow_unrankable: unrankable } = assignment.policy;

  // The keyboard must be at work in the new task without a click.
  useEffect(() => {
    if (assignment.kind === "compare") main.current?.focus();
  }, [assignment.kind]);

  function submit() {
    if (missing) setComplained(true);
    else desk.submit(assignment, { ...said(answer), active_seconds: time.seconds() });
  }

  function run(command: Command) {
    switch (command.type) {
      case "submit":
        return submit();
      case "skip":
      case "flags":
      case "help":
      case "guidelines":
        return setOpen(command.type);
      case "writeComment":
        return setCommenting(true);
      case "difference":
        return setShowDifference((shown) => !shown);
      case "linkScroll":
        return setLinked((now) => !now);
      case "prompt":
        return setWholePrompt((shown) => !shown);
      case "scroll":
        for (const text of main.current?.querySelectorAll("[data-scrolls]") ?? []) {
          text.scrollBy({ top: command.by * text.clientHeight * 0.8 });
        }
        return;
      case "undo":
        return void desk.undo();
      case "unrankable":
        return unrankable ? act(command) : undefined;
      case "say":
        return command.choice.kind === "tie" && !ties ? undefined : act(command);
      default:
        setComplained(false);
        return act(command);
    }
  }

  useKeys(context, open !== null || dragging, run);

  const tool = (id: "skip" | "flags" | "comment" | "guidelines" | "undo", label: string) => (
    <Button
      variant="subtle"
      color="gray"
      size="compact-sm"
      className={classes.tool}
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => run({ type: id === "comment" ? "writeComment" : id })}
      rightSection={<kbd aria-hidden>{shownKeys(id, context)[0]}</kbd>}
    >
      {label}
    </Button>
  );

  return (
    <Frame desk={desk} assignment={assignment} savedAt={savedAt} onHelp={() => setOpen("help")}>
      <main className={classes.task} ref={main} tabIndex={-1}>
        <div className={classes.top}>
          <GuidelinesNotice assignment={assignment} onRead={() => setOpen("guidelines")} />
          {assignment.amends && <p className={classes.amending}>{t("labeling.amending")}</p>}
          <Conversation
            prompt={assignment.prompt}
            whole={wholePrompt}
            onToggle={() => setWholePrompt((shown) => !shown)}
          />
        </div>
        {answer.kind === "compare" ? (
          <ComparePanels
            responses={assignment.responses}
            choice={answer.choice}
            language={assignment.prompt.language}
            difference={showDifference}
            onDifference={() => setShowDifference((shown) => !shown)}
            linked={linked}
            onLinked={() => setLinked((now) => !now)}
          />
        ) : (
          <RankPanels
            assignment={assignment}
            ranks={answer.ranks}
            focus={answer.focus}
            act={run}
            onDragging={setDragging}
          />
        )}
        <footer className={classes.footer}>
          {answer.kind === "compare" && (
            <CompareScale
              letters={letters}
              choice={answer.choice}
              allowTies={ties}
              onChoose={(choice) => run({ type: "say", choice })}
            />
          )}
          {(commenting || answer.comment) && (
            <CommentBox
              text={answer.comment}
              focus={commenting}
              onChange={(text) => act({ type: "comment", text })}
              onDone={() => {
                setCommenting(false);
                main.current?.focus();
              }}
            />
          )}
          <div className={classes.last}>
            <div className={classes.tools}>
              {tool("skip", t("labeling.skip"))}
              {tool(
                "flags",
                answer.flags.length > 0
                  ? t("labeling.flagged", { count: answer.flags.length })
                  : t("labeling.flag"),
              )}
              {tool("comment", answer.comment ? t("labeling.commented") : t("labeling.comment"))}
              {tool("guidelines", t("labeling.guidelines"))}
              {tool("undo", t("labeling.undo"))}
            </div>
            <p
              className={classes.words}
              data-complaint={(complained && missing !== null) || undefined}
              role="status"
              aria-live="polite"
            >
              {complained && missing
                ? complaintInWords(missing, letters, t)
                : inWords(answer, letters, t)}
            </p>
            <Button
              className={classes.submit}
              variant={missing ? "default" : "filled"}
              aria-disabled={missing !== null}
              onMouseDown={(event) => event.preventDefault()}
              onClick={submit}
              rightSection={<span aria-hidden>⏎</span>}
            >
              {assignment.amends ? t("labeling.submitChange") : t("labeling.submit")}
            </Button>
          </div>
        </footer>
      </main>
      <SkipDialog
        opened={open === "skip"}
        onClose={() => setOpen(null)}
        onSkip={(reason) => desk.skip(assignment, reason)}
      />
      <FlagDialog
        opened={open === "flags"}
        onClose={() => setOpen(null)}
        flags={answer.flags}
        onToggle={(flag) => act({ type: "flag", flag })}
      />
      <HelpDialog opened={open === "help"} onClose={() => setOpen(null)} context={context} />
      <GuidelinesDrawer
        opened={open === "guidelines"}
        onClose={() => setOpen(null)}
        projectId={assignment.project.id}
      />
    </Frame>
  );
}
