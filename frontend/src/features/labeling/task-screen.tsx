import { Button } from "@mantine/core";
import {
  type ComponentType,
  Suspense,
  useEffect,
  useMemo,
  useReducer,
  useRef,
  useState,
} from "react";
import { useTranslation } from "react-i18next";
import type { Assignment } from "~/api/types";
import { later } from "~/components/later";
import { fromDraft, reducerOf, toSubmission } from "./answer";
import { CommentBox } from "./comment-box";
import { Conversation } from "./conversation";
import type { Open } from "./dialogs";
import { Frame } from "./frame";
import { GuidelinesNotice } from "./guidelines-notice";
import { type Command, keysOf, shownKeys } from "./keys";
import { askedOf, complaintInWords, type Kind } from "./kinds/kind";
import classes from "./task-screen.module.css";
import { useActiveTime } from "./use-active-time";
import type { Desk } from "./use-desk";
import { newestDraft, useDraft } from "./use-draft";
import { useKeys } from "./use-keys";

const Dialogs = later(() => import("./dialogs"));

export interface ScreenProps {
  assignment: Assignment;
  desk: Desk;
}

/** The screen of one kind of task. */
export const screenOf =
  <State, Action>(kind: Kind<State, Action>): ComponentType<ScreenProps> =>
  (props) => <TaskScreen kind={kind} {...props} />;

/** One task, from untouched to handed in. A new task is a new instance: nothing carries over. */
function TaskScreen<State, Action>({
  kind,
  assignment,
  desk,
}: ScreenProps & { kind: Kind<State, Action> }) {
  const { t } = useTranslation();
  const [draft] = useState(() => newestDraft(assignment));
  const [reduce] = useState(() => reducerOf(kind, assignment));
  const [answer, change] = useReducer(reduce, draft, (kept) => fromDraft(kind, assignment, kept));
  const [open, setOpen] = useState<Open>(null);
  const [commenting, setCommenting] = useState(false);
  const [wholePrompt, setWholePrompt] = useState(false);
  const [dragging, setDragging] = useState(false);
  const [complained, setComplained] = useState(false);
  const time = useActiveTime(draft?.active_seconds ?? 0);
  const savedAt = useDraft(kind, assignment, answer, () => time.seconds());
  const main = useRef<HTMLElement>(null);

  const asked = useMemo(() => askedOf(assignment), [assignment]);
  const keys = useMemo(() => keysOf(kind, asked), [kind, asked]);
  const missing = kind.complaint(answer.state, asked);
  const { Panels, Scale } = kind;

  // The keyboard must be at work in the new task without a click.
  useEffect(() => {
    if (!main.current?.contains(document.activeElement)) main.current?.focus();
  }, []);

  function submit() {
    if (missing) setComplained(true);
    else desk.submit(assignment, toSubmission(kind, answer, time.seconds()));
  }

  function act(action: Action) {
    setComplained(false);
    change({ type: "act", action });
  }

  function run(command: Command<Action>) {
    switch (command.type) {
      case "act":
        return act(command.action);
      case "submit":
        return submit();
      case "skip":
      case "flags":
      case "help":
      case "guidelines":
        return setOpen(command.type);
      case "writeComment":
        return setCommenting(true);
      case "prompt":
        return setWholePrompt((shown) => !shown);
      case "scroll":
        for (const text of main.current?.querySelectorAll("[data-scrolls]") ?? []) {
          text.scrollBy({ top: command.by * text.clientHeight * 0.8 });
        }
        return;
      case "undo":
        return void desk.undo();
    }
  }

  useKeys(keys, open !== null || dragging, run);

  const tool = (id: "skip" | "flags" | "comment" | "guidelines" | "undo", label: string) => (
    <Button
      variant="subtle"
      color="gray"
      size="compact-sm"
      className={classes.tool}
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => run({ type: id === "comment" ? "writeComment" : id })}
      rightSection={<kbd aria-hidden>{shownKeys(id, keys)[0]}</kbd>}
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
        <Panels assignment={assignment} state={answer.state} act={act} onDragging={setDragging} />
        <footer className={classes.footer}>
          {Scale && <Scale assignment={assignment} state={answer.state} act={act} />}
          {(commenting || answer.comment) && (
            <CommentBox
              text={answer.comment}
              focus={commenting}
              onChange={(text) => change({ type: "comment", text })}
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
                ? complaintInWords(missing, asked.letters, t)
                : kind.inWords(answer.state, asked.letters, t)}
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
      <Suspense fallback={null}>
        <Dialogs
          open={open}
          onClose={() => setOpen(null)}
          onSkip={(reason) => desk.skip(assignment, reason)}
          flags={answer.flags}
          onToggle={(flag) => change({ type: "flag", flag })}
          keys={keys}
          projectId={assignment.project.id}
        />
      </Suspense>
    </Frame>
  );
}
