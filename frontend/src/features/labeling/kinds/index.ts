import type { ComponentType } from "react";
import type { TaskKind } from "~/api/types";
import { type ScreenProps, screenOf } from "../task-screen";
import { compare } from "./compare/compare";
import { rank } from "./rank/rank";

/** How a task of each kind is shown and answered. A new kind is a folder here, a row, and texts. */
export const SCREENS: Record<TaskKind, ComponentType<ScreenProps>> = {
  compare: screenOf(compare),
  rank: screenOf(rank),
};
