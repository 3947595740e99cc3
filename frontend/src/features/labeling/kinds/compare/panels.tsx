import { Checkbox } from "@mantine/core";
import { type UIEvent, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Markdown } from "~/components/markdown";
import type { PanelsProps } from "../kind";
import { difference, type Piece } from "./difference";
import classes from "./panels.module.css";
import type { Action, Choice, Comparison } from "./state";

/** The two responses, equal in width and type, scrolled apart or in step. */
export function ComparePanels({ assignment, state, act }: PanelsProps<Comparison, Action>) {
  const { responses, prompt } = assignment;
  const { choice, linked, difference: showDifference } = state;
  const { t } = useTranslation();
  const bodies = useRef<(HTMLDivElement | null)[]>([]);
  const [left, right] = responses;
  const pieces = useMemo(
    () => (showDifference && left && right ? difference(left.text, right.text) : null),
    [showDifference, left, right],
  );

  // Texts differ in length: the same share of each is scrolled past.
  function follow(side: number, { currentTarget }: UIEvent<HTMLDivElement>) {
    const other = bodies.current[1 - side];
    if (!linked || !other || !currentTarget.matches(":hover, :focus-within")) return;
    const room = currentTarget.scrollHeight - currentTarget.clientHeight;
    const share = room > 0 ? currentTarget.scrollTop / room : 0;
    other.scrollTop = share * (other.scrollHeight - other.clientHeight);
  }

  return (
    <div className={classes.area}>
      <div className={classes.views}>
        {pieces && <span className="quiet">{t("labeling.differenceNote")}</span>}
        <Checkbox
          size="xs"
          checked={showDifference}
          onChange={() => act({ type: "difference" })}
          label={
            <>
              {t("labeling.difference")} <kbd aria-hidden>D</kbd>
            </>
          }
        />
        <Checkbox
          className={classes.wide}
          size="xs"
          checked={linked}
          onChange={() => act({ type: "linkScroll" })}
          label={
            <>
              {t("labeling.linkScroll")} <kbd aria-hidden>L</kbd>
            </>
          }
        />
      </div>
      <div className={classes.panels}>
        {responses.map(({ letter, text }, side) => {
          const chosen = isChosen(choice, side);
          return (
            <section
              key={letter}
              className={classes.panel}
              data-chosen={chosen || undefined}
              aria-label={t(chosen ? "labeling.responseChosen" : "labeling.response", { letter })}
            >
              <h2 className={classes.letter}>
                {letter}
                {chosen && <span className={classes.mark}>{mark(choice)}</span>}
              </h2>
              <div
                className={classes.body}
                data-scrolls
                // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling text is reached by key.
                tabIndex={0}
                ref={(element) => {
                  bodies.current[side] = element;
                }}
                onScroll={(event) => follow(side, event)}
              >
                {pieces ? (
                  <Difference pieces={pieces[side] ?? []} />
                ) : (
                  <Markdown text={text} lang={prompt.language} />
                )}
              </div>
            </section>
          );
        })}
      </div>
    </div>
  );
}

function isChosen(choice: Choice, side: number): boolean {
  return choice.kind === "tie" || (choice.kind === "better" && choice.side === side);
}

/** As many marks as the preference is strong, or an equals sign. */
function mark(choice: Choice): string {
  return choice.kind === "better" ? "✓".repeat(choice.strength) : "=";
}

function Difference({ pieces }: { pieces: Piece[] }) {
  return (
    <p className={classes.difference} dir="auto">
      {pieces.map(({ text, own }, i) =>
        own && text.trim() ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces are a function of the text.
          <mark key={i}>{text}</mark>
        ) : (
          text
        ),
      )}
    </p>
  );
}
