import type { TFunction } from "i18next";
import type { Binding, Kind } from "../kind";
import { ComparePanels } from "./panels";
import { CompareScale } from "./scale";
import {
  type Action,
  type Comparison,
  complaint,
  fromDraft,
  reduce,
  said,
  toDraft,
  untouched,
} from "./state";

const KEYS: readonly Binding<Action>[] = [
  {
    id: "prefer",
    keys: ["1", "2"],
    command: (key) => ({ type: "choose", side: key === "1" ? 0 : 1 }),
  },
  { id: "tie", keys: ["0"], command: () => ({ type: "say", choice: { kind: "tie" } }) },
  { id: "allBad", keys: ["x"], command: () => ({ type: "say", choice: { kind: "allBad" } }) },
  { id: "difference", keys: ["d"], command: () => ({ type: "difference" }) },
  { id: "linkScroll", keys: ["l"], command: () => ({ type: "linkScroll" }) },
  { id: "clear", keys: ["Backspace"], command: () => ({ type: "clear" }) },
];

function inWords({ choice }: Comparison, [a = "A", b = "B"]: string[], t: TFunction): string {
  switch (choice.kind) {
    case "none":
      return t("labeling.words.nothing");
    case "tie":
      return t("labeling.words.tie", { a, b });
    case "allBad":
      return t("labeling.words.allBad");
    case "better":
      return t(`labeling.words.better${choice.strength}`, {
        winner: choice.side === 0 ? a : b,
        loser: choice.side === 0 ? b : a,
      });
  }
}

/** Which of two responses is better, and by how much. */
export const compare: Kind<Comparison, Action> = {
  untouched,
  reduce,
  complaint,
  inWords,
  keys: () => KEYS,
  said,
  toDraft,
  fromDraft,
  Panels: ComparePanels,
  Scale: CompareScale,
};
