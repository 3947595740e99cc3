import { screenOf } from "../../task-screen";
import { rank } from "./rank";

export default screenOf(rank);
