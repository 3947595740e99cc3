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
import type { PanelsProps } from "../kind";
import { RankBoard } from "./board";
import { RankCard } from "./card";
import classes from "./panels.module.css";
import { slotByArrow, slotOf } from "./slots";
import type { Action, Ranking } from "./state";

/** The board of ranks beside the full texts. Cards keep their places: only ranks move. */
export function RankPanels({ assignment, state, act, onDragging }: PanelsProps<Ranking, Action>) {
  const { t } = useTranslation();
  const { responses, policy } = assignment;
  const { ranks, focus } = state;
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
  const slotName = (place: Parameters<typeof slotOf>[0]) => {
    const slot = slotOf(place);
    return typeof slot === "number"
      ? t("labeling.slot", { rank: slot })
      : t("labeling.slotUnrankable");
  };
  const announcements: Announcements = {
    onDragStart: ({ active }) => t("labeling.picked", { letter: letterOf(active.id) }),
    onDragOver: ({ active, over }) =>
      over ? t("labeling.over", { letter: letterOf(active.id), slot: slotName(over) }) : undefined,
    onDragEnd: ({ active, over }) =>
      over
        ? t("labeling.dropped", { letter: letterOf(active.id), slot: slotName(over) })
        : t("labeling.dropCancelled", { letter: letterOf(active.id) }),
    onDragCancel: ({ active }) => t("labeling.dropCancelled", { letter: letterOf(active.id) }),
  };

  function drop({ active, over }: DragEndEvent) {
    onDragging(false);
    const slot = slotOf(over);
    const index = Number(String(active.id).split("-")[1]);
    if (slot === null) return;
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
