import {
  type Announcements,
  DndContext,
  type DragEndEvent,
  KeyboardCode,
  KeyboardSensor,
  MouseSensor,
  pointerWithin,
  rectIntersection,
  TouchSensor,
  useSensor,
  useSensors,
} from "@dnd-kit/core";
import { useTranslation } from "react-i18next";
import type { Assignment } from "~/api/types";
import type { Command } from "./keys";
import { RankBoard } from "./rank-board";
import { RankCard } from "./rank-card";
import classes from "./rank-panels.module.css";
import { slotByArrow } from "./slots";
import type { Rank } from "./state";

/** What a drop says: the number of a rank, or that the response cannot be ranked. */
export type Slot = number | "unrankable";

/** The board of ranks beside the full texts. Cards keep their places: only ranks move. */
export function RankPanels({
  assignment,
  ranks,
  focus,
  act,
  onDragging,
}: {
  assignment: Assignment;
  ranks: Rank[];
  focus: number;
  act: (command: Command) => void;
  onDragging: (dragging: boolean) => void;
}) {
  const { t } = useTranslation();
  const { responses, policy } = assignment;
  const sensors = useSensors(
    // A few pixels of travel or a short hold tell a drag from a click or a scroll.
    useSensor(MouseSensor, { activationConstraint: { distance: 6 } }),
    useSensor(TouchSensor, { activationConstraint: { delay: 180, tolerance: 8 } }),
    useSensor(KeyboardSensor, {
      keyboardCodes: {
        start: [KeyboardCode.Space],
        cancel: [KeyboardCode.Esc],
        end: [KeyboardCode.Space, KeyboardCode.Enter],
      },
      coordinateGetter: slotByArrow,
    }),
  );

  const letterOf = (id: unknown) => responses[Number(String(id).split("-")[1])]?.letter ?? "";
  const slotName = (slot: Slot) =>
    slot === "unrankable" ? t("labeling.slotUnrankable") : t("labeling.slot", { rank: slot });
  const announcements: Announcements = {
    onDragStart: ({ active }) => t("labeling.picked", { letter: letterOf(active.id) }),
    onDragOver: ({ active, over }) =>
      over
        ? t("labeling.over", {
            letter: letterOf(active.id),
            slot: slotName(over.data.current?.slot as Slot),
          })
        : undefined,
    onDragEnd: ({ active, over }) =>
      over
        ? t("labeling.dropped", {
            letter: letterOf(active.id),
            slot: slotName(over.data.current?.slot as Slot),
          })
        : t("labeling.dropCancelled", { letter: letterOf(active.id) }),
    onDragCancel: ({ active }) => t("labeling.dropCancelled", { letter: letterOf(active.id) }),
  };

  function drop({ active, over }: DragEndEvent) {
    onDragging(false);
    const slot = over?.data.current?.slot as Slot | undefined;
    const index = Number(String(active.id).split("-")[1]);
    if (slot === undefined) return;
    if (slot === "unrankable") {
      // Dropping twice on the same slot is not a change of mind.
      if (ranks[index] !== "unrankable") act({ type: "unrankable", index });
    } else act({ type: "rank", rank: slot, index });
  }

  return (
    <DndContext
      sensors={sensors}
      collisionDetection={(args) => {
        const under = pointerWithin(args);
        return under.length > 0 ? under : rectIntersection(args);
      }}
      accessibility={{
        announcements,
        screenReaderInstructions: { draggable: t("labeling.dragHelp") },
      }}
      onDragStart={() => onDragging(true)}
      onDragCancel={() => onDragging(false)}
      onDragEnd={drop}
    >
      <div className={classes.area}>
        <RankBoard
          letters={responses.map(({ letter }) => letter)}
          ranks={ranks}
          allowUnrankable={policy.allow_unrankable}
          onFocus={(index) => act({ type: "focus", index })}
        />
        <div className={classes.cards} data-count={responses.length}>
          {responses.map((response, index) => (
            <RankCard
              key={response.letter}
              index={index}
              response={response}
              language={assignment.prompt.language}
              rank={ranks[index] ?? null}
              count={responses.length}
              focused={focus === index}
              allowUnrankable={policy.allow_unrankable}
              act={act}
            />
          ))}
        </div>
      </div>
    </DndContext>
  );
}
