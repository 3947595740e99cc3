import type en from "../en";
import account from "./account";
import common from "./common";
import dashboard from "./dashboard";

/** The same shape as English, with any text. */
type Translated<T> = { [Key in keyof T]: T[Key] extends string ? string : Translated<T[Key]> };

const zh: Translated<typeof en> = { ...common, account, dashboard };
export default zh;
