import type en from "../en";
import account from "./account";
import { curves, ladder, quantity, unit } from "./charts";
import common from "./common";
import dashboard from "./dashboard";
import happening from "./happening";
import labeling from "./labeling";
import projects, { labels } from "./projects";
import rounds, { choice, recipe } from "./rounds";
import teams from "./teams";
import training, { checkpointKind } from "./training";

/** The same shape as English, with any text. */
type Translated<T> = { [Key in keyof T]: T[Key] extends string ? string : Translated<T[Key]> };

const zh: Translated<typeof en> = {
  ...common,
  account,
  checkpointKind,
  choice,
  curves,
  dashboard,
  happening,
  labeling,
  labels,
  ladder,
  projects,
  quantity,
  recipe,
  rounds,
  teams,
  training,
  unit,
};

export default zh;
