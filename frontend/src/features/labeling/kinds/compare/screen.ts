import { screenOf } from "../../task-screen";
import { compare } from "./compare";

export default screenOf(compare);
