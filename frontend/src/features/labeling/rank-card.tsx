import { useDraggable } from "@dnd-kit/core";
import { CSS } from "@dnd-kit/utilities";
import type { TFunction } from "i18next";
import { type MouseEvent, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Assignment } from "~/api/types";
import { Markdown } from "~/components/markdown";
import type { Command } from "./keys";
import classes from "./rank-card.module.css";
import type { Rank } from "./state";

/** A response with its rank on it. The focused card is the one that digits speak about. */
export function RankCard({
  index,
  response,
  language,
  rank,
  count,
  focused,
  allowUnrankable,
  act,
}: {
  index: number;
  response: Assignment["responses"][number];
  language: string;
  rank: Rank;
  count: number;
  focused: boolean;
  allowUnrankable: boolean;
  act: (command: Command) => void;
}) {
  const { t } = useTranslation();
  const card = useRef<HTMLElement>(null);
  const { letter, text } = response;
  const { setNodeRef, listeners, attributes, transform, isDragging } = useDraggable({
    id: `card-${index}`,
  });

  useEffect(() => {
    if (!focused) return;
    card.current?.focus({ preventScroll: true });
    card.current?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [focused]);

  /** A mouse click acts without taking the keyboard away from the card. */
  const keepFocus = (event: MouseEvent) => event.preventDefault();
  const button = (label: string, command: Command, face: string, pressed?: boolean) => (
    <button
      type="button"
      className={classes.button}
      aria-label={label}
      aria-pressed={pressed}
      onMouseDown={keepFocus}
      onClick={() => act(command)}
    >
      {face}
    </button>
  );

  return (
    <article
      ref={card}
      className={classes.card}
      aria-label={cardName(rank, letter, t)}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the card is what keys speak about.
      tabIndex={0}
      data-focused={focused || undefined}
      data-ranked={rank !== null || undefined}
      onFocus={() => !focused && act({ type: "focus", index })}
    >
      <header className={classes.header}>
        <button
          type="button"
          ref={setNodeRef}
          className={classes.handle}
          data-dragging={isDragging || undefined}
          style={{ transform: CSS.Translate.toString(transform) }}
          {...attributes}
          {...listeners}
          tabIndex={-1}
          aria-label={t("labeling.drag", { letter })}
        >
          <svg width="10" height="16" viewBox="0 0 10 16" aria-hidden="true" fill="currentColor">
            <path d="M1 2h3v3H1zm5 0h3v3H6zM1 7h3v3H1zm5 0h3v3H6zM1 12h3v3H1zm5 0h3v3H6z" />
          </svg>
          {letter}
        </button>
        <span className={classes.badge} data-rank={rank ?? "open"} aria-hidden>
          {rank === null ? "–" : rank === "unrankable" ? "✕" : rank}
        </span>
      </header>
      <div
        className={classes.body}
        data-scrolls={focused || undefined}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling text is reached by key.
        tabIndex={0}
      >
        <Markdown text={text} lang={language} />
      </div>
      <footer className={classes.controls}>
        {Array.from({ length: count }, (_, i) => i + 1).map((wanted) => (
          <span key={wanted} style={{ display: "contents" }}>
            {button(
              t("labeling.giveRank", { letter, rank: wanted }),
              { type: "rank", rank: wanted, index },
              String(wanted),
              rank === wanted,
            )}
          </span>
        ))}
        <span className={classes.gap} />
        {button(t("labeling.raise", { letter }), { type: "raise", index }, "▲")}
        {button(t("labeling.lower", { letter }), { type: "lower", index }, "▼")}
        {allowUnrankable &&
          button(
            t("labeling.markUnrankable", { letter }),
            { type: "unrankable", index },
            "✕",
            rank === "unrankable",
          )}
      </footer>
    </article>
  );
}

function cardName(rank: Rank, letter: string, t: TFunction): string {
  if (rank === null) return t("labeling.responseOpen", { letter });
  if (rank === "unrankable") return t("labeling.responseUnrankable", { letter });
  return t("labeling.responseRanked", { letter, rank });
}
