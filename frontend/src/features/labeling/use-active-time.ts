import { useEffect, useState } from "react";
import { ActiveTime } from "./active-time";

const SIGNS = ["keydown", "pointerdown", "pointermove", "wheel", "touchmove", "scroll"] as const;

/** The clock of one task; it lives as long as the component that shows the task. */
export function useActiveTime(startSeconds: number): ActiveTime {
  const [clock] = useState(
    () =>
      new ActiveTime(() => performance.now(), {
        seconds: startSeconds,
        visible: document.visibilityState === "visible",
      }),
  );
  useEffect(() => {
    const sign = () => clock.sign();
    const show = () => clock.show(document.visibilityState === "visible");
    for (const name of SIGNS) addEventListener(name, sign, { capture: true, passive: true });
    document.addEventListener("visibilitychange", show);
    return () => {
      for (const name of SIGNS) removeEventListener(name, sign, { capture: true });
      document.removeEventListener("visibilitychange", show);
    };
  }, [clock]);
  return clock;
}
