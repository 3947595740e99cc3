import { useDraggable, useDroppable } from "@dnd-kit/core";
import { CSS } from "@dnd-kit/utilities";
import { useTranslation } from "react-i18next";
import classes from "./panels.module.css";
import type { Slot } from "./slots";
import type { Rank } from "./state";

/** One slot per rank, and one for what cannot be ranked. Letters are dragged in or typed in. */
export function RankBoard({
  letters,
  ranks,
  allowUnrankable,
  onFocus,
}: {
  letters: string[];
  ranks: Rank[];
  allowUnrankable: boolean;
  onFocus: (index: number) => void;
}) {
  const { t } = useTranslation();
  const slots: Slot[] = letters.map((_, i) => i + 1);
  if (allowUnrankable) slots.push("unrankable");
  return (
    <ol className={classes.board} aria-label={t("labeling.board")}>
      {slots.map((slot) => (
        <BoardSlot key={slot} slot={slot}>
          {letters.map((letter, index) =>
            ranks[index] === slot ? (
              <Chip key={letter} letter={letter} index={index} onFocus={() => onFocus(index)} />
            ) : null,
          )}
        </BoardSlot>
      ))}
    </ol>
  );
}

function BoardSlot({ slot, children }: { slot: Slot; children: React.ReactNode }) {
  const { t } = useTranslation();
  const { setNodeRef, isOver } = useDroppable({ id: `slot-${slot}`, data: { slot } });
  const name =
    slot === "unrankable" ? t("labeling.slotUnrankable") : t("labeling.slot", { rank: slot });
  return (
    <li ref={setNodeRef} className={classes.slot} data-over={isOver || undefined} aria-label={name}>
      <span className={classes.slotName} title={name} aria-hidden>
        {slot === "unrankable" ? "✕" : slot}
      </span>
      {children}
    </li>
  );
}

function Chip({ letter, index, onFocus }: { letter: string; index: number; onFocus: () => void }) {
  const { t } = useTranslation();
  const { setNodeRef, listeners, attributes, transform, isDragging } = useDraggable({
    id: `chip-${index}`,
  });
  return (
    <button
      type="button"
      ref={setNodeRef}
      className={classes.chip}
      data-dragging={isDragging || undefined}
      style={{ transform: CSS.Translate.toString(transform) }}
      {...attributes}
      {...listeners}
      aria-label={t("labeling.drag", { letter })}
      onClick={onFocus}
    >
      {letter}
    </button>
  );
}
