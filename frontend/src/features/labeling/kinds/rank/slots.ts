import type { KeyboardCoordinateGetter } from "@dnd-kit/core";

/** What a drop says: the number of a rank, or that the response cannot be ranked. */
export type Slot = number | "unrankable";

/** The slot of a place to drop, from the data it was registered with. */
export function slotOf(place: { data: { current?: Record<string, unknown> } } | null): Slot | null {
  const slot = place?.data.current?.slot;
  return typeof slot === "number" || slot === "unrankable" ? slot : null;
}

const STEP: Record<string, number> = {
  ArrowUp: -1,
  ArrowLeft: -1,
  ArrowDown: 1,
  ArrowRight: 1,
};

/** While dragging by keyboard an arrow moves to the next slot of the board, not by pixels. */
export const slotByArrow: KeyboardCoordinateGetter = (event, { context }) => {
  const step = STEP[event.code];
  const { collisionRect, droppableContainers, droppableRects, over } = context;
  if (!step || !collisionRect) return undefined;
  event.preventDefault();
  const slots = droppableContainers.getEnabled();
  const now = slots.findIndex(({ id }) => id === over?.id);
  const next = slots[Math.min(slots.length - 1, Math.max(0, now + step))];
  const rect = next && droppableRects.get(next.id);
  if (!rect) return undefined;
  return {
    x: rect.left + rect.width / 2 - collisionRect.width / 2,
    y: rect.top + rect.height / 2 - collisionRect.height / 2,
  };
};
