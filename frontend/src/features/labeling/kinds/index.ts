import type { ComponentType } from "react";
import type { ScreenProps } from "../task-screen";

const found = import.meta.glob<ComponentType<ScreenProps>>("./*/screen.ts", {
  eager: true,
  import: "default",
});

/** How a task of each kind is shown and answered: `screen.ts` in a folder of the kind's name. */
export const SCREENS = new Map(
  Object.entries(found).map(([path, screen]) => [path.split("/")[1], screen]),
);
